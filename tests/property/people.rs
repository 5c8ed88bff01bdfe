//! Rows whose keys, unique values and scopes are UUIDs and texts that are compared byte by byte.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::database::{self, DatabaseConn, IdSql, IdTaken};
use crate::line::prelude::*;
use crate::models::{Person, Place, Seat, people, places, seats};
use crate::same::{At, Compared, count, list, many, row};
use crate::world::cache_name;
use crate::writes::Way;

/// A UUID in a type of the program's own.
#[derive(AsExpression, Clone, Copy, Debug, Deserialize, FromSqlRow, PartialEq, Eq, Hash, Serialize)]
#[diesel(sql_type = IdSql)]
pub struct Id(Uuid);

impl Id {
    pub fn of(number: i32) -> Self {
        Self(Uuid::from_u128(u128::from(number.unsigned_abs()) << 64))
    }

    /// As SQL.
    pub fn text(self) -> String {
        database::id_text(&self.0)
    }
}

impl<DB: Backend> FromSql<IdSql, DB> for Id
where
    IdTaken: FromSql<IdSql, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let taken = IdTaken::from_sql(bytes)?;
        Ok(Self(Uuid::from_slice(taken.as_ref())?))
    }
}

impl<DB: Backend> ToSql<IdSql, DB> for Id
where
    database::IdGiven: ToSql<IdSql, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        database::id_given(&self.0).to_sql(out)
    }
}

/// What tables of them have when a program begins.
pub fn rows() -> String {
    let [one, two, three] = [1, 2, 3].map(|number| Id::of(number).text());
    format!(
        "INSERT INTO people VALUES ({one}, 'a', 'x', {one}, 1), ({two}, 'A', 'X', {one}, 2), ({three}, 'b', 'x', {two}, 3);
         INSERT INTO places VALUES ('a', 1), ('A', 2), ('b', 3);
         INSERT INTO seats VALUES ({one}, 'a', 1), ({one}, 'A', 2), ({two}, 'a', 3);"
    )
}

#[derive(Clone, Debug, PartialEq)]
pub enum PersonRead {
    Count(&'static str),
    Every,
    IfOld(i32),
    InCity(&'static str),
    OfHandle(&'static str),
    OfTeam(i32),
    Person(i32),
    Place(&'static str),
    Places(Vec<&'static str>),
    Seat(i32, &'static str),
    SeatsOf(i32),
    Some(Vec<i32>),
}

impl PersonRead {
    pub fn run(&self, at: &mut At<'_>) -> Compared {
        let (person, place) = (Person::cached_in(cache_name()), Place::cached_in(cache_name()));
        let seat = Seat::cached_in(cache_name());
        match self {
            Self::Count(city) => {
                count!(at, person.all_by_city(*city), people::table.filter(people::city.eq(city)))
            }
            Self::Every => list!(at, Person, person.every()),
            Self::IfOld(id) => {
                let plain = || people::table.find(Id::of(*id)).filter(people::age.gt(2));
                row!(at, Person, person.get(Id::of(*id)).filter(people::age.gt(2)), plain())
            }
            Self::InCity(city) => list!(at, Person, person.all_by_city(*city)),
            Self::OfHandle(handle) => {
                row!(at, Person, person.get_by_handle(*handle), people::table.filter(people::handle.eq(handle)))
            }
            Self::OfTeam(team) => list!(at, Person, person.all_by_team(Id::of(*team))),
            Self::Person(id) => row!(at, Person, person.get(Id::of(*id)), people::table.find(Id::of(*id))),
            Self::Place(name) => row!(at, Place, place.get(*name), places::table.find(name)),
            Self::Places(names) => many!(at, Place, places, names),
            Self::Seat(person, name) => {
                let key = || (Id::of(*person), (*name).to_owned());
                row!(at, Seat, seat.get(key()), seats::table.find(key()))
            }
            Self::SeatsOf(person) => list!(at, Seat, seat.all_by_person(Id::of(*person))),
            Self::Some(ids) => {
                let ids: Vec<Id> = ids.iter().map(|id| Id::of(*id)).collect();
                many!(at, Person, people, ids)
            }
        }
    }
}

/// What is done to them by Diesel's builder, by key, besides what is done to rows of every table.
#[derive(Clone, Debug)]
pub enum PersonChange {
    Age(Way, i32, i32),
    Leave(Way, i32),
    Move(Way, i32, &'static str),
    Name(Way, i32, &'static str),
    Resize(Way, &'static str, i32),
    Rise(Way, i32, &'static str),
    Sit(Way, i32, &'static str, i32),
    Tear(Way, &'static str),
}

/// Runs a statement, by Diesel or the manager.
macro_rules! run {
    ($Model:ident, $way:expr, $conn:expr, $statement:expr) => {
        match $way {
            Way::Diesel => $statement.execute($conn),
            Way::Manager | Way::Returning => $Model::cached_in(cache_name()).write($statement).execute($conn),
        }
    };
}

impl PersonChange {
    pub fn way(&self) -> Way {
        match self {
            Self::Age(way, ..) | Self::Leave(way, _) | Self::Move(way, ..) | Self::Name(way, ..) => *way,
            Self::Resize(way, ..) | Self::Rise(way, ..) | Self::Sit(way, ..) | Self::Tear(way, _) => *way,
        }
    }

    pub fn run(&self, conn: &mut DatabaseConn) -> QueryResult<usize> {
        let person = |id: &i32| people::table.find(Id::of(*id));
        match self {
            Self::Age(way, id, age) => run!(Person, way, conn, diesel::update(person(id)).set(people::age.eq(age))),
            Self::Leave(way, id) => run!(Person, way, conn, diesel::delete(person(id))),
            Self::Move(way, id, city) => {
                run!(Person, way, conn, diesel::update(person(id)).set(people::city.eq(*city)))
            }
            Self::Name(way, id, handle) => {
                run!(Person, way, conn, diesel::update(person(id)).set(people::handle.eq(*handle)))
            }
            Self::Resize(way, name, size) => {
                run!(Place, way, conn, diesel::update(places::table.find(*name)).set(places::size.eq(size)))
            }
            Self::Rise(way, id, name) => {
                let seat = seats::table.filter(seats::name.eq(*name)).filter(seats::person.eq(Id::of(*id)));
                run!(Seat, way, conn, diesel::delete(seat))
            }
            Self::Sit(way, id, name, row) => {
                let seat = seats::table.find((Id::of(*id), *name));
                run!(Seat, way, conn, diesel::update(seat).set(seats::row_.eq(row)))
            }
            Self::Tear(way, name) => run!(Place, way, conn, diesel::delete(places::table.find(*name))),
        }
    }
}
