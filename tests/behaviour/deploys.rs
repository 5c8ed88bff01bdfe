//! Two builds of one program on one store and one database: each has entries of its own, and sees what the other writes.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::database::Conn;
use crate::harness::Shop;

diesel::table! {
    wares (id) {
        id -> Integer,
        shelf -> Integer,
        title -> Text,
        cents -> Nullable<BigInt>,
    }
}

const WARES: &str =
    "CREATE TABLE wares (id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, title VARCHAR(255) NOT NULL, cents BIGINT);
     INSERT INTO wares VALUES (1, 7, 'lamp', 100), (2, 7, 'torch', NULL), (3, 8, 'table', 300);";

/// What was deployed before. Both builds call the model the same.
mod former {
    use super::*;

    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = wares)]
    #[cached(key = "ware", scope(shelf))]
    pub struct Ware {
        pub id: i32,
        pub shelf: i32,
        pub title: String,
    }
}

/// What is deployed now: with one field more, and in another order.
mod present {
    use super::*;

    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = wares)]
    #[cached(key = "ware", scope(shelf))]
    pub struct Ware {
        pub id: i32,
        pub cents: Option<i64>,
        pub title: String,
        pub shelf: i32,
    }
}

/// What either build reads: the title of row 1, and how many rows are on shelf 7 and in all.
type Answer = (String, usize, usize, i64);

fn by_former(shop: &Shop, conn: &mut Conn) -> Answer {
    let wares = former::Ware::cached_in(&shop.name);
    let title = wares.get(1).first(conn).unwrap().title.clone();
    let shelf = wares.all_by_shelf(7).load(conn).unwrap().len();
    (title, shelf, wares.every().load(conn).unwrap().len(), wares.every().count(conn).unwrap())
}

fn by_present(shop: &Shop, conn: &mut Conn) -> Answer {
    let wares = present::Ware::cached_in(&shop.name);
    let title = wares.get(1).first(conn).unwrap().title.clone();
    let shelf = wares.all_by_shelf(7).load(conn).unwrap().len();
    (title, shelf, wares.every().load(conn).unwrap().len(), wares.every().count(conn).unwrap())
}

#[test]
fn builds_with_other_fields_share_no_entries() {
    let shop = Shop::with_tables(WARES);
    let mut conn = shop.conn();
    for expected in [4, 0] {
        assert_eq!(shop.counted(|| by_former(&shop, &mut conn)), (expected, ("lamp".to_owned(), 2, 3, 3)));
        assert_eq!(shop.counted(|| by_present(&shop, &mut conn)), (expected, ("lamp".to_owned(), 2, 3, 3)));
    }
    let present = present::Ware::cached_in(&shop.name).get(1).first(&mut conn).unwrap();
    assert_eq!((present.cents, present.shelf), (Some(100), 7));
}

#[test]
fn each_build_sees_what_the_other_writes() {
    let shop = Shop::with_tables(WARES);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let (old, new) = (former::Ware::cached_in(&shop.name), present::Ware::cached_in(&shop.name));
    let mut both_read = |expected: Answer| {
        assert_eq!(by_former(&shop, &mut conn), expected);
        assert_eq!(by_present(&shop, &mut conn), expected);
    };
    both_read(("lamp".to_owned(), 2, 3, 3));
    old.save(&former::Ware { id: 1, shelf: 7, title: "light".to_owned() }).execute(&mut writer).unwrap();
    both_read(("light".to_owned(), 2, 3, 3));
    let stool = present::Ware { id: 4, cents: None, title: "stool".to_owned(), shelf: 7 };
    new.insert(&stool).execute(&mut writer).unwrap();
    both_read(("light".to_owned(), 3, 4, 4));
    old.delete(2).execute(&mut writer).unwrap();
    both_read(("light".to_owned(), 2, 3, 3));
    new.write(diesel::update(wares::table).set(wares::title.eq("thing"))).execute(&mut writer).unwrap();
    both_read(("thing".to_owned(), 2, 3, 3));
}
