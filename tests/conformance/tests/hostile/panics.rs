//! A store that panics is one that fails: the query, the write and the other caches do not notice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use cache_core::store::Operation;
use cache_core::{Cache, Miss, Start};

use crate::hooked::{Hooked, changes, fill, look_up, place, release, start};

fn world() -> (Hooked, Cache) {
    let store = Hooked::new();
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    (store, cache)
}

fn panic_in(store: &Hooked, operation: Operation) {
    store.hook(move |called| {
        assert!(called != operation, "told to panic");
        Ok(())
    });
}

#[test]
fn a_panic_in_a_look_up_is_a_miss() {
    let (store, cache) = world();
    panic_in(&store, Operation::Get);
    assert_eq!(look_up(&cache, 1), Err(Miss::StoreFailed));
    panic_in(&store, Operation::Seed);
    assert!(matches!(start(&cache, 1), Start::Alone));
    panic_in(&store, Operation::Put);
    fill(&cache, 1, 10);
    assert_eq!(cache.statistics().store.failure_counts[&Operation::Get], 1);
}

#[test]
fn a_panic_in_a_release_leaves_nothing_old_in_this_cache_or_another() {
    let (store, cache) = world();
    let caches = [cache.clone(), Cache::memory()];
    caches.iter().for_each(|cache| fill(cache, 1, 10));
    let invalidation = place(&caches);
    panic_in(&store, Operation::Release);
    let released = catch_unwind(AssertUnwindSafe(|| release(invalidation, &caches)));
    // The write has happened, whoever hears of it.
    assert!(look_up(&caches[0], 1).is_err(), "the cache whose store panicked");
    assert!(look_up(&caches[1], 1).is_err(), "the other cache");
    assert!(released.is_ok(), "the statement went well");
    assert!(cache.statistics().store.dirty_tag_count > 0);
    store.unhook();
    let until = Instant::now() + Duration::from_secs(20);
    while cache.statistics().store.dirty_tag_count > 0 {
        assert!(Instant::now() < until, "the thread survives");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_panic_where_intents_are_placed_refuses_strict_writes_only() {
    let (store, cache) = world();
    panic_in(&store, Operation::Place);
    let invalidation = place(&[cache]);
    drop(invalidation);
    let strict = Hooked::new();
    panic_in(&strict, Operation::Place);
    let cache = Cache::builder().store(strict.clone()).writes(cache_core::Writes::Strict).build().unwrap();
    let mut invalidation = cache_core::Invalidation::of(crate::hooked::database());
    assert!(invalidation.ensure(&changes(), &[cache]).is_err());
}
