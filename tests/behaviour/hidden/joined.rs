//! Base queries with joins, from Diesel's `HasQuery`; views of models with base queries.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use super::{AuthorPage, Note, NotePage, TaggedNote, authors, kept, notes, selected_cost, tags, with_notes};
use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

/// Notes of authors who are not banned, with the author's name.
#[derive(Cached, Clone, Debug, HasQuery, PartialEq)]
#[diesel(table_name = notes)]
#[diesel(base_query = notes::table.inner_join(authors::table).filter(authors::is_banned.eq(false)))]
#[cached(key = "signed", negative_timeout = 30, unique(slug), scope(author_id))]
struct Signed {
    id: i32,
    author_id: i32,
    slug: String,
    #[diesel(select_expression = authors::name)]
    author: String,
}

/// Notes with or without an author.
#[derive(Cached, Clone, Debug, HasQuery, PartialEq)]
#[diesel(table_name = notes, base_query = notes::table.left_join(authors::table))]
#[cached(key = "perhaps", negative_timeout = 30)]
struct Perhaps {
    id: i32,
    #[diesel(select_expression = authors::name.nullable())]
    author: Option<String>,
}

#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn) -> usize {
    let (signed, perhaps) = (Signed::cached_in(&shop.name), Perhaps::cached_in(&shop.name));
    let query = || <Signed as HasQuery<<Conn as Connection>::Backend>>::query();
    let mut count = selected_cost!(shop, conn, Signed, signed.every().order_by(notes::id))
        + selected_cost!(shop, conn, Signed, signed.all((), authors::name.ne("Bob")).order_by(notes::id))
        + selected_cost!(shop, conn, Perhaps, perhaps.every().order_by(notes::id))
        + shop.cost(
            conn,
            |conn| signed.every().count(conn).unwrap(),
            |conn| i64::try_from(query().load(conn).unwrap().len()).unwrap(),
        );
    for id in 1..6 {
        let plain = |conn: &mut Conn| query().filter(notes::id.eq(id)).first(conn);
        count += shop.cost(conn, |conn| signed.get(id).first(conn), plain);
        let plain = |conn: &mut Conn| {
            <Perhaps as HasQuery<<Conn as Connection>::Backend>>::query().filter(notes::id.eq(id)).first(conn)
        };
        count += shop.cost(conn, |conn| perhaps.get(id).first(conn), plain);
        count += selected_cost!(shop, conn, Signed, signed.all_by_author_id(id).order_by(notes::id));
    }
    for slug in ["a", "b", "c", "e"] {
        let plain = |conn: &mut Conn| query().filter(notes::slug.eq(slug)).first(conn);
        count += shop.cost(conn, |conn| signed.get_by_slug(slug).first(conn), plain);
    }
    count + pages_cost(shop, conn)
}

#[track_caller]
fn pages_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let (pages, authors) = (NotePage::cached_in(&shop.name), AuthorPage::cached_in(&shop.name));
    let plain = |conn: &mut Conn| {
        let rows = kept().inner_join(authors::table).order(notes::id);
        let rows = rows.select((Note::as_select(), super::Author::as_select())).load(conn).unwrap();
        rows.into_iter().map(|(note, author)| NotePage { note, author }).collect::<Vec<_>>()
    };
    let mut count = shop.cost(conn, |conn| pages.every().order_by(notes::id).load(conn).unwrap(), plain);
    for id in 1..6 {
        let plain = |conn: &mut Conn| {
            let row = kept().inner_join(authors::table).filter(notes::id.eq(id));
            let (note, author) = row.select((Note::as_select(), super::Author::as_select())).first(conn)?;
            Ok::<_, diesel::result::Error>(NotePage { note, author })
        };
        count += shop.cost(conn, |conn| pages.get(id).first(conn), plain);
    }
    for id in 1..3 {
        let plain = |conn: &mut Conn| {
            let author = authors::table.find(id).select(super::Author::as_select()).first(conn)?;
            let notes = kept().filter(notes::author_id.eq(id)).order(notes::id).load::<Note>(conn)?;
            Ok::<_, diesel::result::Error>(AuthorPage { author, notes })
        };
        count += shop.cost(conn, |conn| authors.get(id).first(conn), plain);
    }
    count
}

#[test]
fn a_join_hides_and_shows_rows() {
    let statements = [
        "UPDATE authors SET is_banned = TRUE WHERE id = 1",
        "UPDATE authors SET is_banned = FALSE WHERE id = 2",
        "UPDATE authors SET name = 'New'",
        "DELETE FROM authors WHERE id = 1",
        "INSERT INTO authors VALUES (3, 'Cid', FALSE)",
        "INSERT INTO notes VALUES (5, 1, 'e', 'E', FALSE)",
        "UPDATE notes SET author_id = 3 - author_id",
        "UPDATE notes SET slug = 'e' WHERE id = 1",
        "UPDATE notes SET is_deleted = NOT is_deleted",
        "DELETE FROM notes WHERE id = 1",
    ];
    for statement in statements {
        let shop = with_notes();
        let conn = &mut shop.conn();
        shop.conn().batch_execute("UPDATE notes SET author_id = 3 WHERE id = 4").unwrap();
        cost(&shop, conn);
        assert_eq!(cost(&shop, conn), 0);
        shop.conn().batch_execute(statement).unwrap();
        cost(&shop, conn);
        assert_eq!(cost(&shop, conn), 0, "{statement}");
    }
}

#[test]
fn a_row_that_a_join_hides_is_remembered_and_found_once_it_is_not() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let signed = Signed::cached_in(&shop.name);
    let read = |conn: &mut Conn| (signed.get(3).first(conn).ok(), signed.get_by_slug("c").first(conn).ok());
    assert_eq!([(); 2].map(|()| shop.counted(|| read(conn))), [(2, (None, None)), (0, (None, None))]);
    diesel::update(authors::table.find(2)).set(authors::is_banned.eq(false)).execute(&mut shop.conn()).unwrap();
    let (count, (by_key, by_slug)) = shop.counted(|| read(conn));
    assert_eq!((count, by_key.clone()), (2, by_slug));
    assert_eq!(by_key.unwrap().author, "Bob");
}

#[test]
fn pages_go_by_the_base_query_of_their_row() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let pages = NotePage::cached_in(&shop.name);
    let ids = |rows: &[NotePage]| rows.iter().map(|page| page.note.id).collect::<Vec<i32>>();
    assert_eq!(ids(&pages.every().order_by(notes::id).load(conn).unwrap()), [1, 3]);
    assert_eq!(ids(&pages.all((), authors::name.eq("Bob")).load(conn).unwrap()), [3]);
    assert_eq!(ids(&pages.all_by_author_id(1).load(conn).unwrap()), [1]);
    assert_eq!(pages.every().count(conn).unwrap(), 2);
    assert!(pages.get(2).first(conn).is_err());
    let found = |conn: &mut Conn| pages.get_many([3, 2, 1]).load(conn).unwrap().iter().map(Option::is_some).collect();
    assert_eq!(
        [(); 2].map(|()| shop.counted(|| found(conn))),
        [(1, vec![true, false, true]), (0, vec![true, false, true])]
    );
    diesel::update(notes::table.find(2)).set(notes::is_deleted.eq(false)).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.counted(|| found(conn)), (1, vec![true; 3]));
    assert_eq!(pages.get(2).first(conn).unwrap().author.name, "Ann");
}

#[test]
fn rows_behind_a_link_go_by_the_base_query_of_their_model() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let read = |conn: &mut Conn| {
        let pages = TaggedNote::cached_in(&shop.name).every().order_by(notes::id).load(conn).unwrap();
        let names = |page: &TaggedNote| page.tags.iter().map(|tag| tag.name.clone()).collect::<Vec<_>>();
        pages.iter().map(names).collect::<Vec<_>>()
    };
    assert_eq!(read(conn), [vec!["red"], vec![]]);
    diesel::update(tags::table.find(2)).set(tags::is_hidden.eq(false)).execute(&mut shop.conn()).unwrap();
    assert_eq!(read(conn), [vec!["red", "blue"], vec!["blue"]]);
}

#[test]
fn prefetched_rows_go_by_the_base_query_of_their_model() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let slugs = |conn: &mut Conn| {
        let page = AuthorPage::cached_in(&shop.name).get(1).first(conn).unwrap();
        page.notes.iter().map(|note| note.slug.clone()).collect::<Vec<_>>()
    };
    assert_eq!(slugs(conn), ["a"]);
    diesel::update(notes::table.find(2)).set(notes::is_deleted.eq(false)).execute(&mut shop.conn()).unwrap();
    assert_eq!(slugs(conn), ["a", "b"]);
}
