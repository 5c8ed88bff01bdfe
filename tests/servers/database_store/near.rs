//! Memory in front of tables: they are asked for changes.

use std::time::{Duration, Instant};

use cache_core::policy::NearPolicy;
use cache_core::store::{Outcome, Placing, Release, Store, Stored, Writer};
use cache_core::{SystemClock, Tag, Timeout};
use cache_diesel::{Cache, ErrorKind, MIB, StoreConnection, create_cache_tables, database_store};
use conformance::{Subject, Time, key, shared, tag};

use super::pool;

const MAX_STALENESS: Duration = Duration::from_millis(400);

/// A process with memory, and another one without.
struct Processes {
    subject: Subject,
    other: Box<dyn Store>,
}

impl Processes {
    fn over<C: StoreConnection>(url: &str) -> Self {
        let open = || {
            let store = database_store(pool::<C>(url), "near").unwrap();
            store.shared().expect("others share the tables").set_operation_timeout(Duration::from_secs(10));
            store
        };
        let policy = NearPolicy::with_capacity(1 << 20).max_staleness(MAX_STALENESS);
        let near = open().near(policy, std::sync::Arc::new(SystemClock::new())).unwrap();
        Self { subject: Subject::new(near, Time::real()), other: Box::new(open()) }
    }

    fn recalls(&self, id: u64) -> bool {
        self.subject.store().find(&key(id), self.subject.now()).is_some()
    }

    /// Stores an entry, and sees to it that it is in memory.
    fn keep(&self, id: u64, tags: &[Tag]) {
        within(|| {
            let tokens = tags.iter().map(|tag| self.subject.under(*tag)).collect();
            let timeout = Timeout::after(Duration::from_secs(600));
            assert_eq!(self.subject.put_value(id, shared(b"value"), tokens, timeout), Stored::Kept);
            drop(self.subject.find_knowing(id, &|| tags.to_vec()));
            self.recalls(id)
        });
    }

    fn change(&self, tag: Tag) {
        let release = Release { tag, outcome: Outcome::Changed };
        self.other.release(Writer::fresh(), &[release], &[], self.subject.now()).unwrap();
    }
}

fn within(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn is_told_by_tables<C: StoreConnection>(url: &str) {
    create_cache_tables(&mut *pool::<C>(url).get().unwrap()).unwrap();
    ends_with_what_others_do::<C>(url);
    is_behind_no_further_than_allowed::<C>(url);
    is_kept_by_a_cache::<C>(url);
}

fn ends_with_what_others_do<C: StoreConnection>(url: &str) {
    let processes = Processes::over::<C>(url);
    let now = processes.subject.now();
    processes.keep(1, &[tag(1)]);
    processes.keep(2, &[tag(2)]);
    processes.change(tag(1));
    within(|| !processes.recalls(1));
    processes.other.place(&Placing::new(Writer::fresh(), &[tag(2)], Duration::from_secs(9)), now).unwrap();
    within(|| !processes.recalls(2));
    processes.keep(3, &[Tag::root()]);
    processes.other.remove(&[key(3)], now).unwrap();
    within(|| !processes.recalls(3));
    processes.keep(3, &[Tag::root()]);
    pool::<C>(url).get().unwrap().batch_execute("DELETE FROM cache_diesel_lives").unwrap();
    within(|| !processes.recalls(3));
    processes.keep(3, &[Tag::root()]);
}

fn is_behind_no_further_than_allowed<C: StoreConnection>(url: &str) {
    let processes = Processes::over::<C>(url);
    for _ in 0..5 {
        processes.keep(1, &[tag(1)]);
        processes.change(tag(1));
        let changed = Instant::now();
        loop {
            let begin = Instant::now();
            if !processes.recalls(1) {
                break;
            }
            assert!(begin.duration_since(changed) <= MAX_STALENESS, "{:?}", changed.elapsed());
        }
    }
}

/// The builder's settings concern a store that is given.
fn is_kept_by_a_cache<C: StoreConnection>(url: &str) {
    let store = || database_store(pool::<C>(url), "near").unwrap();
    let patient = |near| {
        Cache::builder().operation_timeout(Duration::from_secs(5)).intent_life(Duration::from_secs(20)).near(near)
    };
    let cache = patient(MIB).store(store()).build().unwrap();
    assert!(cache.statistics().near.is_some());
    cache.shutdown(Duration::from_secs(5)).unwrap();
    let error = patient(1).store(store()).build().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let alone = Cache::builder().max_staleness(MAX_STALENESS).store(store()).build().map(drop).unwrap_err();
    assert!(alone.to_string().contains("`max_staleness` needs `near`"), "{alone}");
}
