//! What a read says of itself: where its answer would come from, and why.

use cache_diesel::{
    Bypass, Cause, ExplainedAnswer, Explanation, JournalSettings, KeyBytes, Kind, Miss, Noted, TagKind,
};

use crate::harness::Shop;
use crate::line::prelude::*;
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

#[test]
fn a_miss_is_told_who_ended_the_entry_while_a_journal_is_kept() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    // Writes of other tests are noted in this cache as well.
    shop.cache.set_journal(Some(JournalSettings::last(100_000)));
    for id in [1, 2] {
        rows.get(id).first(&mut conn).unwrap();
    }
    rows.every().load(&mut conn).unwrap();
    retitle(&mut conn, 1, "Written").unwrap();
    rows.clear_detail(2).unwrap();

    // A write of another test that is not understood may concern every database.
    let is_wide = |noted: &Noted| matches!(noted, Noted::Invalidated { is_wide: true, .. });
    let told = |explanation: Explanation| -> Vec<_> {
        let notes = explanation.journal.into_iter().map(|note| (note.noted, note.through));
        notes.filter(|(noted, _)| !is_wide(noted)).collect()
    };
    let missed = |kind, key: KeyBytes, cause| (Noted::Missed { manager: "product".into(), kind, key, cause }, None);
    let written = |through| {
        let (tables, row_count, cause) = (vec!["products".to_owned()], 1, Cause::Statement);
        (Noted::Invalidated { tables, row_count, is_wide: false, cause }, Some(through))
    };
    let of_row = |id| missed(Kind::Detail, KeyBytes::of(&id), Miss::Absent);
    assert_eq!(told(rows.get(1).explain(&mut conn).unwrap()), [written(TagKind::Row), of_row(1)]);
    let cleared = Noted::Cleared { manager: Some("product".into()) };
    assert_eq!(told(rows.get(2).explain(&mut conn).unwrap()), [(cleared, Some(TagKind::Row)), of_row(2)]);
    let list = rows.every().explain(&mut conn).unwrap();
    assert!(list.to_string().contains("`products` was invalidated by a statement, one row (tag `any`)"), "{list}");
    assert!(told(list).contains(&written(TagKind::Any)));
    assert!(told(rows.get(3).explain(&mut conn).unwrap()).is_empty(), "nobody has read it, and nobody wrote it");

    rows.get(3).first(&mut conn).unwrap();
    let misses = || shop.cache.journal().into_iter().filter(|note| matches!(note.noted, Noted::Missed { .. })).count();
    assert_eq!((misses(), told(rows.get(3).explain(&mut conn).unwrap())), (4, vec![of_row(3)]));
    let is_hit = rows.get(3).entry(&mut conn).unwrap().is_hit();
    assert_eq!(misses() == 4, is_hit, "a hit is not noted, a miss is");
    shop.cache.set_journal(None);
    rows.get(1).first(&mut conn).unwrap();
    assert!(shop.cache.journal().is_empty() && rows.get(1).explain(&mut conn).unwrap().journal.is_empty());
}

#[test]
fn a_write_that_is_rolled_back_is_not_noted() {
    let shop = Shop::new();
    let (mut conn, rows) = (shop.conn(), shop.products());
    shop.cache.set_journal(Some(JournalSettings::default()));
    conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    })
    .unwrap_err();
    let notes = rows.get(1).explain(&mut conn).unwrap().journal;
    assert!(notes.iter().all(|note| matches!(note.noted, Noted::Invalidated { is_wide: true, .. })), "{notes:?}");
}
