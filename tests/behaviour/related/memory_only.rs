//! Views of models whose rows do not leave the process.

use cache_diesel::prelude::*;

use super::{goods, makers, shop};
use crate::database::Conn;
use crate::kept::is_outside;
use crate::line::prelude::*;

/// Rows of this model stay in the process, and so does every page with one in it.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = makers)]
#[cached(key = "brief maker", memory_only)]
struct Brief {
    id: i32,
    name: String,
}

#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = goods)]
#[cached(key = "made", negative_timeout = 30, view(MadePage, derive(Debug), select_related(maker: Brief)))]
struct Made {
    id: i32,
    maker_id: i32,
}

#[test]
fn pages_with_a_row_that_stays_in_the_process_are_kept_in_memory_only() {
    let (shop, mut conn, mut writer) = shop();
    let pages = MadePage::cached_in(&shop.name);
    let read = |conn: &mut Conn| {
        assert_eq!(pages.get(10).first(conn).unwrap().maker.name, "Ada");
        assert!(pages.get(99).first(conn).optional().unwrap().is_none());
        assert_eq!(pages.get_many([10, 11]).load(conn).unwrap().into_iter().flatten().count(), 2);
        assert_eq!(pages.every().load(conn).unwrap().len(), 3);
        assert_eq!(pages.every().order_by(goods::id).first(conn).unwrap().id, 10);
    };
    shop.counted(|| read(&mut conn));
    let (count, ()) = shop.counted(|| read(&mut conn));
    assert_eq!(count, if is_outside() { 5 } else { 0 });
    diesel::update(makers::table.find(1)).set(makers::name.eq("Eve")).execute(&mut writer).unwrap();
    assert_eq!(pages.get(10).first(&mut conn).unwrap().maker.name, "Eve");
}
