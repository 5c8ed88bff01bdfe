//! What a read says of itself: where its answer would come from, and why.

use cache_diesel::{Bypass, ExplainedAnswer, Explanation, Kind, Miss, TagKind};
use diesel::prelude::*;

use crate::harness::Shop;
use crate::transactions::retitle;

/// The tables of which the tags of a kind are named.
fn tables_of(explanation: &Explanation, kind: TagKind) -> Vec<&str> {
    explanation.tags.iter().filter(|tag| tag.kind == kind).filter_map(|tag| tag.table.as_deref()).collect()
}

#[test]
fn a_row_is_explained_before_it_is_read_and_while_it_is_kept() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    let before = rows.get(1).explain(&mut conn).unwrap();
    assert_eq!(before.answer, ExplainedAnswer::Miss(Miss::Absent));
    assert!(before.entry.is_none());
    assert_eq!(before.tables, ["products"]);
    assert_eq!(tables_of(&before, TagKind::Rows), ["products"]);

    rows.get(1).first(&mut conn).unwrap();
    let kept = rows.get(1).explain(&mut conn).unwrap();
    assert_eq!((kept.answer, kept.key), (ExplainedAnswer::Hit, before.key));
    assert!(kept.entry.unwrap().hard_deadline.is_some());
    let text = kept.to_string();
    for part in ["detail of `product`: from the cache", "tables products", "entry  loaded", "tag    row "] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_tag_that_a_write_has_changed_is_named() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    for id in [1, 2] {
        rows.get(id).first(&mut conn).unwrap();
    }
    rows.every().load(&mut conn).unwrap();
    retitle(&mut conn, 1, "Written").unwrap();
    assert_eq!(rows.get(1).explain(&mut conn).unwrap().answer, ExplainedAnswer::Miss(Miss::Changed(TagKind::Row)));
    assert_eq!(rows.get(2).explain(&mut conn).unwrap().answer, ExplainedAnswer::Hit, "another row");
    let list = rows.every().explain(&mut conn).unwrap();
    assert_eq!(list.answer, ExplainedAnswer::Miss(Miss::Changed(TagKind::Any)));
    assert_eq!(tables_of(&list, TagKind::Any), ["products"]);
    assert!(list.entry.is_some(), "it is still there, and not served");
}

#[test]
fn a_look_up_and_a_refresh_are_explained() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    let slug = rows.get(1).first(&mut conn).unwrap().slug.clone();
    rows.get_by_slug(&*slug).first(&mut conn).unwrap();
    assert_eq!(rows.get_by_slug(&*slug).explain(&mut conn).unwrap().answer, ExplainedAnswer::Hit);
    retitle(&mut conn, 1, "Written").unwrap();
    let changed = rows.get_by_slug(&*slug).explain(&mut conn).unwrap().answer;
    assert_eq!(changed, ExplainedAnswer::Miss(Miss::Changed(TagKind::Row)), "the row that it points to");
    let refresh = rows.get(2).refresh().explain(&mut conn).unwrap();
    assert_eq!(refresh.answer, ExplainedAnswer::Miss(Miss::Refresh));
}

#[test]
fn a_read_that_leaves_the_cache_alone_says_why() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    rows.get(1).first(&mut conn).unwrap();
    let asked = rows.get(1).bypass().explain(&mut conn).unwrap();
    assert_eq!(asked.answer, ExplainedAnswer::Bypass(Bypass::Asked));
    assert!(asked.key.is_none() && asked.tags.is_empty());
    let inside = conn.transaction(|conn| rows.get(1).explain(conn)).unwrap();
    assert_eq!(inside.answer, ExplainedAnswer::Bypass(Bypass::Transaction));
    assert!(inside.to_string().contains("the connection is in a transaction"), "{inside}");
}

#[test]
fn nothing_is_counted_loaded_or_stored() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    rows.get(1).first(&mut conn).unwrap();
    let before = shop.counts("product", Kind::Detail);
    let (statements, ()) = shop.counted(|| {
        for id in [1, 2] {
            rows.get(id).explain(&mut conn).unwrap();
        }
        rows.every().explain(&mut conn).unwrap();
    });
    assert_eq!((statements, shop.counts("product", Kind::Detail)), (0, before));
    assert!(!rows.get(2).entry(&mut conn).unwrap().is_hit());
}
