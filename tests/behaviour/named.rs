//! The cache that a model names for itself.

use cache_diesel::prelude::*;

use crate::database::Conn;
use crate::harness::Shop;
use crate::kept::cache;
use crate::line::prelude::*;

diesel::table! {
    visits (id) {
        id -> Integer,
        page -> Text,
    }
}

diesel::table! {
    clicks (id) {
        id -> Integer,
        visit_id -> Integer,
    }
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = clicks, belongs_to(Visit))]
#[cached(key = "click")]
struct Click {
    id: i32,
    visit_id: i32,
}

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = visits)]
#[cached(key = "visit", key_version = 2, cache = "of the visits")]
#[cached(view(VisitPage, derive(Debug), prefetch_related(clicks: Click)))]
struct Visit {
    id: i32,
    page: String,
}

const VISITS: &str = "CREATE TABLE visits (id INTEGER PRIMARY KEY, page VARCHAR(255) NOT NULL);
                      CREATE TABLE clicks (id INTEGER PRIMARY KEY, visit_id INTEGER NOT NULL);
                      INSERT INTO visits VALUES (1, 'home'), (2, 'shop');";

/// One test: the name is the process's.
#[test]
fn a_model_is_kept_in_the_cache_that_it_names() {
    let shop = Shop::with_tables(VISITS);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let read = |conn: &mut Conn| shop.counted(|| Visit::cached().get(1).first(conn).unwrap().page.clone());
    assert_eq!([(); 2].map(|()| read(&mut conn)), [(1, "home".into()), (1, "home".into())], "there is none yet");
    let own = cache().build().unwrap();
    caches::configure([("of the visits", own.clone())]).unwrap();
    assert_eq!([(); 2].map(|()| read(&mut conn)), [(1, "home".into()), (0, "home".into())]);
    let pages = || VisitPage::cached().every().order_by(visits::id);
    assert_eq!([(); 2].map(|()| shop.counted(|| pages().load(&mut conn).unwrap()).0), [2, 0]);
    assert_eq!((own.statistics().total().hit_count, shop.cache.statistics().total().hit_count), (2, 0));
    // Another cache has entries of its own, and a write ends those of both.
    let elsewhere = || Visit::cached_in(&shop.name).get(1);
    assert_eq!([(); 2].map(|()| shop.counted(|| elsewhere().first(&mut conn).unwrap()).0), [1, 0]);
    diesel::update(visits::table.find(1)).set(visits::page.eq("new")).execute(&mut writer).unwrap();
    assert_eq!(read(&mut conn), (1, "new".into()));
    assert_eq!(elsewhere().first(&mut conn).unwrap().page, "new");
    assert_eq!(pages().load(&mut conn).unwrap()[0].page, "new");
}
