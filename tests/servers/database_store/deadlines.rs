//! Nobody is held up by tables that are locked, a server that is silent, or a pool in which nothing is free.

use std::time::{Duration, Instant};

use cache_core::store::{Placing, Store, Wanted, Writer};
use cache_core::{Clock, SystemClock, Tag};
use cache_diesel::{DatabaseStore, StoreConnection, create_cache_tables, database_store};
use conformance::{codec, key};
use diesel::r2d2::{ConnectionManager, Pool};

const TIMEOUT: Duration = Duration::from_millis(200);

/// Longer than any call of a machine that does much else takes, and shorter than anybody holds anything here.
const SOON: Duration = Duration::from_secs(10);

fn store<C: StoreConnection>(pool: &Pool<ConnectionManager<C>>) -> DatabaseStore<C> {
    let store = database_store(pool.clone(), "deadlines").unwrap();
    store.shared().expect("others share the tables").set_operation_timeout(TIMEOUT);
    store
}

fn look(store: &impl Store) -> bool {
    let wanted = Wanted { key: key(1), tags: &Vec::new, codec: Some(codec()) };
    store.look(&[wanted], SystemClock::new().now()).is_ok()
}

fn place(store: &impl Store) -> bool {
    store.place(&Placing::new(Writer::fresh(), &[Tag::root()], SOON), SystemClock::new().now()).is_ok()
}

/// Calls fail in time; `undo` ends what is in their way, and then they do not.
fn fails_in_time(store: &impl Store, undo: impl FnOnce()) {
    let began = Instant::now();
    for _ in 0..2 {
        assert!(!look(store) && !place(store));
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    undo();
    assert!((0..100).any(|_| look(store)) && (0..100).any(|_| place(store)));
}

/// Somebody locks the tables, as a migration does, and keeps them.
pub fn locked_tables_hold_nobody_up<C: StoreConnection>(url: &str, [lock, unlock]: [&str; 2]) {
    let pool = super::pool::<C>(url);
    create_cache_tables(&mut *pool.get().unwrap()).unwrap();
    let store = store(&pool);
    let mut other = C::establish(url).unwrap();
    other.batch_execute(lock).unwrap();
    fails_in_time(&store, || other.batch_execute(unlock).unwrap());
}

/// The program has taken all connections, and keeps them.
pub fn an_exhausted_pool_holds_nobody_up<C: StoreConnection>(url: &str) {
    let pool = Pool::builder().max_size(1).build(ConnectionManager::<C>::new(url)).unwrap();
    create_cache_tables(&mut *pool.get().unwrap()).unwrap();
    let store = store(&pool);
    let taken = pool.get().unwrap();
    fails_in_time(&store, || drop(taken));
}

/// Nothing comes from the server any more, and no connection ends.
#[cfg(feature = "redis")]
pub fn a_silent_server_holds_nobody_up<C: StoreConnection>(url: &str) {
    use conformance::redis_server::Cable;

    let (before, after) = url.split_once("127.0.0.1:").unwrap();
    let (port, name) = after.split_once('/').unwrap();
    let cable = Cable::to(port.parse().unwrap());
    let pool = super::pool::<C>(&format!("{before}127.0.0.1:{}/{name}", cable.port()));
    create_cache_tables(&mut *pool.get().unwrap()).unwrap();
    let store = store(&pool);
    assert!(look(&store));
    cable.stall(true);
    fails_in_time(&store, || cable.stall(false));
}
