//! What is not stored for being too long, and lives that end before their timeout: `max_rows`, `jitter`, `expires_at`.

use std::time::{Duration, SystemTime};

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{Kind, Moment, Timestamp};

use crate::database::Conn;
use crate::harness::{Shop, list_cost};
use crate::kept::cache_at;
use crate::line::prelude::*;

diesel::table! {
    tickets (id) {
        id -> Integer,
        code -> Text,
        ends -> Nullable<BigInt>,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tickets)]
#[cached(key = "ticket", detail_timeout = "1 hour", unique(code), expires_at = ends)]
pub struct Ticket {
    pub id: i32,
    pub code: String,
    pub ends: Option<i64>,
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tickets)]
#[cached(key = "short", max_rows = 2)]
struct Short {
    id: i32,
    code: String,
    ends: Option<i64>,
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tickets)]
#[cached(key = "spread", detail_timeout = "100 seconds", list_timeout = "1000 seconds", negative_timeout = 10)]
#[cached(unique(code), jitter = "10%")]
struct Spread {
    id: i32,
    code: String,
    ends: Option<i64>,
}

/// When the clocks of tests begin, in seconds.
pub const BEGIN: i64 = 86_400;

pub fn office(clock: &ManualClock) -> Shop {
    // The thread that renews intents does not know the time of a test.
    let shop = Shop::with(cache_at(clock).intent_life(Duration::from_secs(3_600)));
    let schema = format!(
        "CREATE TABLE tickets (id INTEGER PRIMARY KEY, code VARCHAR(255) NOT NULL UNIQUE, ends BIGINT);
         INSERT INTO tickets VALUES (1, 'a', {}), (2, 'b', {}), (3, 'c', NULL), (4, 'd', {}), (5, 'e', -5);",
        BEGIN + 60,
        BEGIN + 600,
        BEGIN + 36_000,
    );
    diesel::connection::SimpleConnection::batch_execute(&mut shop.conn(), &schema).unwrap();
    shop
}

/// The statements of a read of a ticket, by its key and by its code.
fn costs(shop: &Shop, conn: &mut Conn, id: i32, code: &str) -> [usize; 2] {
    let tickets = Ticket::cached_in(&shop.name);
    let plain = |conn: &mut Conn| tickets::table.find(id).first::<Ticket>(conn);
    [
        shop.cost(conn, |conn| tickets.get(id).first(conn), plain),
        shop.cost(conn, |conn| tickets.get_by_code(code).first(conn), plain),
    ]
}

#[test]
fn a_row_ends_when_its_column_says() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let conn = &mut shop.conn();
    for (id, code) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
        assert_eq!(costs(&shop, conn, id, code), [1, 1]);
        assert_eq!(costs(&shop, conn, id, code), [0, 0], "{code}");
    }
    clock.advance(Duration::from_secs(60));
    assert_eq!(costs(&shop, conn, 1, "a")[0], 1, "it has ended");
    assert_eq!(costs(&shop, conn, 1, "a")[0], 1, "and what has ended is not stored");
    assert_eq!(costs(&shop, conn, 2, "b"), [0, 0]);
    clock.advance(Duration::from_secs(540));
    assert_eq!(costs(&shop, conn, 2, "b"), [1, 1]);
    assert_eq!(costs(&shop, conn, 3, "c"), [0, 0]);
    clock.advance(Duration::from_secs(3_000));
    // The timeout counts for those that end later, or never.
    assert_eq!((costs(&shop, conn, 3, "c"), costs(&shop, conn, 4, "d")), ([1, 1], [1, 1]));
}

#[test]
fn what_has_ended_before_it_was_read_is_given_and_not_stored() {
    let shop = office(&ManualClock::new());
    let conn = &mut shop.conn();
    assert_eq!([(); 2].map(|()| costs(&shop, conn, 5, "e")), [[1, 1], [1, 1]]);
    assert_eq!(shop.counts("ticket", Kind::Detail).store_count, 0);
    let tickets = Ticket::cached_in(&shop.name);
    assert_eq!([(); 2].map(|()| list_cost!(shop, conn, tickets.all((), tickets::id.gt(2)))), [1, 1]);
}

#[test]
fn lists_end_with_the_first_of_their_rows() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let conn = &mut shop.conn();
    let tickets = Ticket::cached_in(&shop.name);
    let mut cost = |ids: [i32; 2]| list_cost!(shop, conn, tickets.all((), tickets::id.eq_any(ids)));
    assert_eq!([[1, 2], [2, 3], [3, 3]].map(&mut cost), [1, 1, 1]);
    assert_eq!([[1, 2], [2, 3], [3, 3]].map(&mut cost), [0, 0, 0]);
    clock.advance(Duration::from_secs(60));
    assert_eq!([[1, 2], [2, 3], [3, 3]].map(&mut cost), [1, 0, 0]);
    clock.advance(Duration::from_secs(540));
    assert_eq!([[2, 3], [3, 3]].map(&mut cost), [1, 0]);
    let many = |conn: &mut Conn| shop.counted(|| tickets.get_many([3, 4]).load(conn).unwrap().len()).0;
    assert_eq!([(); 2].map(|()| many(conn)), [1, 0]);
    clock.advance(Duration::from_secs(35_400));
    assert_eq!(many(conn), 1);
}

#[test]
fn a_row_that_gets_another_end_has_that_one() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let conn = &mut shop.conn();
    costs(&shop, conn, 1, "a");
    diesel::update(tickets::table.find(1)).set(tickets::ends.eq(BEGIN + 120)).execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&shop, conn, 1, "a")[0], 1);
    clock.advance(Duration::from_secs(60));
    // What leads to the row ended with the former one.
    assert_eq!(costs(&shop, conn, 1, "a"), [0, 1]);
    clock.advance(Duration::from_secs(60));
    assert_eq!(costs(&shop, conn, 1, "a")[0], 1);
}

#[test]
fn l12_a_list_with_too_many_rows_is_given_whole_and_not_stored() {
    let shop = office(&ManualClock::new());
    let conn = &mut shop.conn();
    let rows = Short::cached_in(&shop.name);
    assert_eq!([(); 2].map(|()| list_cost!(shop, conn, rows.every())), [1, 1]);
    assert_eq!(rows.every().load(conn).unwrap().len(), 5);
    let counts = shop.counts("short", Kind::List);
    assert_eq!((counts.oversized_count, counts.store_count, counts.store_failure_count), (3, 0, 0));
    assert_eq!([(); 2].map(|()| list_cost!(shop, conn, rows.every().order_by(tickets::id).limit(2))), [1, 0]);
    assert_eq!([(); 2].map(|()| list_cost!(shop, conn, rows.all((), tickets::id.gt(9)))), [1, 0]);
    assert_eq!([(); 2].map(|()| shop.counted(|| rows.every().count(conn).unwrap())), [(1, 5), (0, 5)]);
    assert_eq!(rows.every().first(conn).unwrap().id, 1);
    diesel::delete(tickets::table.filter(tickets::id.gt(2))).execute(&mut shop.conn()).unwrap();
    assert_eq!([(); 2].map(|()| list_cost!(shop, conn, rows.every())), [1, 0]);
}

#[test]
fn c20_lives_that_begin_together_end_apart() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let conn = &mut shop.conn();
    let rows = Spread::cached_in(&shop.name);
    let mut lives: Vec<Duration> = Vec::new();
    for id in 1..=60 {
        let code = format!("{id}");
        diesel::insert_into(tickets::table)
            .values((tickets::id.eq(100 + id), tickets::code.eq(&code)))
            .execute(conn)
            .unwrap();
        let entry = rows.get_by_code(code).entry(conn).unwrap();
        lives.push(entry.hard_deadline().unwrap().duration_since(entry.created_at().unwrap()).unwrap());
    }
    let (shortest, longest) = (*lives.iter().min().unwrap(), *lives.iter().max().unwrap());
    assert!(shortest >= Duration::from_secs(90) && longest <= Duration::from_secs(100), "{shortest:?} {longest:?}");
    assert!(longest - shortest > Duration::from_secs(3), "sixty lives are within {:?}", longest - shortest);
    let entry = rows.every().timeout(Duration::from_secs(10)).entry(conn).unwrap();
    let life = entry.hard_deadline().unwrap().duration_since(entry.created_at().unwrap()).unwrap();
    assert!((Duration::from_secs(9)..=Duration::from_secs(10)).contains(&life), "{life:?}");
    // D8: the row is there for as long as what leads to it.
    rows.get_by_code("a").first(conn).unwrap();
    for _ in 0..10 {
        clock.advance(Duration::from_millis(1_000));
        let found = shop.counted(|| rows.get_by_code("a").entry(conn).unwrap());
        assert_eq!(found.0, 0);
    }
}

#[test]
fn moments_are_read_in_every_way_that_a_column_may_hold_them() {
    let expected = Some(Timestamp::from_nanos(1_600_000_000_000_000_000));
    let seconds = 1_600_000_000_i64;
    let of_chrono = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
    let of_time = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let moments: [&dyn Moment; 9] = [
        &seconds,
        &Some(seconds),
        &(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)),
        &of_chrono,
        &of_chrono.with_timezone(&chrono::FixedOffset::east_opt(7_200).unwrap()),
        &of_chrono.naive_utc(),
        &of_time,
        &of_time.to_offset(time::UtcOffset::from_hms(-3, 0, 0).unwrap()),
        &time::PrimitiveDateTime::new(of_time.date(), of_time.time()),
    ];
    for (place, moment) in moments.iter().enumerate() {
        assert_eq!(moment.timestamp(), expected, "{place}");
    }
    // 2020-09-13 ends with the next midnight.
    let midnight = Some(Timestamp::from_nanos(1_600_041_600_000_000_000));
    assert_eq!(([&of_chrono.date_naive() as &dyn Moment, &of_time.date()]).map(Moment::timestamp), [midnight; 2]);
    let past: [&dyn Moment; 4] = [
        &-1_i64,
        &(SystemTime::UNIX_EPOCH - Duration::from_secs(5)),
        &chrono::DateTime::<chrono::Utc>::MIN_UTC,
        &time::OffsetDateTime::from_unix_timestamp(-5).unwrap(),
    ];
    assert_eq!(past.map(Moment::timestamp), [Some(Timestamp::from_nanos(0)); 4]);
    let never: [&dyn Moment; 3] = [&None::<i64>, &i64::MAX, &chrono::DateTime::<chrono::Utc>::MAX_UTC];
    assert_eq!(never.map(Moment::timestamp), [None; 3]);
}

/// Settings of a program, which are there once it has started.
mod settings {
    use super::*;

    pub fn row() -> Duration {
        Duration::from_secs(5)
    }

    pub fn absent() -> Duration {
        Duration::from_secs(2)
    }

    pub fn nothing() -> Duration {
        Duration::ZERO
    }
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tickets)]
#[cached(key = "asked", detail_timeout = settings::row, list_timeout = self::settings::nothing)]
#[cached(negative_timeout = settings::absent, detail_relevance_timeout = settings::absent)]
struct AskedTicket {
    id: i32,
    code: String,
    ends: Option<i64>,
}

#[test]
fn lives_may_come_from_the_settings_of_the_program() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let conn = &mut shop.conn();
    let tickets = AskedTicket::cached_in(&shop.name);
    let entry = tickets.get(3).entry(conn).unwrap();
    let lives = [entry.soft_deadline(), entry.hard_deadline()]
        .map(|end| end.unwrap().duration_since(entry.created_at().unwrap()).unwrap());
    assert_eq!(lives, [settings::absent(), settings::row()]);
    let list = |conn: &mut Conn| list_cost!(shop, conn, tickets.every());
    assert_eq!([list(conn), list(conn)], [1, 1], "no life, no entry");
    let absent = |conn: &mut Conn| shop.counted(|| assert!(tickets.get(99).first(conn).is_err())).0;
    assert_eq!([absent(conn), absent(conn)], [1, 0]);
    clock.advance(settings::absent());
    assert_eq!(absent(conn), 1);
}
