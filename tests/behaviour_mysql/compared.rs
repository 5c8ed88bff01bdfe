//! Types of MySQL's own, as keys and as scopes.

use cache_diesel::prelude::*;
use chrono::{DateTime, NaiveDateTime, NaiveTime};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::database::Conn;
use crate::harness::Shop;
use crate::suite::compared::{EXACT, Mistake, WIDE, changed, compared, is_found, names, texts, trapped};
use crate::suite::said_exact::contradicted;

mod sql {}

fn moment(nanos: u32) -> NaiveDateTime {
    DateTime::from_timestamp(1_600_000_000, nanos).unwrap().naive_utc()
}

compared!(tiny_numbers, of_tiny, OfTiny, TinyInt, "TINYINT", i8, [0, -1, i8::MAX], EXACT);
compared!(
    natural_tiny_numbers,
    of_natural_tiny,
    OfNaturalTiny,
    Unsigned<TinyInt>,
    "TINYINT UNSIGNED",
    u8,
    [0, 1, u8::MAX],
    EXACT
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
    Collations,
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
    Collations,
    trapped_moments,
    TrappedMoments,
    Datetime,
    "DATETIME(6)",
    NaiveDateTime,
    "'2020-09-13 12:26:40.000001'",
    [1_000, 1_500].map(moment)
);

compared!(
    times,
    of_times,
    OfTimes,
    Time,
    "TIME(6)",
    NaiveTime,
    [0, 1_000, 2_000].map(|nanos| moment(nanos).time()),
    WIDE
);
trapped!(
    times_between,
    Types,
    trapped_times,
    TrappedTimes,
    Time,
    "TIME(6)",
    NaiveTime,
    "'12:26:40.000001'",
    [1_000, 1_500].map(|nanos| moment(nanos).time())
);
trapped!(
    letters_of_a_collation_without_case,
    Collations,
    trapped_general,
    TrappedGeneral,
    Text,
    "VARCHAR(90) COLLATE utf8mb4_general_ci",
    String,
    "'ann'",
    ["ann".into(), "ANN".into()]
);
trapped!(
    padded_texts,
    Collations,
    trapped_char,
    TrappedChar,
    Text,
    "CHAR(9) COLLATE utf8mb4_bin",
    String,
    "'ann'",
    ["ann".into(), "ann ".into()]
);

contradicted!(
    texts_that_are_said_to_mind_spaces,
    said_spaces,
    SaidSpaces,
    Text,
    "VARCHAR(90) COLLATE utf8mb4_bin",
    String,
    "'ann '",
    ["ann ".into(), "ann".into()],
    "varchar(90) COLLATE utf8mb4_bin"
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

diesel::table! {
    zoned (at) { at -> Timestamp, note -> Text, }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = zoned, primary_key(at))]
struct Zoned {
    at: NaiveDateTime,
    note: String,
}

fn read_across_zones() {
    let shop = Shop::with_tables(
        "CREATE TABLE zoned (at TIMESTAMP(6) PRIMARY KEY NOT NULL, note TEXT NOT NULL);
         INSERT INTO zoned VALUES (FROM_UNIXTIME(1600000000), 'old');",
    );
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let at: NaiveDateTime = zoned::table.select(zoned::at).first(&mut writer).unwrap();
    let manager = Zoned::cached_in(&shop.name);
    let read = |conn: &mut Conn| {
        let plain = |conn: &mut Conn| zoned::table.find(at).first::<Zoned>(conn);
        shop.cost(conn, |conn| manager.get(at).first(conn), plain);
    };
    (0..3).for_each(|_| read(&mut conn));
    writer.batch_execute("SET time_zone = '+11:00'").unwrap();
    let elsewhere: NaiveDateTime = zoned::table.select(zoned::at).first(&mut writer).unwrap();
    assert_ne!(at, elsewhere);
    let update = diesel::update(zoned::table.find(elsewhere)).set(zoned::note.eq("new"));
    assert_eq!(update.execute(&mut writer), Ok(1));
    read(&mut conn);
    assert_eq!(manager.delete(elsewhere).execute(&mut writer), Ok(1));
    read(&mut conn);
}

#[test]
fn a_moment_that_another_time_zone_moves_ends_the_row() {
    read_across_zones();
}

#[test]
fn a_moment_that_another_time_zone_moves_is_found_where_it_is_planted() {
    is_found(Mistake::Types, read_across_zones);
}
