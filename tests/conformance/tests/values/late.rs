//! What arrives after its caller gave up, and after later calls.

use std::time::Duration;

use cache_core::{Cache, Timeout};
use conformance::simulation::{Fault, Operation};

use crate::kit::Town;

type Call = (&'static str, fn(&Cache) -> bool);

/// Calls that change something, each as if there were a value and as if there were none.
const CALLS: [Call; 7] = [
    ("set", |cache| cache.set("k", &100_i64, Timeout::NEVER).is_ok()),
    ("add", |cache| cache.add("k", &200_i64, Timeout::NEVER).is_ok()),
    ("get_or_set", |cache| cache.get_or_set("k", Timeout::NEVER, || Ok::<_, ()>(300_i64)).is_ok()),
    ("incr", |cache| cache.incr("k", 1).is_ok()),
    ("touch", |cache| cache.touch("k", Timeout::NEVER).is_ok()),
    ("delete", |cache| cache.delete("k").is_ok()),
    ("set_many", |cache| cache.set_many(&[("k", 400_i64)], Timeout::NEVER).is_ok()),
];

#[test]
fn what_arrives_late_changes_nothing_that_somebody_has_changed_since() {
    let faults = [Fault::Late, Fault::SentTwice, Fault::ReplyLost, Fault::Torn(0), Fault::Hangs];
    let operations = [Operation::Open, Operation::Swap, Operation::Seed, Operation::Read];
    for before in [None, Some(10_i64)] {
        for ((late, call), (later, change)) in CALLS.into_iter().flat_map(|one| CALLS.map(|other| (one, other))) {
            for (fault, operation) in faults.into_iter().flat_map(|fault| operations.map(|at| (fault, at))) {
                let town = Town::new();
                let [one, other] = [town.process(), town.process()];
                if let Some(value) = before {
                    one.cache.set("k", &value, Duration::from_secs(60)).unwrap();
                }
                one.link.plan(operation, fault);
                call(&one.cache);
                let seen = other.cache.get::<i64>("k").unwrap();
                let stored = other.cache.statistics().total();
                change(&other.cache);
                let done = other.cache.statistics().total();
                let after = other.cache.get::<i64>("k").unwrap();
                town.server.deliver_all();
                let is_changed = (stored.store_count, stored.delete_count) != (done.store_count, done.delete_count);
                if is_changed || seen != after {
                    let there = other.cache.get::<i64>("k").unwrap();
                    assert_eq!(there, after, "{late} with {fault:?} of {operation:?}, then {later}, from {before:?}");
                }
            }
        }
    }
}

#[test]
fn a_delete_where_nothing_is_ends_what_is_still_on_its_way() {
    for fault in [Fault::Late, Fault::SentTwice] {
        let town = Town::new();
        let [one, other] = [town.process(), town.process()];
        one.cache.set("warm", &1, ()).unwrap();
        one.link.plan(Operation::Swap, fault);
        drop(one.cache.set("k", &1, ()));
        other.cache.delete("k").unwrap();
        town.server.deliver_all();
        assert_eq!(other.cache.get::<i32>("k").unwrap(), None, "{fault:?}");
    }
}

#[test]
fn a_clear_ends_what_is_still_on_its_way() {
    let town = Town::new();
    let [one, other] = [town.process(), town.process()];
    one.cache.set("k", &1, ()).unwrap();
    one.link.plan(Operation::Swap, Fault::Late);
    assert!(one.cache.set("k", &2, ()).is_err());
    other.cache.clear().unwrap();
    town.server.deliver_all();
    assert_eq!(other.cache.get::<i32>("k").unwrap(), None);
}
