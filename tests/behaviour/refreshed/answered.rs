//! Answers that may not be stored: what was there before is not served after them.

use super::*;

diesel::table! {
    seats (id) {
        id -> Integer,
        code -> Text,
        block -> Integer,
        ends -> Nullable<BigInt>,
    }
}

diesel::table! {
    tickets (id) {
        id -> Integer,
        seat_id -> Nullable<Integer>,
    }
}

diesel::joinable!(tickets -> seats (seat_id));
diesel::allow_tables_to_appear_in_same_query!(seats, tickets);

/// Absent seats are not remembered, and lists of more than three not either.
#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = seats)]
#[cached(key = "seat", detail_timeout = "1 hour", list_timeout = "1 hour", max_rows = 3, expires_at = ends)]
#[cached(unique(code), scope(block), view(SeatPage, derive(Debug, PartialEq), prefetch_related(tickets: Ticket)))]
pub struct Seat {
    pub id: i32,
    pub code: String,
    pub block: i32,
    pub ends: Option<i64>,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tickets, belongs_to(Seat))]
pub struct Ticket {
    pub id: i32,
    pub seat_id: Option<i32>,
}

const SCHEMA: &str = "
    CREATE TABLE seats (id INTEGER PRIMARY KEY NOT NULL, code VARCHAR(255) NOT NULL UNIQUE, block INTEGER NOT NULL,
        ends BIGINT);
    CREATE TABLE tickets (id INTEGER PRIMARY KEY NOT NULL, seat_id INTEGER);
    INSERT INTO seats VALUES (1, 'a', 7, NULL), (2, 'b', 7, NULL), (3, 'c', 7, NULL);";

/// What no tracked statement tells.
const GONE_AND_TOO_MANY: &str = "DELETE FROM seats WHERE id = 1;
    INSERT INTO seats VALUES (4, 'd', 7, NULL), (5, 'e', 7, NULL);";
const RENAMED: &str = "UPDATE seats SET code = 'z' WHERE id = 1;";
const RENAMED_AND_OVER: &str = "UPDATE seats SET code = 'z', ends = 1 WHERE id = 1;";
const OVER: &str = "UPDATE seats SET block = 8, ends = 1 WHERE id = 1;";

/// How a read is made.
#[derive(Clone, Copy, Debug)]
enum How {
    AsAlways,
    Refreshed,
    RefreshedForNoTime,
}

/// The same read, made in any of these ways.
macro_rules! read {
    ($how:expr, $read:expr, |$ready:ident| $end:expr) => {{
        let $ready = match $how {
            How::AsAlways => $read,
            How::Refreshed => $read.refresh(),
            How::RefreshedForNoTime => $read.refresh().timeout(Duration::ZERO),
        };
        $end
    }};
}

type Seen = Vec<String>;
type Read = fn(&Shop, &mut Conn, How) -> Seen;

fn codes<'a>(seats: impl IntoIterator<Item = &'a Seat>) -> Seen {
    seats.into_iter().map(|seat| format!("{}{}", seat.code, seat.block)).collect()
}

fn page_codes<'a>(pages: impl IntoIterator<Item = &'a SeatPage>) -> Seen {
    codes(pages.into_iter().map(|page| &page.seat))
}

const ROWS: [Read; 7] = [
    |shop, conn, how| read!(how, seats_of(shop).get(1), |read| codes(read.first(conn).optional().unwrap().as_deref())),
    |shop, conn, how| {
        let filter = seats::block.lt(9);
        read!(how, seats_of(shop).get(1).filter(filter), |read| codes(read.first(conn).optional().unwrap().as_deref()))
    },
    |shop, conn, how| {
        read!(how, seats_of(shop).get_by_code("a"), |read| codes(read.first(conn).optional().unwrap().as_deref()))
    },
    |shop, conn, how| {
        read!(how, seats_of(shop).get_many([2, 1]), |read| codes(
            read.load(conn).unwrap().iter().flatten().map(|row| &**row)
        ))
    },
    |shop, conn, how| {
        let pages = SeatPage::cached_in(&shop.name);
        read!(how, pages.get(1), |read| page_codes(read.first(conn).optional().unwrap().as_deref()))
    },
    |shop, conn, how| {
        let pages = SeatPage::cached_in(&shop.name);
        let filter = seats::block.lt(9);
        read!(how, pages.get(1).filter(filter), |read| page_codes(read.first(conn).optional().unwrap().as_deref()))
    },
    |shop, conn, how| {
        let pages = SeatPage::cached_in(&shop.name);
        read!(how, pages.get_many([2, 1]), |read| page_codes(
            read.load(conn).unwrap().iter().flatten().map(|row| &**row)
        ))
    },
];

const LISTS: [Read; 5] = [
    |shop, conn, how| {
        read!(how, seats_of(shop).every().order_by(seats::id), |read| codes(read.load(conn).unwrap().iter()))
    },
    |shop, conn, how| {
        let some = seats_of(shop).all("some", seats::code.ne("x")).order_by(seats::id);
        read!(how, some, |read| codes(read.load(conn).unwrap().iter()))
    },
    |shop, conn, how| {
        let block = seats_of(shop).all_by_block(7).order_by(seats::id);
        read!(how, block, |read| codes(read.load(conn).unwrap().iter()))
    },
    |shop, conn, how| {
        let pages = SeatPage::cached_in(&shop.name).every().order_by(seats::id);
        read!(how, pages, |read| page_codes(read.load(conn).unwrap().iter()))
    },
    |shop, conn, how| {
        let pages = SeatPage::cached_in(&shop.name).all_by_block(7).order_by(seats::id);
        read!(how, pages, |read| page_codes(read.load(conn).unwrap().iter()))
    },
];

const OTHERS: [Read; 4] = [
    |shop, conn, how| {
        let first = seats_of(shop).every().order_by(seats::id);
        read!(how, first, |read| codes(Some(&*read.first(conn).unwrap())))
    },
    |shop, conn, how| {
        let first = SeatPage::cached_in(&shop.name).every().order_by(seats::id);
        read!(how, first, |read| page_codes(Some(&*read.first(conn).unwrap())))
    },
    |shop, conn, how| {
        read!(how, seats_of(shop).all((), seats::code.eq("a")), |read| vec![read.count(conn).unwrap().to_string()])
    },
    |shop, conn, how| {
        read!(how, seats_of(shop).all((), seats::code.eq("a")), |read| vec![read.exists(conn).unwrap().to_string()])
    },
];

fn seats_of(shop: &Shop) -> SeatManager {
    Seat::cached_in(&shop.name)
}

fn hall(clock: &ManualClock) -> Shop {
    let shop = ageing(clock);
    shop.conn().batch_execute(SCHEMA).unwrap();
    shop
}

/// What the read gives past the cache.
fn plain(shop: &Shop, conn: &mut Conn, read: Read) -> Seen {
    shop.cache.set_mode(Mode::Off);
    let plain = read(shop, conn, How::AsAlways);
    shop.cache.set_mode(Mode::Normal);
    plain
}

/// Reads, has something happen unseen, reads in another way, and then as always: both see it.
#[track_caller]
fn assert_seen_from_then_on(reads: &[Read], unseen: &str, how: How) {
    for (at, read) in reads.iter().enumerate() {
        let clock = ManualClock::new();
        let shop = hall(&clock);
        let conn = &mut shop.conn();
        let before = read(&shop, conn, How::AsAlways);
        assert_eq!(shop.counted(|| read(&shop, conn, How::AsAlways)).1, before);
        shop.untracked().batch_execute(unseen).unwrap();
        let now = plain(&shop, conn, *read);
        assert_ne!(before, now, "read {at}");
        assert_eq!(read(&shop, conn, How::AsAlways), before, "nobody was told, read {at}");
        assert_eq!(read(&shop, conn, how), now, "read {at}");
        for _ in 0..2 {
            assert_eq!(read(&shop, conn, How::AsAlways), now, "after that, read {at}");
        }
    }
}

#[test]
fn a_refresh_that_finds_no_row_ends_the_entry() {
    assert_seen_from_then_on(&ROWS, GONE_AND_TOO_MANY, How::Refreshed);
}

#[test]
fn a_refresh_that_finds_too_many_rows_ends_the_list() {
    assert_seen_from_then_on(&LISTS, GONE_AND_TOO_MANY, How::Refreshed);
}

#[test]
fn a_refresh_for_no_time_ends_the_entry() {
    for reads in [&ROWS[..], &LISTS, &OTHERS] {
        assert_seen_from_then_on(reads, RENAMED, How::RefreshedForNoTime);
    }
}

#[test]
fn a_refresh_that_finds_a_row_that_is_over_ends_the_entry() {
    assert_seen_from_then_on(&ROWS, OVER, How::Refreshed);
    assert_seen_from_then_on(&LISTS, RENAMED_AND_OVER, How::Refreshed);
    assert_seen_from_then_on(&OTHERS[..2], OVER, How::Refreshed);
}

#[test]
fn a_refresh_in_read_only_mode_ends_the_entry() {
    for reads in [&ROWS[..], &LISTS, &OTHERS] {
        for (at, read) in reads.iter().enumerate() {
            let clock = ManualClock::new();
            let shop = hall(&clock);
            let conn = &mut shop.conn();
            read(&shop, conn, How::AsAlways);
            shop.untracked().batch_execute(RENAMED).unwrap();
            let now = plain(&shop, conn, *read);
            shop.cache.set_mode(Mode::ReadOnly);
            assert_eq!([How::Refreshed, How::AsAlways].map(|how| read(&shop, conn, how)), [now.clone(), now], "{at}");
        }
    }
}

#[test]
fn what_the_reader_refreshes_and_may_not_store_is_not_served_again() {
    for (at, read) in ROWS.iter().chain(&LISTS).enumerate() {
        let clock = ManualClock::new();
        let shop = hall(&clock);
        let conn = &mut shop.conn();
        read(&shop, conn, How::AsAlways);
        shop.untracked().batch_execute(GONE_AND_TOO_MANY).unwrap();
        clock.advance(SOFT);
        let now = plain(&shop, conn, *read);
        assert_eq!([(); 3].map(|()| read(&shop, conn, How::AsAlways)), [(); 3].map(|()| now.clone()), "read {at}");
    }
}

#[test]
fn what_is_refreshed_in_the_background_and_may_not_be_stored_is_not_served_again() {
    for (at, read) in ROWS.iter().chain(&LISTS).enumerate() {
        let clock = ManualClock::new();
        let shop = hall(&clock);
        let _pool = Pool::of(&shop, None);
        let conn = &mut shop.conn();
        let before = read(&shop, conn, How::AsAlways);
        shop.untracked().batch_execute(GONE_AND_TOO_MANY).unwrap();
        clock.advance(SOFT);
        let now = plain(&shop, conn, *read);
        assert_eq!(read(&shop, conn, How::AsAlways), before, "it is served at once, read {at}");
        wait_for("it is what the database says", || read(&shop, conn, How::AsAlways) == now);
        assert_eq!([(); 3].map(|()| read(&shop, conn, How::AsAlways)), [(); 3].map(|()| now.clone()), "read {at}");
    }
}

#[test]
fn a_refresh_that_fails_leaves_the_entry() {
    for (at, read) in ROWS.iter().chain(&LISTS).chain(&OTHERS[..2]).enumerate() {
        let clock = ManualClock::new();
        let shop = hall(&clock);
        let conn = &mut shop.conn();
        let before = read(&shop, conn, How::AsAlways);
        shop.untracked().batch_execute("ALTER TABLE seats RENAME TO gone").unwrap();
        let refresh = std::panic::AssertUnwindSafe(|| read(&shop, &mut shop.conn(), How::Refreshed));
        assert!(std::panic::catch_unwind(refresh).is_err(), "read {at}");
        assert_eq!(read(&shop, conn, How::AsAlways), before, "read {at}");
    }
}

#[test]
fn reads_that_are_no_authority_end_nothing() {
    let clock = ManualClock::new();
    let shop = hall(&clock);
    let conn = &mut shop.conn();
    seats_of(&shop).get(1).first(conn).unwrap();
    shop.untracked().batch_execute(GONE_AND_TOO_MANY).unwrap();
    let refresh = |conn: &mut Conn| seats_of(&shop).get(1).refresh().first(conn).optional().unwrap();
    assert!(refresh(&mut shop.untracked()).is_none());
    assert!(seats_of(&shop).get(1).bypass().first(conn).optional().unwrap().is_none());
    conn.transaction(|conn| {
        assert!(refresh(conn).is_none());
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(seats_of(&shop).get(1).first(conn).unwrap().code, "a");
}
