//! Reads of what stays in memory: the server has nothing to say about them, and they say nothing about the server.

use cache_core::store::Wanted;
use cache_core::{Kind, Miss, Reader};
use conformance::codec;

use crate::city::City;
use crate::process::{Process, Question};

fn look(process: &Process, is_stored: bool) -> Option<Miss> {
    let counters = process.cache.counters("product", Kind::Detail);
    let reader = Reader { cache: &process.cache, manager: "product", kind: Kind::Detail, counters: &counters };
    let wanted = Wanted { key: Question::Row(1).key(), tags: &Vec::new, codec: is_stored.then(codec) };
    reader.look_up(&wanted).err().map(|missed| missed.cause)
}

/// A call that was never sent says nothing of the server's health.
#[test]
fn the_breaker_opens_whatever_is_read_in_between() {
    let city = City::new();
    let process = city.process();
    process.link.part(true);
    let before = process.link.round_trips();
    for _ in 0..100 {
        look(&process, true);
        look(&process, false);
    }
    let calls = process.link.round_trips() - before;
    assert!(calls < 10, "{calls} calls wait for their timeout");
}

#[test]
fn the_breaker_is_not_closed_by_a_call_that_is_not_sent() {
    let city = City::new();
    let process = city.process();
    process.link.part(true);
    (0..5).for_each(|_| assert!(look(&process, true).is_some()));
    assert_eq!(look(&process, true), Some(Miss::StoreAvoided));
    city.clock.advance(std::time::Duration::from_secs(60));
    look(&process, false);
    assert_eq!(process.cache.statistics().store.breaker_closed_count, 0);
}
