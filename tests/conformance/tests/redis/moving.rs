//! Reads and writes of several processes while servers come and go: nothing is read that is older than what was
//! acknowledged before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cache_core::store::{Outcome, Placing, Put, RedisStore, Release, Store, Wanted, Writer};
use cache_core::{Clock, Life, Tag, Timeout, Worth};
use conformance::redis_server::await_that;
use conformance::{Finds, Time, bytes_of, codec, key, shared, tag};

/// A row of a database that is written and read over stores.
#[derive(Debug)]
pub(crate) struct Row {
    url: String,
    /// What the database holds.
    committed: AtomicU64,
    /// What a write has returned for.
    acknowledged: AtomicU64,
    hits: AtomicU64,
    is_over: AtomicBool,
}

/// Ends what is in use, whatever becomes of the test.
struct End<'r>(&'r AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Row {
    pub(crate) fn at(url: String) -> Self {
        let (committed, acknowledged, hits, is_over) = Default::default();
        Self { url, committed, acknowledged, hits, is_over }
    }

    /// Two processes read and one writes meanwhile. What is done is waited for to be worked with again.
    pub(crate) fn while_in_use(&self, done: impl FnOnce()) {
        std::thread::scope(|scope| {
            let used = [scope.spawn(|| self.write()), scope.spawn(|| self.read()), scope.spawn(|| self.read())];
            let end = End(&self.is_over);
            self.await_progress();
            done();
            self.await_progress();
            drop(end);
            used.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }

    /// Waits until something is written, and something is found.
    pub(crate) fn await_progress(&self) {
        let (written, found) = (self.acknowledged.load(Ordering::SeqCst), self.hits.load(Ordering::SeqCst));
        await_that("a write and a hit", || {
            self.acknowledged.load(Ordering::SeqCst) > written + 3 && self.hits.load(Ordering::SeqCst) > found + 3
        });
    }

    fn goes_on(&self) -> bool {
        std::thread::sleep(Duration::from_millis(1));
        !self.is_over.load(Ordering::SeqCst)
    }

    fn write(&self) {
        let (store, time) = (hasty(&self.url), Time::real());
        while self.goes_on() {
            std::thread::sleep(Duration::from_millis(10));
            let writer = Writer::fresh();
            if store.place(&Placing::new(writer, &[tag(1)], Duration::from_secs(20)), time.now()).is_err() {
                continue;
            }
            let written = self.committed.fetch_add(1, Ordering::SeqCst) + 1;
            let release = [Release { tag: tag(1), outcome: Outcome::Changed }];
            // As the cache does it: its own process reads nothing before.
            while store.release(writer, &release, &[], time.now()).is_err() {
                if self.is_over.load(Ordering::SeqCst) {
                    return;
                }
            }
            self.acknowledged.store(written, Ordering::SeqCst);
        }
    }

    fn read(&self) {
        let (store, time) = (hasty(&self.url), Time::real());
        let tags = [Tag::root(), tag(1)];
        while self.goes_on() {
            let least = self.acknowledged.load(Ordering::SeqCst);
            let wanted = Wanted { key: key(1), tags: &|| tags.to_vec(), codec: Some(codec()) };
            let Ok(found) = store.find_one(&wanted, time.now()) else { continue };
            if let Some(found) = found.filter(|found| found.worth == Worth::Fresh) {
                let bytes = bytes_of(&found.value).unwrap();
                let version = u64::from_be_bytes(bytes.try_into().unwrap());
                assert!(version >= least, "{version} is read after {least} was acknowledged");
                self.hits.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            let Ok(seeded) = store.seed(&tags, &[], time.now()) else { continue };
            if seeded.seeds.iter().any(|seed| seed.is_intended) {
                continue;
            }
            let version = self.committed.load(Ordering::SeqCst).to_be_bytes();
            let tokens = tags.into_iter().zip(seeded.seeds.iter().map(|seed| seed.token)).collect();
            let life = Life::starting(time.now(), Timeout::after(Duration::from_secs(60)));
            let put = Put { key: key(1), value: shared(&version), life, tokens, weight: 8, codec: Some(codec()) };
            // A server that is gone keeps nothing.
            let _ = store.put(vec![put], None, time.now());
        }
    }
}

/// A store whose calls end before a test does.
fn hasty(url: &str) -> RedisStore {
    let store = RedisStore::from_url(url).unwrap();
    store.shared().unwrap().set_operation_timeout(Duration::from_millis(500));
    store
}
