//! Types of PostgreSQL's own, as keys and as scopes.

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::data_types::PgNumeric;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::suite::compared::{BY_MANAGER, Bits, EXACT, WIDE, changed, compared, names, texts, trapped};
use crate::suite::said_exact::contradicted;

const CITEXT: &str = "CREATE EXTENSION IF NOT EXISTS citext;";
const DOMAIN: &str = "CREATE DOMAIN name_text AS TEXT;";

/// Types that are looked up by name.
mod sql {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;
}

/// A label of an enum.
#[derive(AsExpression, Clone, Copy, Debug, Deserialize, Eq, FromSqlRow, Hash, PartialEq, Serialize)]
#[diesel(sql_type = sql::Mood)]
enum Mood {
    Calm,
    Glad,
    Low,
}

const LABELS: [(Mood, &str); 3] = [(Mood::Calm, "calm"), (Mood::Glad, "glad"), (Mood::Low, "low")];

impl ToSql<sql::Mood, Pg> for Mood {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let label = LABELS.iter().find(|(mood, _)| mood == self).map(|(_, label)| *label).unwrap();
        std::io::Write::write_all(out, label.as_bytes())?;
        Ok(serialize::IsNull::No)
    }
}

impl FromSql<sql::Mood, Pg> for Mood {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let mood = LABELS.iter().find(|(_, label)| label.as_bytes() == value.as_bytes()).map(|(mood, _)| *mood);
        mood.ok_or_else(|| "no mood".into())
    }
}

/// One, with so many digits behind the point.
#[derive(AsExpression, Clone, Copy, Debug, Deserialize, Eq, FromSqlRow, Hash, PartialEq, Serialize)]
#[diesel(sql_type = diesel::sql_types::Numeric)]
struct One {
    scale: u16,
}

impl ToSql<diesel::sql_types::Numeric, Pg> for One {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let number = PgNumeric::Positive { weight: 0, scale: self.scale, digits: vec![1] };
        ToSql::<diesel::sql_types::Numeric, Pg>::to_sql(&number, &mut out.reborrow())
    }
}

impl FromSql<diesel::sql_types::Numeric, Pg> for One {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match PgNumeric::from_sql(value)? {
            PgNumeric::Positive { scale, .. } => Ok(Self { scale }),
            _ => Err("not one".into()),
        }
    }
}

fn uuids() -> [Uuid; 3] {
    [0, 1, u128::MAX].map(Uuid::from_u128)
}

fn moment(nanos: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000, nanos).unwrap()
}

fn moments() -> [DateTime<Utc>; 3] {
    [0, 1_000, 2_000].map(moment)
}

compared!(uuids_, of_uuids, OfUuids, Uuid, "UUID", Uuid, uuids(), EXACT);
compared!(short_texts, of_varchar, OfVarchar, Text, "VARCHAR(90)", String, texts(), EXACT);
compared!(texts_in_c, of_c, OfC, Text, "TEXT COLLATE \"C\"", String, texts(), EXACT);
compared!(texts_by_a_locale, of_locale, OfLocale, Text, "TEXT COLLATE \"und-x-icu\"", String, texts(), EXACT);
compared!(moments_with_zone, of_moments, OfMoments, Timestamptz, "TIMESTAMPTZ", DateTime<Utc>, moments(), WIDE);
compared!(
    labels,
    of_labels,
    OfLabels,
    Mood,
    "mood",
    Mood,
    [Mood::Calm, Mood::Glad, Mood::Low],
    BY_MANAGER,
    "CREATE TYPE mood AS ENUM ('low', 'calm', 'glad');"
);
compared!(letters_of_citext, of_citext, OfCitext, Citext, "CITEXT", String, names(), WIDE, CITEXT);
compared!(padded_texts, of_padded, OfPadded, Text, "CHAR(3)", String, names(), WIDE);
compared!(texts_of_a_domain, of_domain, OfDomain, Text, "name_text", String, texts(), EXACT, DOMAIN);

trapped!(
    citext,
    Collations,
    trapped_citext,
    TrappedCitext,
    Citext,
    "CITEXT",
    String,
    "'ann'",
    ["ann".into(), "ANN".into()],
    CITEXT
);
trapped!(
    padding,
    Collations,
    trapped_padding,
    TrappedPadding,
    Text,
    "CHAR(5)",
    String,
    "'ann'",
    ["ann  ".into(), "ann".into()]
);
trapped!(
    numbers_that_are_none,
    Types,
    trapped_nan,
    TrappedNan,
    Double,
    "DOUBLE PRECISION",
    Bits,
    "'NaN'",
    [Bits(f64::NAN), Bits(-f64::NAN)]
);
trapped!(
    letters_of_a_nondeterministic_collation,
    Collations,
    trapped_nondeterministic,
    TrappedNondeterministic,
    Text,
    "TEXT COLLATE trapped_letters",
    String,
    "'ann'",
    ["ann".into(), "ANN".into()],
    "CREATE COLLATION trapped_letters (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
);
trapped!(
    texts_of_a_domain_that_takes_letters_for_equal,
    Collations,
    trapped_domain,
    TrappedDomain,
    Text,
    "letters_text",
    String,
    "'ann'",
    ["ann".into(), "ANN".into()],
    "CREATE COLLATION domain_letters (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
     CREATE DOMAIN letters_text AS TEXT COLLATE domain_letters;"
);
compared!(times, of_times, OfTimes, Time, "TIME", NaiveTime, [0, 1_000, 2_000].map(|nanos| moment(nanos).time()), WIDE);
trapped!(
    times_between,
    Types,
    trapped_times,
    TrappedTimes,
    Time,
    "TIME",
    NaiveTime,
    "'12:26:40.000001'",
    [1_000, 1_500].map(|nanos| moment(nanos).time())
);
trapped!(ones, Types, trapped_ones, TrappedOnes, Numeric, "NUMERIC", One, "1.0", [One { scale: 1 }, One { scale: 2 }]);
trapped!(
    moments_between,
    Types,
    trapped_moments,
    TrappedMoments,
    Timestamp,
    "TIMESTAMP",
    NaiveDateTime,
    "'2020-09-13 12:26:40.000001'",
    [1_000, 1_500].map(|nanos| moment(nanos).naive_utc())
);
trapped!(
    moments_between_with_zone,
    Collations,
    trapped_zoned,
    TrappedZoned,
    Timestamptz,
    "TIMESTAMPTZ",
    DateTime<Utc>,
    "'2020-09-13 14:26:40.000001+02'",
    [1_000, 1_500].map(moment)
);

contradicted!(
    citext_that_is_said_to_be_exact,
    said_citext,
    SaidCitext,
    Citext,
    "CITEXT",
    String,
    "'ann'",
    ["ann".into(), "ANN".into()],
    "citext COLLATE \"default\"",
    CITEXT
);
contradicted!(
    padding_that_is_said_to_be_exact,
    said_padding,
    SaidPadding,
    Text,
    "CHAR(5)",
    String,
    "'ann'",
    ["ann  ".into(), "ann".into()],
    "character(5)"
);
contradicted!(
    a_number_that_is_said_to_be_exact,
    said_numbers,
    SaidNumbers,
    Numeric,
    "NUMERIC(9, 1)",
    One,
    "1.0",
    [One { scale: 1 }, One { scale: 2 }],
    "numeric(9,1)"
);
contradicted!(
    a_nondeterministic_collation_that_is_said_to_be_exact,
    said_nocase,
    SaidNocase,
    Text,
    "TEXT COLLATE said_nocase_letters",
    String,
    "'ann'",
    ["ann".into(), "ANN".into()],
    "text COLLATE \"said_nocase_letters\", nondeterministic",
    "CREATE COLLATION said_nocase_letters (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
);

changed!(a_collation_that_changes, changed_collation, ChangedCollation, "TEXT", |conn, table| {
    let change = "TYPE TEXT COLLATE nocase";
    conn.batch_execute(&format!("ALTER TABLE {table} ALTER key {change}, ALTER shelf {change}")).unwrap();
});
changed!(a_collation_that_changes_in_a_transaction, changed_within, ChangedWithin, "TEXT", |conn, table| {
    conn.transaction(|conn| {
        let change = "TYPE TEXT COLLATE nocase";
        conn.batch_execute(&format!("ALTER TABLE {table} ALTER key {change}, ALTER shelf {change}"))
    })
    .unwrap();
});
changed!(a_collation_that_changes_in_named_work, changed_named, ChangedNamed, "TEXT", |conn, table| {
    cache_diesel::writes(conn, [table], |conn| {
        let change = "TYPE TEXT COLLATE nocase";
        conn.batch_execute(&format!("ALTER TABLE {table} ALTER key {change}, ALTER shelf {change}"))
    })
    .unwrap();
});
