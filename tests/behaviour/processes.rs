//! Several processes on one store: each is a cache of its own here, over the same store and the same database.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::{MemoryStore, Store};
use cache_diesel::prelude::*;
use cache_diesel::{CacheBuilder, Kind, MIB};
use conformance::FailingStore;

use crate::database::Conn;
use crate::harness::{Hook, Moment, Named, Product, ProductManager, Shop, once_at, products};
use crate::line::prelude::*;
use crate::outage::{quick, recovers};
use crate::stores::SpyStore;
use crate::transactions::retitle;

/// A shop, and further processes that use its store and its database.
struct Street {
    shop: Arc<Shop>,
    store: FailingStore,
}

/// One of them.
#[derive(Clone)]
struct Process {
    cache: Cache,
    products: ProductManager,
    shop: Arc<Shop>,
    _named: Arc<Named>,
}

impl Street {
    fn new() -> Self {
        Self::over(memory())
    }

    fn over(store: impl Store) -> Self {
        let store = FailingStore::elsewhere(store);
        Self { shop: Arc::new(Shop::with(quick(&store))), store }
    }

    fn process(&self, name: &str, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Process {
        let name = format!("{} {name}", self.shop.name);
        let cache = set(quick(&self.store)).build().unwrap();
        let named = Arc::new(Named::new(&name, &cache));
        Process { cache, products: Product::cached_in(&name), shop: Arc::clone(&self.shop), _named: named }
    }
}

impl Process {
    /// Starts a read of row 1 on a thread of its own.
    fn reads(&self, read: Read, hook: Option<Hook>) -> thread::JoinHandle<Vec<Arc<Product>>> {
        let process = self.clone();
        thread::spawn(move || {
            let mut conn = hook.map_or_else(|| process.shop.conn(), |hook| process.shop.conn_with(hook));
            read(&process, &mut conn)
        })
    }

    fn waits(&self) -> u64 {
        self.cache.statistics().store.lease_wait_count
    }

    fn timeouts(&self) -> u64 {
        self.cache.statistics().store.lease_timeout_count
    }

    fn loads(&self) -> u64 {
        self.cache.statistics().total().load_count
    }

    fn stores(&self) -> u64 {
        self.cache.statistics().total().store_count
    }
}

fn memory() -> MemoryStore {
    MemoryStore::with_capacity(16 * MIB).unwrap()
}

type Read = fn(&Process, &mut Conn) -> Vec<Arc<Product>>;

const READS: [Read; 4] = [
    |process, conn| vec![process.products.get(1).first(conn).unwrap()],
    |process, conn| vec![process.products.get_by_slug("lamp").first(conn).unwrap()],
    |process, conn| vec![Arc::new(process.products.all("lamp", products::id.eq(1)).load(conn).unwrap()[0].clone())],
    |process, conn| process.products.get_many([1]).load(conn).unwrap().into_iter().flatten().collect(),
];

/// A hook that stops the query of a load until the sender is used or dropped, and tells when it is there.
fn stopped() -> (Hook, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (arrived, arrives) = mpsc::channel();
    let (go, goes) = mpsc::channel::<()>();
    let hook = once_at(Moment::Start, "FROM products", move || {
        arrived.send(()).unwrap();
        let _ = goes.recv_timeout(Duration::from_secs(30));
    });
    (hook, arrives, go)
}

#[track_caller]
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::yield_now();
    }
}

fn patient(builder: CacheBuilder) -> CacheBuilder {
    builder.flight_wait(Duration::from_secs(60)).lease_life(Duration::from_secs(60))
}

#[test]
fn c10_processes_that_miss_together_load_once() {
    for read in READS {
        let street = Street::new();
        let first = street.process("first", patient);
        let others = ["second", "third", "fourth"].map(|name| street.process(name, patient));
        let (hook, arrives, go) = stopped();
        let loads = first.reads(read, Some(hook));
        arrives.recv().unwrap();
        let waits = others.clone().map(|other| other.reads(read, None));
        wait_for("the others wait", || others.iter().all(|other| other.waits() == 1));
        go.send(()).unwrap();
        let rows = loads.join().unwrap();
        assert!(waits.into_iter().all(|waits| waits.join().unwrap() == rows));
        assert_eq!((first.loads(), others.iter().map(Process::loads).sum::<u64>()), (1, 0));
        assert_eq!(rows[0].title, products::table.find(1).first::<Product>(&mut street.shop.conn()).unwrap().title);
    }
}

#[test]
fn c11_who_has_waited_long_enough_asks_the_database_and_stores_nothing() {
    for read in READS {
        let street = Street::new();
        let first = street.process("first", patient);
        let second = street.process("second", |builder| patient(builder).flight_wait(Duration::from_millis(200)));
        let (hook, arrives, go) = stopped();
        let loads = first.reads(read, Some(hook));
        arrives.recv().unwrap();
        let began = Instant::now();
        assert_eq!(second.reads(read, None).join().unwrap()[0].title, "Lamp");
        assert!(began.elapsed() < Duration::from_secs(20));
        assert_eq!((second.timeouts(), second.loads(), second.stores()), (1, 1, 0));
        go.send(()).unwrap();
        loads.join().unwrap();
        assert_eq!(first.stores(), 1);
    }
}

#[test]
fn c11_who_waits_for_a_dead_process_takes_its_place_when_the_lease_ends() {
    for read in READS {
        let street = Street::new();
        let dead = street.process("dead", |builder| patient(builder).lease_life(Duration::from_millis(100)));
        let second = street.process("second", patient);
        let (hook, arrives, go) = stopped();
        let loads = dead.reads(read, Some(hook));
        arrives.recv().unwrap();
        assert_eq!(second.reads(read, None).join().unwrap()[0].title, "Lamp");
        assert_eq!((second.timeouts(), second.loads(), second.stores()), (0, 1, 1));
        go.send(()).unwrap();
        loads.join().unwrap();
    }
}

#[test]
fn c12_an_invalidation_while_processes_wait_leaves_nothing_old_behind() {
    for read in READS {
        let street = Street::new();
        let (first, second) = (street.process("first", patient), street.process("second", patient));
        let (hook, arrives, go) = stopped();
        let loads = first.reads(read, Some(hook));
        arrives.recv().unwrap();
        let waits = second.reads(read, None);
        wait_for("the other waits", || second.waits() == 1);
        retitle(&mut street.shop.conn(), 1, "New").unwrap();
        let mut conn = street.shop.conn();
        assert_eq!(read(&second, &mut conn)[0].title, "New", "who begins after the write");
        go.send(()).unwrap();
        loads.join().unwrap();
        assert_eq!(waits.join().unwrap()[0].title, "New", "whatever it took, it is what is there");
        assert_eq!(read(&first, &mut conn)[0].title, "New");
        recovers(&street.shop);
    }
}

#[test]
fn c13_processes_that_wait_learn_soon_that_the_load_was_given_up() {
    for read in READS {
        let street = Street::new();
        let (first, second) = (street.process("first", patient), street.process("second", patient));
        let (hook, arrives, go) = stopped();
        let gives_up = Arc::new(AtomicBool::new(false));
        let fails = once_at(Moment::Finish, "FROM products", || panic!("on purpose"));
        let both: Hook = Arc::new(std::sync::Mutex::new({
            let gives_up = Arc::clone(&gives_up);
            move |event: &diesel::connection::InstrumentationEvent<'_>| {
                (hook.lock().unwrap())(event);
                if gives_up.load(Ordering::SeqCst) {
                    (fails.lock().unwrap())(event);
                }
            }
        }));
        let loads = first.reads(read, Some(both));
        arrives.recv().unwrap();
        let waits = second.reads(read, None);
        wait_for("the other waits", || second.waits() == 1);
        gives_up.store(true, Ordering::SeqCst);
        go.send(()).unwrap();
        assert!(loads.join().is_err());
        assert_eq!(waits.join().unwrap()[0].title, "Lamp");
        assert_eq!((second.timeouts(), second.loads(), second.stores()), (0, 1, 1));
    }
}

/// While a write has not returned, a reader may be given the row of before it after that of it: it asks for tokens before
/// the write of "Old", and the database after the COMMIT of "New"; another reader has stored "Old" under the tokens that
/// hold until the release. Both reads overlap the write of "New". None that begins after it may be given "Old".
#[test]
fn c16_what_was_stored_between_a_commit_and_its_release_ends_with_the_write() {
    for read in READS {
        let spy = SpyStore::over(Arc::new(memory()));
        let street = Street::over(spy.clone());
        let (first, second) = (street.process("first", patient), street.process("second", patient));
        let (hook, arrives, go) = stopped();
        let slow = first.reads(read, Some(hook));
        arrives.recv().unwrap();
        let mut conn = street.shop.conn();
        retitle(&mut conn, 1, "Old").unwrap();
        assert_eq!(read(&second, &mut conn)[0].title, "Old");
        let (committed, commits) = mpsc::channel();
        let (release, releases) = mpsc::channel::<()>();
        let mut writes = street.shop.conn();
        let writer = thread::spawn({
            let spy = spy.clone();
            move || {
                spy.before_release_of_what_was_read(move || {
                    committed.send(()).unwrap();
                    let _ = releases.recv_timeout(Duration::from_secs(30));
                });
                retitle(&mut writes, 1, "New").unwrap()
            }
        });
        commits.recv().unwrap();
        go.send(()).unwrap();
        assert_eq!(slow.join().unwrap()[0].title, "New", "its query comes after the COMMIT");
        let between = read(&first, &mut conn)[0].title.clone();
        assert!(["Old", "New"].contains(&between.as_str()), "{between}");
        release.send(()).unwrap();
        writer.join().unwrap();
        for process in [&first, &second] {
            assert_eq!(read(process, &mut conn)[0].title, "New", "the write has returned");
        }
    }
}

/// No read gives less than what the last write left that had returned when the read began. Reads of one reader may go back
/// by a write that has not returned yet: see `c16_what_was_stored_between_a_commit_and_its_release_ends_with_the_write`.
#[test]
fn c16_a_row_that_is_written_all_the_time_is_read_in_bounded_time_by_several_processes() {
    let street = Street::new();
    let (is_over, returned) = (AtomicBool::new(false), AtomicI64::new(0));
    let readers = ["first", "second"].map(|name| street.process(name, |builder| builder));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut conn = street.shop.conn();
            for cents in 2_000_i64.. {
                let update = diesel::update(products::table.find(1)).set(products::price_cents.eq(cents));
                update.execute(&mut conn).unwrap();
                returned.store(cents, Ordering::SeqCst);
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        let reads = readers.each_ref().map(|reader| {
            scope.spawn(|| {
                let mut conn = street.shop.conn();
                for _ in 0..50 {
                    let least = returned.load(Ordering::SeqCst);
                    let seen = reader.products.get(1).first(&mut conn).unwrap().price_cents;
                    assert!(seen >= least, "{seen} was read after the write of {least} had returned");
                }
            })
        });
        let results = reads.map(|read| read.join());
        is_over.store(true, Ordering::SeqCst);
        results.into_iter().for_each(|result| result.unwrap());
    });
    assert!(readers.iter().all(|reader| reader.counts() == 50));
}

impl Process {
    fn counts(&self) -> u64 {
        let counts = self.cache.statistics().of("product", Kind::Detail);
        counts.hit_count + counts.miss_count
    }
}
