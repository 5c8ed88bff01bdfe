//! A server that answers each question just in time.

use std::time::Duration;

use cache_core::Clock as _;
use conformance::simulation::{Fault, Operation};

use crate::city::City;
use crate::process::Question;

/// The timeout is each question's: a look-up that finds an entry unreadable asks for its removal as well.
#[test]
fn a_call_of_several_questions_may_take_the_timeout_for_each() {
    let (city, slow) = (City::new(), Duration::from_millis(200));
    let process = city.process();
    process.read(Question::Row(1));
    for name in city.server.names().iter().filter(|name| name.contains(":e")) {
        city.server.overwrite(name, b"foreign".to_vec());
    }
    for operation in [Operation::Read, Operation::Remove] {
        process.link.plan(operation, Fault::Delayed(slow));
    }
    let before = city.clock.now();
    assert!(process.look_up(Question::Row(1)).is_err());
    assert_eq!(city.clock.now().since(before), slow * 2);
    // The whole call counts as one that came too late.
    let policy = process.cache.policy();
    assert!(slow < policy.operation_timeout && slow * 2 > policy.operation_timeout);
}
