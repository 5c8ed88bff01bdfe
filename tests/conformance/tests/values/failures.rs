//! Stores that fail, and bytes that cannot be read.

use cache_core::store::MemoryStore;
use cache_core::{Cache, ErrorKind, ManualClock, Result};
use conformance::FailingStore;
use conformance::simulation::{Fault, Operation};

use crate::kit::{Town, build};

fn failing() -> (FailingStore, Cache) {
    let store = FailingStore::elsewhere(MemoryStore::with_capacity(1 << 20).unwrap());
    (store.clone(), build(store, &ManualClock::new()))
}

#[test]
fn f1_every_call_but_a_load_says_that_the_store_failed() {
    let calls: [fn(&Cache) -> Result<()>; 13] = [
        |cache| cache.get::<i32>("k").map(drop),
        |cache| cache.get_bytes("k").map(drop),
        |cache| cache.contains_key("k").map(drop),
        |cache| cache.get_many::<i32>(&["k"]).map(drop),
        |cache| cache.set("k", &2, ()),
        |cache| cache.add("l", &2, ()).map(drop),
        |cache| cache.touch("k", ()).map(drop),
        |cache| cache.incr("k", 1).map(drop),
        |cache| cache.delete("k").map(drop),
        |cache| cache.set_many(&[("k", 2)], ()).map(drop),
        |cache| cache.delete_many(&["k"]).map(drop),
        |cache| cache.incr_version("k").map(drop),
        |cache| cache.clear(),
    ];
    for call in calls {
        let (store, cache) = failing();
        cache.set("k", &1, ()).unwrap();
        store.fail_reads(true);
        store.fail_writes(true);
        assert_eq!(call(&cache).unwrap_err().kind(), ErrorKind::Store);
        store.fail_reads(false);
        store.fail_writes(false);
        assert_eq!(cache.get("k").unwrap(), Some(1), "nothing has happened");
    }
}

#[test]
fn f1_a_load_gives_its_value_whatever_fails_and_the_fault_is_counted() {
    use cache_core::store::Operation::{EndLease, Exchange, Get, Lease, Open, Seed};
    for operation in [EndLease, Exchange, Get, Lease, Open, Seed] {
        let (store, cache) = failing();
        store.fail(operation, true);
        assert_eq!(cache.get_or_set("k", (), || Ok::<_, ()>(1)), Ok(1), "{operation:?}");
        assert!(cache.statistics().store.failure_counts[&operation] > 0, "{operation:?}");
        store.fail(operation, false);
        assert_eq!(cache.get_or_set("k", (), || Ok::<_, ()>(1)), Ok(1), "{operation:?}");
        assert_eq!(cache.get("k").unwrap(), Some(1), "{operation:?}");
    }
}

#[test]
fn f3_a_store_that_keeps_failing_is_left_alone() {
    let (store, cache) = failing();
    store.fail_reads(true);
    for _ in 0..20 {
        assert!(cache.get::<i32>("k").is_err());
    }
    assert!(store.call_count(cache_core::store::Operation::Get) < 10);
}

#[test]
fn b19_bytes_that_cannot_be_read_are_a_miss_and_removed() {
    let spoilt: [fn(Vec<u8>) -> Vec<u8>; 5] = [
        |_| Vec::new(),
        |_| b"foreign".to_vec(),
        |bytes| bytes[..80].to_vec(),
        |bytes| bytes.split_last().map(|(last, rest)| [rest, &[last ^ 1]].concat()).unwrap(),
        |bytes| bytes.into_iter().map(|byte| !byte).collect(),
    ];
    for spoil in spoilt {
        let town = Town::new();
        let cache = town.process().cache;
        cache.set("k", &1_i64, ()).unwrap();
        let name = town.server.names().into_iter().find(|name| name.contains(":e2:")).unwrap();
        let spoil_it = || town.server.overwrite(&name, spoil(town.server.bytes(&name).unwrap()));
        spoil_it();
        assert_eq!(cache.get::<i64>("k").unwrap(), None);
        assert_eq!((town.server.bytes(&name), cache.statistics().store.unreadable_count), (None, 1));
        assert!(cache.add("k", &2_i64, ()).unwrap());
        spoil_it();
        assert_eq!(cache.get_or_set("k", (), || Ok::<_, ()>(3_i64)), Ok(3));
        spoil_it();
        cache.set("k", &4_i64, ()).unwrap();
        assert_eq!(cache.get::<i64>("k").unwrap(), Some(4));
        spoil_it();
        assert!(!cache.delete("k").unwrap());
        assert_eq!(town.server.bytes(&name), None);
    }
}

#[test]
fn b22_a_dropped_connection_is_made_again() {
    let process = Town::new().process();
    process.cache.set("k", &1, ()).unwrap();
    process.link.disconnect();
    assert_eq!(process.cache.incr("k", 1).unwrap(), 2);
    process.link.plan(Operation::Read, Fault::Refused);
    assert!(process.cache.get::<i64>("k").is_err());
    assert_eq!(process.cache.get::<i64>("k").unwrap(), Some(2));
}

#[test]
fn nothing_of_an_earlier_life_of_the_server_is_served() {
    let town = Town::new();
    let [one, other] = [town.process(), town.process()];
    one.cache.set("k", &1, ()).unwrap();
    let earlier = town.server.snapshot();
    one.cache.set("k", &2, ()).unwrap();
    town.server.restore(&earlier);
    assert_eq!(one.cache.get::<i32>("k").unwrap(), None);
    assert_eq!(other.cache.get::<i32>("k").unwrap(), None);
    assert!(other.cache.incr("k", 1).is_err());
    assert!(other.cache.add("k", &3, ()).unwrap());
    assert_eq!(one.cache.get::<i32>("k").unwrap(), Some(3));
}

#[test]
fn a_load_from_an_earlier_life_of_the_server_stores_nothing() {
    for is_token_known in [true, false] {
        let town = Town::new();
        let [one, other] = [town.process(), town.process()];
        if is_token_known {
            one.cache.set("warm", &1, ()).unwrap();
        }
        let found = one.cache.get_or_set("k", (), || {
            let vacant = town.server.snapshot();
            other.cache.set("k", &2, ()).unwrap();
            town.server.restore(&vacant);
            Ok::<_, ()>(1)
        });
        assert_eq!(found, Ok(1));
        assert_eq!(other.cache.get::<i32>("k").unwrap(), None, "what was loaded is older than what was set");
    }
}
