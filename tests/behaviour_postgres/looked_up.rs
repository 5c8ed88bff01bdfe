//! Columns of types that Diesel looks up by their names: once for each connection, by a statement of its own that begins
//! and ends while the binds of another are gathered.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cache_diesel::prelude::*;
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Integer};
use diesel::{sql_query, upsert};

use crate::database::Conn;
use crate::harness::{Hook, Shop};
use crate::kept;

pub mod sql_types {
    use diesel::query_builder::QueryId;
    use diesel::sql_types::SqlType;

    #[derive(QueryId, SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;

    #[derive(QueryId, SqlType)]
    #[diesel(postgres_type(name = "cents", schema = "public"))]
    pub struct Cents;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::{Cents, Mood};

    pets (id) {
        id -> Integer,
        name -> Citext,
        mood -> Mood,
        cents -> Cents,
    }
}

#[derive(AsExpression, Clone, Copy, Debug, FromSqlRow, PartialEq, serde::Deserialize, serde::Serialize)]
#[diesel(sql_type = sql_types::Mood)]
enum Mood {
    Glad,
    Sad,
}

#[derive(AsExpression, Clone, Copy, Debug, FromSqlRow, PartialEq, serde::Deserialize, serde::Serialize)]
#[diesel(sql_type = sql_types::Cents)]
struct Cents(i32);

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = pets)]
#[cached(key = "pet")]
struct Pet {
    id: i32,
    name: String,
    mood: Mood,
    cents: Cents,
}

impl ToSql<sql_types::Mood, Pg> for Mood {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(if *self == Self::Glad { b"glad" } else { b"sad" })?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::Mood, Pg> for Mood {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(if value.as_bytes() == b"glad" { Self::Glad } else { Self::Sad })
    }
}

impl ToSql<sql_types::Cents, Pg> for Cents {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Integer, Pg>::to_sql(&self.0, &mut out.reborrow())
    }
}

impl FromSql<sql_types::Cents, Pg> for Cents {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Integer, Pg>::from_sql(value).map(Self)
    }
}

const SCHEMA: &str = "CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('glad', 'sad');
    CREATE DOMAIN cents AS INTEGER CHECK (VALUE >= 0);
    CREATE TABLE pets (id INTEGER PRIMARY KEY, name CITEXT NOT NULL, mood MOOD NOT NULL, cents CENTS NOT NULL);
    INSERT INTO pets VALUES (1, 'Rex', 'glad', 5), (2, 'Tom', 'glad', 6)";

const RESET: &str = "TRUNCATE pets; INSERT INTO pets VALUES (1, 'Rex', 'glad', 5), (2, 'Tom', 'glad', 6)";

fn pet(id: i32, name: &str) -> Pet {
    Pet { id, name: name.into(), mood: Mood::Sad, cents: Cents(7) }
}

type Write = fn(&mut Conn) -> QueryResult<usize>;

/// Each looks up at least one type on a connection that has not looked it up yet.
const WRITES: &[(&str, Write)] = &[
    ("an update of an enum", |conn| diesel::update(pets::table.find(1)).set(pets::mood.eq(Mood::Sad)).execute(conn)),
    ("an update of a citext", |conn| diesel::update(pets::table.find(1)).set(pets::name.eq("Rey")).execute(conn)),
    ("an update of a domain", |conn| diesel::update(pets::table.find(1)).set(pets::cents.eq(Cents(9))).execute(conn)),
    ("an update of everything", |conn| diesel::update(pets::table.find(1)).set(&pet(1, "Rey")).execute(conn)),
    ("an update by a citext", |conn| {
        diesel::update(pets::table.filter(pets::name.eq("REX"))).set(pets::id.eq(3)).execute(conn)
    }),
    ("a delete by an enum", |conn| diesel::delete(pets::table.filter(pets::mood.eq(Mood::Glad))).execute(conn)),
    ("an insert", |conn| diesel::insert_into(pets::table).values(&pet(3, "Kit")).execute(conn)),
    ("an upsert", |conn| {
        diesel::insert_into(pets::table)
            .values(&pet(1, "Kit"))
            .on_conflict(pets::id)
            .do_update()
            .set(pets::name.eq(upsert::excluded(pets::name)))
            .execute(conn)
    }),
    ("an insert that gives its row back", |conn| {
        let row: Pet = diesel::insert_into(pets::table).values(&pet(3, "Kit")).get_result(conn)?;
        Ok(usize::from(row.id == 3))
    }),
    ("an update that gives its rows back", |conn| {
        let rows: Vec<Pet> = diesel::update(pets::table).set(pets::mood.eq(Mood::Sad)).get_results(conn)?;
        Ok(rows.len())
    }),
    ("SQL with a bind", |conn| {
        sql_query("UPDATE pets SET mood = $1 WHERE id = 1").bind::<sql_types::Mood, _>(Mood::Sad).execute(conn)
    }),
    ("SQL with a bind of a domain", |conn| {
        let insert = sql_query("INSERT INTO pets VALUES (3, 'Kit', 'sad', $1)");
        insert.bind::<sql_types::Cents, _>(Cents(1)).execute(conn)
    }),
];

/// How many look-ups there were, and `work` is run at the end of each.
fn at_each_look_up(mut work: impl FnMut() + Send + 'static) -> (Arc<AtomicUsize>, Hook) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let hook = move |event: &InstrumentationEvent<'_>| {
        if let InstrumentationEvent::FinishQuery { query, .. } = event
            && query.to_string().contains("\"pg_type\"")
        {
            seen.fetch_add(1, Ordering::SeqCst);
            work();
        }
    };
    (count, Arc::new(std::sync::Mutex::new(hook)))
}

/// A shop with pets.
fn shop(builder: cache_diesel::CacheBuilder) -> Shop {
    let shop = Shop::with(builder);
    shop.conn().batch_execute(SCHEMA).unwrap();
    shop
}

/// Reads through the cache and past it.
#[track_caller]
fn assert_fresh(shop: &Shop, conn: &mut Conn, what: &str) {
    let plain: Vec<Pet> = pets::table.order(pets::id).load(conn).unwrap();
    let manager = Pet::cached_in(&shop.name);
    let mut every = manager.every().load(conn).unwrap().to_vec();
    every.sort_by_key(|pet| pet.id);
    assert_eq!(every, plain, "{what}: the list");
    for id in 1..4 {
        let row = manager.get(id).first(conn).optional().unwrap();
        assert_eq!(row.as_deref(), plain.iter().find(|pet| pet.id == id), "{what}: row {id}");
    }
}

/// Whoever reads between the look-up and the write finds what was there before, and must not keep it for longer.
fn check_first_writes(builder: fn() -> cache_diesel::CacheBuilder) {
    let shop = Arc::new(shop(builder()));
    let mut other = shop.conn();
    for (what, write) in WRITES {
        other.batch_execute(RESET).unwrap();
        assert_fresh(&shop, &mut other, what);
        let mut reader = shop.conn();
        let of_reader = Arc::clone(&shop);
        let (count, hook) = at_each_look_up(move || assert_fresh(&of_reader, &mut reader, "at a look-up"));
        let mut conn = shop.conn_with(hook);
        assert_ne!(write(&mut conn), Ok(0), "{what}");
        assert_ne!(count.load(Ordering::SeqCst), 0, "{what} looks up");
        assert_fresh(&shop, &mut other, what);
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn wait_until_locks_are_waited_for(conn: &mut Conn) {
    let waiting = "SELECT count(*) AS count FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..1000 {
        if sql_query(waiting).get_result::<Count>(conn).unwrap().count > 0 {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("nobody waits for a lock");
}

fn check_first_writes_that_wait(builder: fn() -> cache_diesel::CacheBuilder) {
    let shop = shop(builder());
    let (mut other, mut holder, mut reader) = (shop.conn(), shop.conn(), shop.conn());
    assert_fresh(&shop, &mut other, "before");
    for round in 0..3 {
        other.batch_execute(RESET).unwrap();
        holder.batch_execute("BEGIN; SELECT id FROM pets WHERE id = 1 FOR UPDATE").unwrap();
        thread::scope(|scope| {
            let mut conn = shop.conn();
            let write = scope.spawn(move || {
                diesel::update(pets::table.find(1)).set(pets::mood.eq(Mood::Sad)).execute(&mut conn).unwrap()
            });
            wait_until_locks_are_waited_for(&mut other);
            assert_fresh(&shop, &mut reader, "while it waits");
            holder.batch_execute("ROLLBACK").unwrap();
            assert_eq!(write.join().unwrap(), 1);
        });
        assert_eq!(Pet::cached_in(&shop.name).get(1).first(&mut reader).unwrap().mood, Mood::Sad, "round {round}");
        assert_fresh(&shop, &mut reader, "afterwards");
    }
}

#[test]
fn first_writes_of_connections_count_at_their_own_ends() {
    check_first_writes(kept::cache);
}

#[test]
fn first_writes_that_wait_for_a_lock_count_when_they_are_over() {
    check_first_writes_that_wait(kept::cache);
}

#[cfg(feature = "redis")]
mod on_redis {
    use cache_diesel::CacheBuilder;

    use crate::kept::Real;
    use crate::kept::real::{self, Open};

    fn cache() -> CacheBuilder {
        real::cache(Real::Redis)
    }

    #[test]
    fn first_writes_of_connections_count_at_their_own_ends() {
        super::check_first_writes(cache);
        drop(Open::newest());
    }

    #[test]
    fn first_writes_that_wait_for_a_lock_count_when_they_are_over() {
        super::check_first_writes_that_wait(cache);
        drop(Open::newest());
    }
}
