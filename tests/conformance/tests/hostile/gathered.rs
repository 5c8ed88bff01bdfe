//! Look-ups of tasks that wait for a thread of the cache: one call of the store is for many of them.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cache_core::store::{Operation, Wish};
use cache_core::{Cache, Kind, Manner, Miss, Missed, Reader};

use crate::hooked::{Hooked, failed, fill, key, number};

/// As many as a cache's desk has at most.
const THREADS: usize = 16;

struct World {
    store: Hooked,
    cache: Cache,
    calls: Arc<AtomicU64>,
    /// Until it is dropped, no thread of the cache is free.
    busy: Option<Sender<()>>,
}

type Looked = Result<i32, Miss>;
type LookUp = Pin<Box<dyn Future<Output = Looked> + Send>>;

impl World {
    /// Entries 0 to 9 are there. Calls for entries do what `hook` says.
    fn new(operation_timeout: Duration, hook: fn() -> cache_core::Result<()>) -> Self {
        let store = Hooked::new();
        let cache = Cache::builder().store(store.clone()).operation_timeout(operation_timeout).build().unwrap();
        (0..10).for_each(|id| fill(&cache, id, 10 * id));
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        store.hook(move |operation| {
            if operation != Operation::Get {
                return Ok(());
            }
            counted.fetch_add(1, Ordering::SeqCst);
            hook()
        });
        let mut world = Self { store, cache, calls, busy: None };
        world.hold_up();
        world
    }

    fn hold_up(&mut self) {
        let (busy, is_free) = mpsc::channel::<()>();
        let (is_free, (arrive, arrives)) = (Arc::new(Mutex::new(is_free)), mpsc::channel());
        for _ in 0..THREADS {
            let (is_free, arrive) = (Arc::clone(&is_free), arrive.clone());
            drop(self.cache.offload(move || {
                arrive.send(()).unwrap();
                let _ = is_free.lock().unwrap().recv();
            }));
        }
        arrives.iter().take(THREADS).for_each(drop);
        self.busy = Some(busy);
    }

    /// Looks up what is called `id`, as a task that reads things of this kind.
    fn look_up(&self, kind: Kind, id: i32) -> LookUp {
        let cache = self.cache.clone();
        Box::pin(async move {
            let counters = cache.counters("product", kind);
            let reader = Reader { cache: &cache, manager: "product", kind, counters: &counters };
            let found = reader.look_up_by(Manner::Awaited, Wish { key: key(id), tags: Vec::new(), codec: None }).await;
            found.map(|(value, _)| number(&value)).map_err(|Missed { cause, .. }| cause)
        })
    }

    /// Begins to look several up, while no thread is free.
    fn begin(&self, kind: Kind, ids: impl Iterator<Item = i32>) -> Vec<LookUp> {
        let mut looked: Vec<LookUp> = ids.map(|id| self.look_up(kind, id)).collect();
        assert!(looked.iter_mut().all(|looked| poll(looked).is_pending()));
        looked
    }

    fn go_on(&mut self) {
        self.busy = None;
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

fn poll(looked: &mut LookUp) -> Poll<Looked> {
    looked.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn wait(mut looked: LookUp) -> Looked {
    loop {
        if let Poll::Ready(looked) = poll(&mut looked) {
            return looked;
        }
        thread::yield_now();
    }
}

const LONG: Duration = Duration::from_secs(2);

#[test]
fn what_waits_is_looked_up_together_and_each_is_given_its_own() {
    for (kind, calls) in [(Kind::Detail, 2), (Kind::List, 13)] {
        let mut world = World::new(LONG, || Ok(()));
        let looked = world.begin(kind, (0..200).map(|place| place % 20));
        world.go_on();
        for (place, looked) in (0..).zip(looked) {
            let id = place % 20;
            assert_eq!(wait(looked), if id < 10 { Ok(10 * id) } else { Err(Miss::Absent) });
        }
        assert_eq!(world.calls(), calls, "{kind:?}");
    }
}

#[test]
fn what_nobody_awaits_any_more_is_not_looked_up() {
    let mut world = World::new(LONG, || Ok(()));
    drop(world.begin(Kind::Detail, 0..10));
    let mut looked = world.begin(Kind::List, 0..10);
    let last = looked.pop().unwrap();
    drop(looked);
    world.go_on();
    assert_eq!(wait(last), Ok(90));
    assert_eq!(wait(world.look_up(Kind::Detail, 5)), Ok(50));
    assert_eq!(world.calls(), 2);
}

#[test]
fn a_call_that_fails_or_panics_is_a_miss_to_all_who_asked() {
    let hooks: [fn() -> cache_core::Result<()>; 2] = [|| Err(failed()), || panic!("told to panic")];
    for hook in hooks {
        let mut world = World::new(LONG, hook);
        let looked = world.begin(Kind::List, 0..10);
        world.go_on();
        looked.into_iter().for_each(|looked| assert_eq!(wait(looked), Err(Miss::StoreFailed)));
        assert_eq!(world.calls(), 1);
        let counts = world.cache.statistics().of("product", Kind::List);
        assert_eq!(counts.store_failure_count, 10, "each of the readers");
        world.store.unhook();
        assert_eq!(wait(world.look_up(Kind::List, 1)), Ok(10));
    }
}

#[test]
fn what_has_waited_for_longer_than_a_call_may_take_avoids_the_store() {
    let timeout = Duration::from_millis(5);
    let mut world = World::new(timeout, || Ok(()));
    let looked = world.begin(Kind::List, 0..10);
    thread::sleep(timeout * 3);
    world.go_on();
    looked.into_iter().for_each(|looked| assert_eq!(wait(looked), Err(Miss::StoreAvoided)));
    assert_eq!(world.calls(), 0);
}
