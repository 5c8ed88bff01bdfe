//! What a cache does while its store fails, hangs or is slow, and once it is back.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{MemoryStore, Operation, Wanted};
use cache_core::tables::Tables;
use cache_core::{
    Cache, CacheBuilder, CacheKey, Cause, Counters, Database, Event, Fingerprint, Invalidation, KeyBytes, Kind, Loaded,
    ManualClock, Miss, Reader, Sought, Start, Tag, TagKind, Timeout, Value, WriteEnd, Writes,
};
use conformance::FailingStore;

const LIFE: Duration = Duration::from_secs(10);

/// A cache over a store that is taken for one elsewhere, at a time that stands still.
struct World {
    store: FailingStore,
    clock: ManualClock,
    cache: Cache,
}

impl World {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let (store, clock) = (store(), ManualClock::new());
        let cache = set(Cache::builder().store(store.clone()).clock(clock.clone())).build().unwrap();
        Self { store, clock, cache }
    }

    fn fail(&self, fail: bool) {
        self.store.fail_reads(fail);
        self.store.fail_writes(fail);
    }
}

fn store() -> FailingStore {
    FailingStore::elsewhere(MemoryStore::with_capacity(1 << 20).unwrap())
}

fn database() -> Database {
    Database::named("shop")
}

fn any() -> Tag {
    database().table("products").whole(TagKind::Any)
}

fn writers() -> Tag {
    database().table("products").whole(TagKind::Writers)
}

fn key() -> CacheKey {
    let part = Fingerprint::of(&[b"test"]);
    CacheKey { space: part, manager: part, kind: Kind::List, id: KeyBytes::of(&1) }
}

fn reading<T>(cache: &Cache, read: impl FnOnce(&Reader<'_>) -> T) -> T {
    let counters: Arc<Counters> = cache.counters("product", Kind::List);
    read(&Reader { cache, manager: "product", kind: Kind::List, counters: &counters })
}

fn look_up(cache: &Cache) -> Result<(), Miss> {
    let wanted = Wanted { key: key(), tags: &Vec::new, codec: None };
    reading(cache, |reader| reader.look_up(&wanted).map(|_| ()).map_err(|missed| missed.cause))
}

fn look_up_often(cache: &Cache, times: usize) -> Vec<Result<(), Miss>> {
    (0..times).map(|_| look_up(cache)).collect()
}

/// Loads and stores the one entry.
fn fill(cache: &Cache) {
    fill_under(cache, &[any(), writers()]);
}

fn fill_under(cache: &Cache, tags: &[Tag]) {
    reading(cache, |reader| {
        let Start::Lead(fill) = reader.start(&Sought::new(key(), tags, &[])) else { panic!("nobody else loads") };
        let value = Value::Shared(Arc::new(1));
        let loaded =
            Loaded { value, weight: 8, codec: None, lifetime: Timeout::from_secs(3_600).into(), begins_at: None };
        fill.store(reader, loaded, tags.to_vec());
    });
}

fn changes() -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.add("products", &Change::Change, &Tables::default());
    changes
}

fn write(cache: &Cache, ending: WriteEnd) {
    let mut invalidation = Invalidation::of(database());
    invalidation.place(&changes(), std::slice::from_ref(cache));
    invalidation.release(&changes(), ending, Cause::Statement, std::slice::from_ref(cache));
}

#[track_caller]
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn f4_a_store_that_fails_is_called_five_times_and_then_once_for_each_pause() {
    let world = World::new();
    world.fail(true);
    let misses: Vec<Miss> = look_up_often(&world.cache, 100).into_iter().map(Result::unwrap_err).collect();
    assert_eq!(misses[..5], [Miss::StoreFailed; 5]);
    assert!(misses[5..].iter().all(|miss| *miss == Miss::StoreAvoided));
    assert_eq!(world.store.call_count(Operation::Get), 5);
    world.clock.advance(Duration::from_millis(200));
    look_up_often(&world.cache, 100);
    assert_eq!(world.store.call_count(Operation::Get), 6);
    world.fail(false);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!([(); 2].map(|()| look_up(&world.cache)), [Err(Miss::Absent); 2]);
    let counts = world.cache.statistics().store;
    assert_eq!((counts.breaker_open_count, counts.breaker_half_open_count, counts.breaker_closed_count), (2, 2, 1));
    assert_eq!(counts.failure_counts[&Operation::Get], 6);
    assert_eq!(counts.avoided_counts[&Operation::Get], 95 + 99);
}

#[test]
fn f4_an_answer_that_comes_too_late_is_taken_and_counts_as_a_failure() {
    let store = store();
    let cache = Cache::builder().store(store.clone()).operation_timeout(Duration::from_millis(1)).build().unwrap();
    fill(&cache);
    store.delay(Duration::from_millis(5));
    let looked = look_up_often(&cache, 6);
    assert_eq!(looked[..5], [Ok(()); 5]);
    assert_eq!(looked[5], Err(Miss::StoreAvoided));
}

#[test]
fn f4_callers_who_come_together_wait_for_one_call_each_at_most() {
    const THREADS: usize = 32;
    let delay = Duration::from_millis(100);
    let (store, most) = (store(), 8);
    let cache = Cache::builder().store(store.clone()).operation_timeout(delay).most_readers(most).build().unwrap();
    store.fail_reads(true);
    store.delay(delay);
    let slowest = thread::scope(|scope| {
        let readers: Vec<_> = (0..THREADS)
            .map(|_| {
                let cache = cache.clone();
                scope.spawn(move || {
                    let began = Instant::now();
                    look_up_often(&cache, 50);
                    began.elapsed()
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).max().unwrap()
    });
    assert!(store.most_inside() <= most, "{}", store.most_inside());
    // Eight calls are inside when the breaker opens; each of the others is refused at once. Then come single probes.
    assert!(store.call_count(Operation::Get) < 20, "{}", store.call_count(Operation::Get));
    assert!(slowest < delay * 15, "{slowest:?} instead of fifty times {delay:?}");
}

#[test]
fn f6_while_the_breaker_is_open_a_write_waits_for_nothing_and_its_release_is_pending() {
    let world = World::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    world.cache.listen("pending", move |event| {
        if let Event::ReleasePending { tables } = event {
            listener.lock().unwrap().push(tables.join(" "));
        }
    });
    world.fail(true);
    look_up_often(&world.cache, 5);
    write(&world.cache, WriteEnd::Over);
    assert_eq!(world.store.call_count(Operation::Place) + world.store.call_count(Operation::Release), 0);
    assert_eq!(*told.lock().unwrap(), ["products"]);
    let counts = world.cache.statistics().store;
    assert_eq!((counts.release_pending_count, counts.dirty_tag_count), (1, 5));
    assert_eq!(world.cache.statistics().invalidation_failure_count, 2);
}

#[test]
fn f7_nothing_is_served_before_a_release_got_through_and_a_read_gets_it_through() {
    let world = World::new();
    fill(&world.cache);
    assert_eq!(look_up(&world.cache), Ok(()));
    world.store.fail(Operation::Release, true);
    write(&world.cache, WriteEnd::Over);
    assert!(matches!(look_up(&world.cache), Err(Miss::StoreFailed | Miss::ReleasePending | Miss::StoreAvoided)));
    world.store.fail(Operation::Release, false);
    wait_for("the breaker lets somebody try", || {
        world.clock.advance(Duration::from_millis(100));
        look_up(&world.cache).is_ok_and(|()| panic!("it was served"))
            || world.cache.statistics().store.release_delivered_count == 1
    });
    assert!(matches!(look_up(&world.cache), Err(Miss::Changed(_) | Miss::Absent)));
    assert_eq!(world.cache.statistics().store.dirty_tag_count, 0);
}

#[test]
fn f7_a_release_gets_through_though_nobody_reads() {
    let store = store();
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    fill(&cache);
    store.fail(Operation::Release, true);
    write(&cache, WriteEnd::Over);
    store.fail(Operation::Release, false);
    wait_for("the background gets it through", || cache.statistics().store.release_delivered_count == 1);
    assert_eq!(look_up(&cache), Err(Miss::Changed(TagKind::Any)));
}

#[test]
fn f7_readers_do_not_wait_for_one_who_talks_to_the_store() {
    let store = store();
    let wait = Duration::from_secs(2);
    let cache = Cache::builder().store(store.clone()).operation_timeout(wait).build().unwrap();
    store.fail(Operation::Release, true);
    write(&cache, WriteEnd::Over);
    let before = store.call_count(Operation::Release);
    store.delay(Duration::from_millis(500));
    store.fail(Operation::Release, false);
    wait_for("somebody talks to the store", || store.call_count(Operation::Release) > before);
    let began = Instant::now();
    assert_eq!(look_up(&cache), Err(Miss::ReleasePending));
    assert!(began.elapsed() < Duration::from_millis(400));
}

#[test]
fn f7_a_write_that_may_still_run_leaves_an_intent_when_it_gets_through() {
    let world = World::new();
    fill(&world.cache);
    world.store.fail(Operation::Release, true);
    write(&world.cache, WriteEnd::Unknown);
    world.store.fail(Operation::Release, false);
    wait_for("it gets through", || {
        world.clock.advance(Duration::from_millis(10));
        let _ = look_up(&world.cache);
        world.cache.statistics().store.dirty_tag_count == 0
    });
    fill_under(&world.cache, &[any()]);
    assert_eq!(look_up(&world.cache), Ok(()));
    world.clock.advance(LIFE);
    assert_eq!(look_up(&world.cache), Err(Miss::Changed(TagKind::Any)));
}

#[test]
fn f13_a_shutdown_tries_once_more_though_the_breaker_is_open() {
    let world = World::new();
    world.fail(true);
    look_up_often(&world.cache, 5);
    write(&world.cache, WriteEnd::Over);
    let error = world.cache.shutdown(Duration::from_secs(20)).unwrap_err();
    assert_eq!(error.kind(), cache_core::ErrorKind::Store);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("5 tags"), "{error:?}");
    assert_eq!(world.store.call_count(Operation::Release), 1);
    world.fail(false);
    world.cache.shutdown(Duration::from_secs(20)).unwrap();
    world.cache.shutdown(Duration::from_secs(20)).unwrap();
    assert_eq!(world.store.call_count(Operation::Release), 2);
}

#[test]
fn f13_a_shutdown_does_not_wait_for_a_store_that_hangs() {
    let world = World::new();
    world.store.fail(Operation::Release, true);
    write(&world.cache, WriteEnd::Over);
    world.store.delay(Duration::from_secs(2));
    let began = Instant::now();
    assert!(world.cache.shutdown(Duration::from_millis(50)).is_err());
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn after_a_shutdown_reads_go_past_the_cache_and_writes_still_reach_it() {
    for world in [World::new(), World { cache: Cache::memory(), ..World::new() }] {
        fill(&world.cache);
        world.cache.shutdown(Duration::ZERO).unwrap();
        assert_eq!(look_up(&world.cache), Err(Miss::StoreAvoided));
        assert!(matches!(
            reading(&world.cache, |reader| reader.start(&Sought::new(key(), &[any()], &[]))),
            Start::Alone
        ));
        write(&world.cache, WriteEnd::Over);
        assert_eq!(world.cache.statistics().invalidation_counts["products"], 1);
        assert_eq!(world.cache.statistics().store.release_pending_count, 0);
    }
}

#[test]
fn f14_a_writer_that_never_comes_back_leaves_nothing_alive_beyond_its_intent() {
    let world = World::new();
    fill(&world.cache);
    let mut invalidation = Invalidation::of(database());
    invalidation.place(&changes(), std::slice::from_ref(&world.cache));
    drop(invalidation);
    world.clock.advance(LIFE - Duration::from_nanos(1));
    assert_eq!(look_up(&world.cache), Ok(()));
    world.clock.advance(Duration::from_nanos(1));
    assert_eq!(look_up(&world.cache), Err(Miss::Changed(TagKind::Writers)));
}

#[test]
fn c6_fills_under_the_intent_of_a_long_write_end_with_it_however_long_it_takes() {
    let store = store();
    let life = Duration::from_millis(400);
    let builder = Cache::builder().store(store.clone()).intent_life(life).operation_timeout(life / 4);
    let cache = builder.build().unwrap();
    let mut invalidation = Invalidation::of(database());
    invalidation.place(&changes(), std::slice::from_ref(&cache));
    wait_for("the intents are placed again", || cache.statistics().store.intent_renewal_count >= 5);
    let seeds = reading(&cache, |reader| reader.seed(&[writers()]).unwrap());
    assert!(seeds[0].1.is_intended, "more than a life later");
    fill(&cache);
    invalidation.release(&changes(), WriteEnd::Over, Cause::Statement, std::slice::from_ref(&cache));
    assert!(look_up(&cache).is_err());
    let placed = store.call_count(Operation::Place);
    thread::sleep(life * 2);
    assert!(store.call_count(Operation::Place) <= placed + 1, "one may have been on its way");
}

#[test]
fn strict_writes_are_refused_if_the_store_does_not_take_their_intents() {
    let world = World::with(|builder| builder.writes(Writes::Strict));
    let caches = std::slice::from_ref(&world.cache);
    Invalidation::of(database()).ensure(&changes(), caches).unwrap();
    world.store.fail(Operation::Place, true);
    let mut invalidation = Invalidation::of(database());
    assert!(invalidation.ensure(&changes(), caches).is_err());
    invalidation.end(caches);
    // Open ones go on, and so do those of stores that cannot fail.
    assert!(!World::new().cache.is_strict());
    assert!(!Cache::builder().memory(1 << 20).writes(Writes::Strict).build().unwrap().is_strict());
}
