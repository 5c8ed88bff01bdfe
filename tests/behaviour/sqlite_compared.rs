//! Columns of SQLite's own kinds, as keys and as scopes.

use diesel::connection::SimpleConnection as _;

use crate::suite::compared::{EXACT, WIDE, changed, compared, names, texts, trapped};

mod sql {}

compared!(short_texts, of_varchar, OfVarchar, Text, "VARCHAR(90)", String, texts(), EXACT);
compared!(texts_of_no_kind, of_nothing, OfNothing, Text, "", String, names(), WIDE);
compared!(texts_with_a_collation, of_binary, OfBinary, Text, "TEXT COLLATE BINARY", String, names(), WIDE);

trapped!(
    trailing_spaces,
    trapped_spaces,
    TrappedSpaces,
    Text,
    "TEXT COLLATE RTRIM",
    String,
    "'ann '",
    ["ann ".into(), "ann".into()]
);
trapped!(numbers_as_texts, trapped_numbers, TrappedNumbers, Text, "NUMERIC", String, "'1'", ["1".into(), "01".into()]);

changed!(a_table_that_is_made_anew, changed_table, ChangedTable, "TEXT", |conn, table| {
    let column = "TEXT COLLATE NOCASE NOT NULL";
    conn.batch_execute(&format!(
        "ALTER TABLE {table} RENAME TO former;
         CREATE TABLE {table} (`key` {column} PRIMARY KEY, shelf {column}, note TEXT NOT NULL);
         INSERT INTO {table} SELECT * FROM former;"
    ))
    .unwrap();
});
