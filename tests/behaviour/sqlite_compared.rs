//! Columns of SQLite's own kinds, as keys and as scopes.

use chrono::{DateTime, NaiveDateTime, NaiveTime};
use diesel::connection::SimpleConnection as _;

use crate::suite::compared::{EXACT, WIDE, changed, compared, names, texts, trapped};
use crate::suite::said_exact::contradicted;

mod sql {}

fn moments() -> [NaiveDateTime; 3] {
    [0, 1_000, 2_000].map(|nanos| DateTime::from_timestamp(1_600_000_000, nanos).unwrap().naive_utc())
}

compared!(short_texts, of_varchar, OfVarchar, Text, "VARCHAR(90)", String, texts(), EXACT);
compared!(texts_of_no_kind, of_nothing, OfNothing, Text, "", String, names(), WIDE);
compared!(texts_with_a_collation, of_binary, OfBinary, Text, "TEXT COLLATE BINARY", String, texts(), EXACT);

trapped!(
    trailing_spaces,
    Collations,
    trapped_spaces,
    TrappedSpaces,
    Text,
    "TEXT COLLATE RTRIM",
    String,
    "'ann '",
    ["ann ".into(), "ann".into()]
);
trapped!(
    numbers_as_texts,
    Collations,
    trapped_numbers,
    TrappedNumbers,
    Text,
    "NUMERIC",
    String,
    "'1'",
    ["1".into(), "01".into()]
);

compared!(moments_as_texts, of_moments, OfMoments, Timestamp, "TIMESTAMP", NaiveDateTime, moments(), WIDE);
compared!(times_as_texts, of_times, OfTimes, Time, "TIME", NaiveTime, moments().map(|moment| moment.time()), WIDE);

contradicted!(
    texts_that_are_said_to_mind_spaces,
    said_spaces,
    SaidSpaces,
    Text,
    "TEXT COLLATE RTRIM",
    String,
    "'ann '",
    ["ann ".into(), "ann".into()],
    "TEXT, and the definition of the table says COLLATE"
);

changed!(a_table_that_is_made_anew, changed_table, ChangedTable, "TEXT", |conn, table| {
    let column = "TEXT COLLATE NOCASE NOT NULL";
    conn.batch_execute(&format!(
        "ALTER TABLE {table} RENAME TO former;
         CREATE TABLE {table} (`key` {column} PRIMARY KEY, shelf {column}, note TEXT NOT NULL);
         INSERT INTO {table} SELECT * FROM former;"
    ))
    .unwrap();
});
