//! Base queries of every form: boxed ones, such with a type of their own, with the table twice, in an order, cut.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::dsl::{Filter, Limit, Order, auto_type, sql};
use diesel::expression::SqlLiteral;
use diesel::result::Error;
use diesel::sql_types::Bool;

use super::{notes, selected_cost, with_notes};
use crate::database::{Conn, NOCASE, TEXT_KEY};
use crate::harness::Shop;
use crate::line::prelude::*;

type Boxed = notes::BoxedQuery<'static, <Conn as Connection>::Backend>;

fn boxed() -> Boxed {
    notes::table.filter(notes::is_deleted.eq(false)).into_boxed()
}

/// Of one backend.
#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "boxed", base_query = boxed: Boxed, negative_timeout = 30, unique(slug), scope(author_id))]
struct InABox {
    id: i32,
    slug: String,
    author_id: i32,
}

#[test]
fn a_boxed_query() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let manager = InABox::cached_in(&shop.name);
    let ids = |conn: &mut Conn| {
        let rows = manager.all("low", notes::id.lt(4)).order_by(notes::id).load(conn).unwrap();
        let scope = manager.all_by_author_id(1).load(conn).unwrap();
        let one = [manager.get(1).first(conn).is_ok(), manager.get_by_slug("b").first(conn).is_ok()];
        (rows.iter().map(|row| row.id).collect::<Vec<_>>(), scope.len(), one, manager.every().count(conn).unwrap())
    };
    let before = (vec![1, 3], 1, [true, false], 2);
    assert_eq!([(); 2].map(|()| shop.counted(|| ids(conn))), [(5, before.clone()), (0, before)]);
    shop.conn().batch_execute("UPDATE notes SET is_deleted = FALSE WHERE id = 2").unwrap();
    assert_eq!(ids(conn), (vec![1, 2, 3], 2, [true, true], 3));
}

type Latest = Filter<notes::table, SqlLiteral<Bool>>;

fn latest() -> Latest {
    notes::table.filter(sql(
        "NOT EXISTS (SELECT 1 FROM notes other WHERE other.author_id = notes.author_id AND other.id > notes.id)",
    ))
}

/// The last note of each author: which one it is depends on the others.
#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "latest", base_query = latest: Latest, negative_timeout = 30, unique(slug), scope(author_id))]
struct Last {
    id: i32,
    author_id: i32,
    slug: String,
}

#[track_caller]
fn latest_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Last::cached_in(&shop.name);
    let mut count = selected_cost!(shop, conn, Last, manager.every().order_by(notes::id));
    for id in 1..6 {
        let plain = |conn: &mut Conn| latest().filter(notes::id.eq(id)).select(Last::as_select()).first(conn);
        count += shop.cost(conn, |conn| manager.get(id).first(conn), plain);
        count += selected_cost!(shop, conn, Last, manager.all_by_author_id(id));
    }
    for slug in ["a", "b", "c", "d", "e"] {
        let plain = |conn: &mut Conn| latest().filter(notes::slug.eq(slug)).select(Last::as_select()).first(conn);
        count += shop.cost(conn, |conn| manager.get_by_slug(slug).first(conn), plain);
    }
    count
}

#[test]
fn a_query_that_names_its_table_twice_is_ended_by_every_write() {
    let statements = [
        "DELETE FROM notes WHERE id = 2",
        "INSERT INTO notes VALUES (5, 1, 'e', 'E', FALSE)",
        "UPDATE notes SET author_id = 3 WHERE id = 4",
        "UPDATE notes SET author_id = 1 WHERE id = 3",
    ];
    for statement in statements {
        let shop = with_notes();
        let conn = &mut shop.conn();
        latest_cost(&shop, conn);
        assert_eq!(latest_cost(&shop, conn), 0);
        shop.conn().batch_execute(statement).unwrap();
        assert!(latest_cost(&shop, conn) > 0, "{statement}");
        assert_eq!(latest_cost(&shop, conn), 0, "{statement}");
    }
    let shop = with_notes();
    let conn = &mut shop.conn();
    latest_cost(&shop, conn);
    diesel::delete(notes::table.find(2)).execute(&mut shop.conn()).unwrap();
    assert!(latest_cost(&shop, conn) > 0);
}

mod cut {
    use super::*;

    #[auto_type]
    fn distinct() -> _ {
        notes::table.distinct()
    }

    #[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = notes)]
    #[cached(key = "distinct", base_query = distinct)]
    pub(super) struct Distinct {
        id: i32,
    }

    type Grouped = diesel::dsl::GroupBy<notes::table, notes::id>;

    fn grouped() -> Grouped {
        notes::table.group_by(notes::id)
    }

    #[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = notes)]
    #[cached(key = "grouped", base_query = grouped: Grouped)]
    pub(super) struct OfGroup {
        id: i32,
    }

    type Three = Limit<Order<notes::table, diesel::dsl::Desc<notes::id>>>;

    fn three() -> Three {
        notes::table.order(notes::id.desc()).limit(3)
    }

    #[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = notes)]
    #[cached(key = "three", base_query = three: Three)]
    pub(super) struct OfThree {
        pub(super) id: i32,
    }

    type Few = Limit<notes::table>;

    fn few() -> Few {
        notes::table.limit(3)
    }

    #[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = notes)]
    #[cached(key = "few", base_query = few: Few)]
    pub(super) struct OfFew {
        pub(super) id: i32,
    }
}

use cut::{Distinct, OfFew, OfGroup, OfThree};

#[test]
fn l8_what_is_no_number_of_rows_is_not_counted() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let name = shop.name.as_str();
    let counts = [
        Distinct::cached_in(name).every().count(conn),
        OfGroup::cached_in(name).every().count(conn),
        OfFew::cached_in(name).every().count(conn),
    ];
    for count in counts {
        let Err(Error::QueryBuilderError(message)) = count else { panic!("counted") };
        assert!(message.to_string().contains("would not be the number of its rows"), "{message}");
    }
    let lengths = [
        Distinct::cached_in(name).every().load(conn).unwrap().len(),
        OfGroup::cached_in(name).every().load(conn).unwrap().len(),
        OfFew::cached_in(name).every().load(conn).unwrap().len(),
    ];
    assert_eq!(lengths, [4, 4, 3]);
    assert!(OfFew::cached_in(name).every().exists(conn).unwrap());
}

#[test]
fn l5_lists_come_in_the_order_of_the_base_query_and_are_cut_by_it() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let manager = OfThree::cached_in(&shop.name);
    let ids = |conn: &mut Conn| manager.every().load(conn).unwrap().iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!([(); 2].map(|()| shop.counted(|| ids(conn))), [(1, vec![4, 3, 2]), (0, vec![4, 3, 2])]);
    assert_eq!(manager.every().first(conn).unwrap().id, 4);
    assert_eq!(manager.every().order_by(notes::id).first(conn).unwrap().id, 1);
    diesel::delete(notes::table.find(4)).execute(&mut shop.conn()).unwrap();
    assert_eq!(ids(conn), [3, 2, 1]);
    assert_eq!(manager.get(1).first(conn).unwrap().id, 1, "what is cut off a list is not hidden");
}

diesel::table! {
    words (word) {
        word -> Text,
        is_hidden -> Bool,
    }
}

#[auto_type]
fn shown() -> _ {
    words::table.filter(words::is_hidden.eq(false))
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = words, primary_key(word))]
#[cached(key = "word", base_query = shown, negative_timeout = 30)]
struct Word {
    word: String,
    is_hidden: bool,
}

#[test]
fn d5_a_row_that_was_hidden_is_found_however_its_key_is_spelled() {
    let writes: [fn(&Shop, &mut Conn); 3] = [
        |_, conn| conn.batch_execute("UPDATE words SET is_hidden = FALSE").unwrap(),
        |_, conn| {
            let update = diesel::update(words::table.find("Ann")).set(words::is_hidden.eq(false));
            assert_eq!(update.execute(conn).unwrap(), 1);
        },
        |shop, conn| {
            let saved = Word { word: "Ann".into(), is_hidden: false };
            assert_eq!(Word::cached_in(&shop.name).save(&saved).get_result(conn).unwrap(), saved);
        },
    ];
    for write in writes {
        let shop = Shop::with_tables(&format!(
            "CREATE TABLE words (word {TEXT_KEY} {NOCASE} PRIMARY KEY, is_hidden BOOLEAN NOT NULL);
             INSERT INTO words VALUES ('Ann', TRUE);"
        ));
        let (conn, writer) = (&mut shop.conn(), &mut shop.conn());
        let read = |conn: &mut Conn, word: &str| {
            let plain = |conn: &mut Conn| shown().filter(words::word.eq(word)).first::<Word>(conn);
            shop.cost(conn, |conn| Word::cached_in(&shop.name).get(word).first(conn), plain)
        };
        assert_eq!(["Ann", "ANN", "Ann", "ANN"].map(|word| read(conn, word)), [1, 1, 0, 0]);
        write(&shop, writer);
        assert_eq!(["Ann", "ANN"].map(|word| read(conn, word)), [1, 1]);
        let many = Word::cached_in(&shop.name).get_many(["ANN", "Ann", "ann"]).load(conn).unwrap();
        assert!(many.iter().all(Option::is_some));
    }
}
