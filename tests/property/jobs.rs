//! Rows with types that PostgreSQL looks up by their names: an enumeration, and texts without regard to case.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{SqlType, Text};
use serde::{Deserialize, Serialize};

use crate::database::DatabaseConn;
use crate::line::prelude::*;
use crate::models::{Job, jobs};
use crate::same::{At, Compared, count, list, many, row};
use crate::world::cache_name;

/// An `ENUM` where there are such types, else a text.
#[derive(QueryId, SqlType)]
#[diesel(mysql_type(name = "Enum"), postgres_type(name = "job_state"), sqlite_type(name = "Text"))]
pub struct JobState;

/// `citext`, or a text whose column is compared without regard to case.
#[derive(QueryId, SqlType)]
#[diesel(mysql_type(name = "String"), postgres_type(name = "citext"), sqlite_type(name = "Text"))]
pub struct Alike;

#[derive(AsExpression, Clone, Copy, Debug, Deserialize, FromSqlRow, PartialEq, Eq, Hash, Serialize)]
#[diesel(sql_type = JobState)]
pub enum State {
    Done,
    Open,
    Paused,
}

#[derive(AsExpression, Clone, Debug, Deserialize, FromSqlRow, PartialEq, Eq, Hash, Serialize)]
#[diesel(sql_type = Alike)]
pub struct Owner(pub String);

impl State {
    pub const ALL: &[Self] = &[Self::Done, Self::Open, Self::Paused];

    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::Paused => "paused",
        }
    }
}

impl<DB: Backend> FromSql<JobState, DB> for State
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let name = String::from_sql(bytes)?;
        Self::ALL.iter().copied().find(|state| state.name() == name).ok_or_else(|| name.into())
    }
}

impl<DB: Backend> ToSql<JobState, DB> for State
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.name().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Alike, DB> for Owner
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}

impl<DB: Backend> ToSql<Alike, DB> for Owner
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum JobRead {
    Count(State),
    Every,
    IfState(i32, State),
    InState(State),
    Job(i32),
    OfOwner(&'static str),
    Some(Vec<i32>),
}

impl JobRead {
    pub fn run(&self, at: &mut At<'_>) -> Compared {
        let manager = Job::cached_in(cache_name());
        match self {
            Self::Count(state) => {
                count!(at, manager.all((), jobs::state.eq(*state)), jobs::table.filter(jobs::state.eq(*state)))
            }
            Self::Every => list!(at, Job, manager.every()),
            Self::IfState(id, state) => {
                let plain = || jobs::table.find(id).filter(jobs::state.eq(*state));
                row!(at, Job, manager.get(id).filter(jobs::state.eq(*state)), plain())
            }
            Self::InState(state) => list!(at, Job, manager.all_by_state(state)),
            Self::Job(id) => row!(at, Job, manager.get(id), jobs::table.find(id)),
            Self::OfOwner(name) => {
                let owner = || Owner((*name).to_owned());
                row!(at, Job, manager.get_by_owner(owner()), jobs::table.filter(jobs::owner.eq(owner())))
            }
            Self::Some(ids) => many!(at, Job, jobs, ids),
        }
    }
}

/// What is done to jobs by Diesel's builder, besides what is done to rows of every table.
#[derive(Clone, Debug)]
pub enum JobChange {
    Delete(State),
    Give(i32, &'static str),
    Move(State, State),
    Set(i32, State),
}

impl JobChange {
    pub fn run(&self, conn: &mut DatabaseConn) -> QueryResult<usize> {
        let owner = |name: &str| jobs::owner.eq(Owner(name.to_owned()));
        match self {
            Self::Delete(state) => diesel::delete(jobs::table.filter(jobs::state.eq(state))).execute(conn),
            Self::Give(id, name) => diesel::update(jobs::table.find(id)).set(owner(name)).execute(conn),
            Self::Move(old, new) => {
                diesel::update(jobs::table.filter(jobs::state.eq(old))).set(jobs::state.eq(new)).execute(conn)
            }
            Self::Set(id, state) => diesel::update(jobs::table.find(id)).set(jobs::state.eq(state)).execute(conn),
        }
    }
}
