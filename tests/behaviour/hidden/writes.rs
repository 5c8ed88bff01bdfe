//! A write that hides a row, or shows one, ends whatever knew of it.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::dsl::auto_type;

use super::{Author, Note, cost, note, notes, row_cost, slug_cost, with_notes};
use crate::database::{Conn, HAS_ON_CONFLICT, HAS_ON_DUPLICATE_KEY, HAS_REPLACE, insert_back};
use crate::harness::Shop;
use crate::line::prelude::*;

/// Fills everything, writes, and reads all again: it has to be what plain Diesel reads. Gives the statements.
#[track_caller]
fn after(write: impl FnOnce(&Shop, &mut Conn)) -> usize {
    let shop = with_notes();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    cost(&shop, &mut conn);
    assert_eq!(cost(&shop, &mut conn), 0);
    write(&shop, &mut writer);
    let count = cost(&shop, &mut conn);
    assert_eq!(cost(&shop, &mut conn), 0);
    count
}

/// Whether the database knows that kind of upsert.
fn is_spoken(sql: &str) -> bool {
    (HAS_REPLACE || !sql.starts_with("REPLACE"))
        && (HAS_ON_CONFLICT || !sql.contains("ON CONFLICT"))
        && (HAS_ON_DUPLICATE_KEY || !sql.contains("ON DUPLICATE KEY"))
}

#[test]
fn statements() {
    let statements = [
        "UPDATE notes SET is_deleted = FALSE WHERE id = 2",
        "UPDATE notes SET is_deleted = TRUE WHERE id = 1",
        "UPDATE notes SET is_deleted = NOT is_deleted",
        "UPDATE notes SET id = 6 WHERE id = 2",
        "UPDATE notes SET slug = 'b', is_deleted = FALSE WHERE slug = 'd'",
        "INSERT INTO notes VALUES (5, 1, 'e', 'E', FALSE)",
        "INSERT INTO notes VALUES (5, 1, 'e', 'E', TRUE)",
        "REPLACE INTO notes VALUES (2, 1, 'b', 'B', FALSE)",
        "REPLACE INTO notes VALUES (1, 1, 'a', 'A', TRUE)",
        "INSERT INTO notes VALUES (2, 3, 'f', 'F', FALSE)
         ON CONFLICT (id) DO UPDATE SET author_id = 3, is_deleted = FALSE",
        "INSERT INTO notes VALUES (2, 3, 'f', 'F', FALSE) ON DUPLICATE KEY UPDATE author_id = 3, is_deleted = FALSE",
        "DELETE FROM notes WHERE is_deleted",
        "DELETE FROM notes",
    ];
    for statement in statements.into_iter().filter(|sql| is_spoken(sql)) {
        assert!(after(|_, conn| conn.batch_execute(statement).unwrap()) > 0, "{statement}");
    }
}

#[test]
fn d5_an_absent_row_is_found_once_an_update_by_key_shows_it() {
    let show = |id: i32| diesel::update(notes::table.find(id)).set(notes::is_deleted.eq(false));
    assert!(after(|_, conn| assert_eq!(show(2).execute(conn).unwrap(), 1)) > 0);
    assert!(after(|shop, conn| assert_eq!(Note::cached_in(&shop.name).write(show(4)).execute(conn).unwrap(), 1)) > 0);
}

#[test]
fn an_update_by_key_leaves_the_other_rows() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    cost(&shop, conn);
    diesel::update(notes::table.find(2)).set(notes::is_deleted.eq(false)).execute(&mut shop.conn()).unwrap();
    assert_eq!([1, 2, 3, 4].map(|id| row_cost(&shop, conn, id)), [0, 1, 0, 0]);
    assert_eq!(["a", "b", "c"].map(|slug| slug_cost(&shop, conn, slug)), [0, 1, 0]);
    assert_eq!(slug_cost(&shop, conn, "d"), 1, "nobody knows which row has it");
}

#[test]
fn writes_through_the_manager() {
    for (id, author_id, slug) in [(1, 1, "a"), (2, 1, "b"), (3, 1, "f"), (4, 3, "d")] {
        for is_deleted in [true, false] {
            let row = || note(id, author_id, slug, is_deleted);
            after(|shop, conn| assert_eq!(Note::cached_in(&shop.name).save(&row()).execute(conn).unwrap(), 1));
            after(|shop, conn| assert_eq!(Note::cached_in(&shop.name).save(&row()).get_result(conn).unwrap(), row()));
        }
        after(|shop, conn| assert_eq!(Note::cached_in(&shop.name).delete(id).execute(conn).unwrap(), 1));
    }
    for is_deleted in [true, false] {
        let row = || note(5, 1, "e", is_deleted);
        after(|shop, conn| insert_back!(Note::cached_in(&shop.name), row(), conn).unwrap());
        after(|shop, conn| assert_eq!(Note::cached_in(&shop.name).insert(row()).execute(conn).unwrap(), 1));
    }
}

#[test]
fn a_save_gives_back_what_it_hid() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let saved = Note::cached_in(&shop.name).save(&note(1, 1, "a", true)).get_result(conn).unwrap();
    assert!(saved.is_deleted);
    assert_eq!(row_cost(&shop, conn, 1), 1);
}

#[test]
fn writes_in_a_transaction_count_at_its_end() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    cost(&shop, conn);
    let show = |writer: &mut Conn| {
        diesel::update(notes::table.find(2)).set(notes::is_deleted.eq(false)).execute(writer)?;
        assert_eq!(cost(&shop, conn), 0);
        Note::cached_in(&shop.name).get(2).first(writer).map(drop)
    };
    shop.conn().transaction(show).unwrap();
    assert!(cost(&shop, conn) > 0);
    let rolled_back = shop.conn().transaction(|writer| {
        diesel::update(notes::table).set(notes::is_deleted.eq(true)).execute(writer)?;
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    assert!(rolled_back.is_err());
    assert_eq!(cost(&shop, conn), 0);
}

diesel::table! {
    pins (id) {
        id -> Integer,
        bin -> Integer,
        slug -> Text,
        is_deleted -> Bool,
    }
}

#[auto_type]
fn pinned() -> _ {
    pins::table.filter(pins::is_deleted.eq(false))
}

/// A save leaves the scopes that the row is not in, and what is known to be absent; but not what the row was hidden from.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = pins)]
#[cached(key = "pin", base_query = pinned, negative_timeout = 30, unique(slug), scope(bin), fixed(bin, slug))]
struct Pin {
    id: i32,
    bin: i32,
    slug: String,
    is_deleted: bool,
}

#[test]
fn a_save_of_a_row_whose_columns_are_fixed_hides_and_shows_it() {
    let shop = Shop::with_tables(
        "CREATE TABLE pins (id INTEGER PRIMARY KEY, bin INTEGER NOT NULL, slug VARCHAR(255) NOT NULL UNIQUE,
                            is_deleted BOOLEAN NOT NULL);
         INSERT INTO pins VALUES (1, 7, 'a', FALSE), (2, 8, 'b', FALSE)",
    );
    let conn = &mut shop.conn();
    let manager = Pin::cached_in(&shop.name);
    let read = |conn: &mut Conn| {
        let plain = |conn: &mut Conn| pinned().filter(pins::id.eq(1)).first::<Pin>(conn);
        let by_key = shop.cost(conn, |conn| manager.get(1).first(conn), plain);
        let by_slug = shop.cost(conn, |conn| manager.get_by_slug("a").first(conn), plain);
        let of = |bin: i32| pinned().filter(pins::bin.eq(bin)).order(pins::id);
        let in_bin = |conn: &mut Conn, bin: i32| {
            let all = manager.all_by_bin(bin).order_by(pins::id);
            shop.cost(conn, |conn| all.load(conn).unwrap(), |conn| of(bin).load(conn).unwrap())
        };
        [by_key, by_slug, in_bin(conn, 7), in_bin(conn, 8)]
    };
    for is_deleted in [false, true, false, true] {
        let pin = Pin { id: 1, bin: 7, slug: "a".into(), is_deleted };
        assert_eq!(manager.save(&pin).get_result(&mut shop.conn()).unwrap(), pin);
        let [_, _, own, other] = read(conn);
        assert_eq!(own, 1);
        assert!(other <= 1);
        assert_eq!(read(conn), [0; 4], "{is_deleted}");
    }
    let pin = Pin { id: 1, bin: 7, slug: "a".into(), is_deleted: false };
    manager.save(&pin).get_result(&mut shop.conn()).unwrap();
    assert_eq!(read(conn)[3], 0, "the list of another bin is left");
}

#[test]
fn a_write_to_another_table_leaves_everything() {
    let ban = |_: &Shop, conn: &mut Conn| {
        let author = Author { id: 3, name: "Cid".into(), is_banned: true };
        diesel::insert_into(super::authors::table).values(author).execute(conn).map(drop).unwrap();
    };
    assert_eq!(after(ban), 0);
}
