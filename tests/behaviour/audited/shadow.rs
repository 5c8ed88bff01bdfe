//! Shadow mode: the database answers, the cache is filled and compared beside.

use super::*;

/// A shop in shadow mode, for which time stands still.
fn shadowed(clock: &ManualClock) -> Shop {
    let shop = Shop::with(kept::cache_at(clock));
    shop.cache.set_shadow(true);
    shop.cache.set_audit(Some(AuditSettings::one_in(1_000_000).grace(GRACE)));
    shop
}

#[test]
fn the_database_answers_each_read_and_the_report_is_the_counted_truth() {
    let clock = ManualClock::new();
    let (shop, beside) = (shadowed(&clock), Shop::with(kept::cache_at(&clock)));
    let (mut conn, mut other) = (shop.conn(), beside.conn());
    for turn in 0..3 {
        for read in READS {
            let (statements, ()) = shop.counted(|| read(&shop, &mut conn));
            assert!(statements > 0, "it was served");
            read(&beside, &mut other);
        }
        retitle(&mut conn, 1, &format!("Title {turn}")).unwrap();
        retitle(&mut other, 1, &format!("Title {turn}")).unwrap();
    }
    let counts = total(&shop);
    let truth = beside.cache.statistics().total();
    assert_eq!((counts.shadow_hit_count, counts.shadow_miss_count), (truth.hit_count, truth.miss_count));
    assert_eq!((counts.compared_count, counts.stale_count), (counts.shadow_hit_count, 0));
    assert!(!counts.shadow_time.is_zero());
    assert_eq!(shop.cache.statistics().total().hit_count, 0);
    let report = cache_diesel::audit_report();
    let own = report.caches.iter().find(|cache| cache.name == shop.name).unwrap();
    assert!(own.is_shadow);
    let reads = counts.shadow_hit_count + counts.shadow_miss_count;
    assert!(own.to_string().contains(&format!("% of {reads} reads would be hits")), "{own}");
}

#[test]
fn nothing_that_is_stored_is_served_without_a_connection() {
    let shop = shadowed(&ManualClock::new());
    shop.products().get(1).first(&mut shop.conn()).unwrap();
    retitle(&mut shop.untracked(), 1, "Unseen").unwrap();
    let take = || QueryResult::Ok(shop.conn());
    assert_eq!(shop.products().get(1).first_with(take).unwrap().title, "Unseen");
    let rows = shop.products().get_many([1]).load_with(take).unwrap();
    assert_eq!(rows[0].as_ref().unwrap().title, "Unseen");
}

#[test]
fn a_stale_entry_is_found_and_the_reader_is_given_what_is_there() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = shadowed(&clock);
        let mut conn = shop.conn();
        read(&shop, &mut conn);
        shop.untracked().batch_execute("DELETE FROM products").unwrap();
        read(&shop, &mut conn);
        assert_eq!(total(&shop).stale_count, 0, "it may be a write that is under way");
        kept::pass(&clock, GRACE * 2);
        read(&shop, &mut conn);
        assert!(total(&shop).stale_count > 0, "{:?}", shop.cache.audit_counts());
    }
}

#[test]
fn a_computed_value_is_computed_each_time() {
    let shop = shadowed(&ManualClock::new());
    let mut conn = shop.conn();
    let mut count = || {
        let compute = || shop.products().all_by_category_id(7).load(&mut conn).map(|rows| rows.len() as u64);
        shop.cache.compute("shelf", Duration::from_secs(60), compute).unwrap()
    };
    assert_eq!(count(), 2);
    shop.untracked().batch_execute("DELETE FROM products WHERE id = 1").unwrap();
    assert_eq!(count(), 1);
}

#[test]
fn shadow_mode_ends() {
    let shop = shadowed(&ManualClock::new());
    let mut conn = shop.conn();
    shop.products().get(1).first(&mut conn).unwrap();
    assert!(!shop.products().get(1).entry(&mut conn).unwrap().is_hit());
    shop.cache.set_shadow(false);
    assert!(shop.products().get(1).entry(&mut conn).unwrap().is_hit());
}
