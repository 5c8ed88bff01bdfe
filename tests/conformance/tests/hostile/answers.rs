//! A store that gives more or fewer answers than were asked for says nothing about any of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cache_core::protocol::wait::Wait;
use cache_core::store::{Operation, Wanted};
use cache_core::{Cache, Miss, Result, Start};

use crate::hooked::{Hooked, end, failed, fill, key, look_up, reading, start, write};

fn world() -> (Hooked, Cache) {
    let store = Hooked::new();
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    (store, cache)
}

#[test]
fn each_entry_that_is_looked_up_has_one_answer() {
    for surplus in [-2, -1, 0, 1] {
        let (store, cache) = world();
        (0..3).for_each(|id| fill(&cache, id, id));
        store.answer_with_surplus(surplus);
        let wanted: Vec<_> = (0..3).map(|id| Wanted { key: key(id), tags: &Vec::new, codec: None }).collect();
        let found = reading(&cache, |reader| reader.look_up_many(&wanted));
        assert_eq!(found.len(), 3, "{surplus}");
        let are_misses = found.iter().all(|found| matches!(found, Err(Miss::StoreFailed)));
        assert_eq!(are_misses, surplus != 0, "{surplus}");
    }
}

/// The tokens tell whether a load began before a write: without them nobody may join one.
#[test]
fn nobody_joins_a_load_from_before_a_write_whatever_the_store_answers() {
    for surplus in [-1, 1] {
        let (store, cache) = world();
        store.answer_with_surplus(surplus);
        let before = start(&cache, 1);
        write(&cache);
        assert!(!matches!(start(&cache, 1), Start::Follow(_)), "{surplus}");
        if let Start::Lead(before) = before {
            end(&cache, *before, 10);
        }
        store.answer_with_surplus(0);
        assert!(look_up(&cache, 1).is_err(), "{surplus}");
    }
}

/// What is not stored holds nobody up: those who wait for it would go on waiting.
#[test]
fn a_lease_ends_whatever_becomes_of_what_was_loaded_under_it() {
    let fates: [fn() -> Result<()>; 3] = [|| Ok(()), || Err(failed()), || panic!("on purpose")];
    for (place, fate) in fates.into_iter().enumerate() {
        let (store, cache) = world();
        let ended = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&ended);
        store.hook(move |operation| match operation {
            Operation::Put => fate(),
            Operation::EndLease => {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
            _ => Ok(()),
        });
        let Start::Lead(mut fill) = start(&cache, 1) else { panic!("nobody else loads") };
        let nothing = |_, _| None::<()>;
        assert!(reading(&cache, |reader| fill.approach(reader, Wait::new(Duration::ZERO), None, nothing)).is_none());
        end(&cache, *fill, 10);
        assert_eq!(ended.load(Ordering::SeqCst), 1, "{place}");
    }
}
