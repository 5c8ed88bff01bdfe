//! What a base query binds is part of the name of every entry, wherever its values come from.

use std::cell::Cell;

use cache_diesel::prelude::*;
use diesel::dsl::auto_type;

use super::{authors, notes, selected_cost, with_notes};
use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

thread_local! {
    static AUTHOR: Cell<i32> = const { Cell::new(1) };
}

#[auto_type]
fn own() -> _ {
    let author: i32 = AUTHOR.get();
    notes::table.filter(notes::author_id.eq(author))
}

/// The notes of one author.
#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "own", base_query = own, negative_timeout = 30, unique(slug), scope(is_deleted))]
struct Own {
    id: i32,
    slug: String,
    is_deleted: bool,
}

#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Own::cached_in(&shop.name);
    let row = |conn: &mut Conn, id: i32| {
        let plain = |conn: &mut Conn| own().filter(notes::id.eq(id)).select(Own::as_select()).first(conn);
        shop.cost(conn, |conn| manager.get(id).first(conn), plain)
    };
    let slug = |conn: &mut Conn, slug: &str| {
        let plain = |conn: &mut Conn| own().filter(notes::slug.eq(slug)).select(Own::as_select()).first(conn);
        shop.cost(conn, |conn| manager.get_by_slug(slug).first(conn), plain)
    };
    let many = |conn: &mut Conn| {
        let all = manager.get_many([1, 2, 3, 4]);
        let plain = |conn: &mut Conn| {
            let find =
                |id: i32| own().filter(notes::id.eq(id)).select(Own::as_select()).first(conn).optional().unwrap();
            [1, 2, 3, 4].map(find).to_vec()
        };
        shop.cost(conn, |conn| all.load(conn).unwrap(), plain)
    };
    let rows: usize = [1, 2, 3, 4].map(|id| row(conn, id)).iter().sum();
    let slugs: usize = ["a", "b", "c", "d"].map(|name| slug(conn, name)).iter().sum();
    let lists = selected_cost!(shop, conn, Own, manager.every().order_by(notes::id))
        + selected_cost!(shop, conn, Own, manager.all_by_is_deleted(true).order_by(notes::id));
    rows + slugs + lists + many(conn)
}

#[test]
fn k2_other_values_have_other_entries() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    for expected in [true, false] {
        for author in [1, 2, 3] {
            AUTHOR.set(author);
            assert_eq!(cost(&shop, conn) > 0, expected, "author {author}");
            assert_eq!(cost(&shop, conn), 0, "author {author}");
        }
    }
    diesel::update(notes::table.find(1)).set(notes::author_id.eq(2)).execute(&mut shop.conn()).unwrap();
    for author in [1, 2, 3] {
        AUTHOR.set(author);
        assert!(cost(&shop, conn) > 0, "author {author}");
        assert_eq!(cost(&shop, conn), 0, "author {author}");
    }
}

thread_local! {
    static IS_DELETED: Cell<bool> = const { Cell::new(false) };
}

#[auto_type]
fn shown() -> _ {
    let is_deleted: bool = IS_DELETED.get();
    notes::table.filter(notes::is_deleted.eq(is_deleted))
}

#[derive(Associations, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes, belongs_to(Writer, foreign_key = author_id))]
#[cached(key = "shown", base_query = shown)]
struct Shown {
    id: i32,
    author_id: i32,
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = authors)]
#[cached(key = "writer", view(WriterPage, prefetch_related(notes: Shown order_by(notes::id))))]
struct Writer {
    id: i32,
}

/// The notes of the pages, read in every way.
fn pages(shop: &Shop, conn: &mut Conn, is_cached: bool) -> Vec<Vec<i32>> {
    let manager = WriterPage::cached_in(&shop.name);
    let ids = |page: &WriterPage| page.notes.iter().map(|note| note.id).collect::<Vec<_>>();
    let (one, filtered) = (manager.get(1), manager.get(2).filter(authors::id.gt(0)));
    let (list, many) = (manager.every().order_by(authors::id), manager.get_many([1, 2]));
    let (one, filtered, list, many) = if is_cached {
        (one, filtered, list, many)
    } else {
        (one.bypass(), filtered.bypass(), list.bypass(), many.bypass())
    };
    let mut found = vec![ids(&one.first(conn).unwrap()), ids(&filtered.first(conn).unwrap())];
    found.extend(list.load(conn).unwrap().iter().map(ids));
    found.extend(many.load(conn).unwrap().iter().flatten().map(|page| ids(page)));
    found
}

#[test]
fn k2_other_values_of_what_is_prefetched_have_other_pages() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let mut seen = Vec::new();
    for _ in 0..2 {
        for is_deleted in [false, true] {
            IS_DELETED.set(is_deleted);
            let expected = pages(&shop, conn, false);
            assert_eq!(pages(&shop, conn, true), expected, "deleted: {is_deleted}");
            assert_eq!(shop.counted(|| pages(&shop, conn, true)), (0, expected.clone()), "deleted: {is_deleted}");
            seen.push(expected);
        }
    }
    assert_ne!(seen[0], seen[1]);
}
