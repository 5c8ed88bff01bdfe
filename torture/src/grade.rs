//! Says how worn an item is. PostgreSQL numbers this type by itself: each connection has to ask for its number.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SqlType;
use serde::{Deserialize, Serialize};

/// The type in the database.
#[derive(QueryId, SqlType)]
#[diesel(postgres_type(name = "grade"))]
pub struct GradeType;

/// How worn an item is.
#[derive(AsExpression, Clone, Copy, Debug, Deserialize, Eq, FromSqlRow, PartialEq, Serialize)]
#[diesel(sql_type = GradeType)]
pub(crate) enum Grade {
    New,
    Used,
    Worn,
}

impl Grade {
    /// The grade of a version: each changes it.
    pub(crate) const fn of(version: u64) -> Self {
        match version % 3 {
            0 => Self::New,
            1 => Self::Used,
            _ => Self::Worn,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Used => "used",
            Self::Worn => "worn",
        }
    }
}

impl ToSql<GradeType, Pg> for Grade {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.name().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<GradeType, Pg> for Grade {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let grades = [Self::New, Self::Used, Self::Worn];
        let found = grades.into_iter().find(|grade| grade.name().as_bytes() == value.as_bytes());
        found.ok_or_else(|| "no grade".into())
    }
}
