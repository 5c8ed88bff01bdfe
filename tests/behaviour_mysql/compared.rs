//! Types of MySQL's own, as keys and as scopes.

use chrono::{DateTime, NaiveDateTime};
use diesel::connection::SimpleConnection as _;

use crate::suite::compared::{BUT_SENT, EXACT, WIDE, changed, compared, names, texts, trapped};

mod sql {}

fn moment(nanos: u32) -> NaiveDateTime {
    DateTime::from_timestamp(1_600_000_000, nanos).unwrap().naive_utc()
}

compared!(tiny_numbers, of_tiny, OfTiny, TinyInt, "TINYINT", i8, [0, -1, i8::MAX], BUT_SENT);
compared!(
    natural_tiny_numbers,
    of_natural_tiny,
    OfNaturalTiny,
    Unsigned<TinyInt>,
    "TINYINT UNSIGNED",
    u8,
    [0, 1, u8::MAX],
    BUT_SENT
);
compared!(natural_numbers, of_natural, OfNatural, Unsigned<Integer>, "INT UNSIGNED", u32, [0, 1, 1 << 30], EXACT);
compared!(
    natural_big_numbers,
    of_natural_big,
    OfNaturalBig,
    Unsigned<BigInt>,
    "BIGINT UNSIGNED",
    u64,
    [0, 1, 1 << 62],
    EXACT
);
compared!(
    fixed_bytes,
    of_fixed,
    OfFixed,
    Binary,
    "BINARY(16)",
    Vec<u8>,
    [vec![0; 16], vec![1; 16], vec![255; 16]],
    EXACT
);
compared!(texts_as_bytes, of_varbinary, OfVarbinary, Text, "VARBINARY(90)", String, texts(), EXACT);
compared!(texts_that_are_padded, of_bin, OfBin, Text, "VARCHAR(90) COLLATE utf8mb4_bin", String, names(), WIDE);
compared!(
    texts_of_another_set,
    of_latin,
    OfLatin,
    Text,
    "VARCHAR(90) CHARACTER SET latin1 COLLATE latin1_nopad_bin",
    String,
    names(),
    WIDE
);
compared!(texts_of_one_length, of_char, OfChar, Text, "CHAR(9)", String, names(), WIDE);
compared!(
    days_and_times,
    of_datetime,
    OfDatetime,
    Datetime,
    "DATETIME(6)",
    NaiveDateTime,
    [0, 1_000, 2_000].map(moment),
    WIDE
);

trapped!(
    trailing_spaces,
    trapped_spaces,
    TrappedSpaces,
    Text,
    "VARCHAR(90) COLLATE utf8mb4_bin",
    String,
    "'ann '",
    ["ann ".into(), "ann".into()]
);
trapped!(
    moments_between,
    trapped_moments,
    TrappedMoments,
    Datetime,
    "DATETIME(6)",
    NaiveDateTime,
    "'2020-09-13 12:26:40.000001'",
    [1_000, 1_500].map(moment)
);

changed!(a_collation_that_changes, changed_collation, ChangedCollation, "VARCHAR(90)", |conn, table| {
    let column = "VARCHAR(90) COLLATE utf8mb4_general_ci NOT NULL";
    conn.batch_execute(&format!("ALTER TABLE {table} MODIFY `key` {column}, MODIFY shelf {column}")).unwrap();
});
changed!(a_collation_that_changes_in_named_work, changed_named, ChangedNamed, "VARCHAR(90)", |conn, table| {
    let column = "VARCHAR(90) COLLATE utf8mb4_general_ci NOT NULL";
    cache_diesel::writes(conn, [table], |conn| {
        conn.batch_execute(&format!("ALTER TABLE {table} MODIFY `key` {column}, MODIFY shelf {column}"))
    })
    .unwrap();
});
