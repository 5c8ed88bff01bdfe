//! Is anything served that lies on a server in the place of an entry and is not that entry? Run:
//! `cargo +nightly fuzz run entry`.
#![no_main]

use cache_core::store::{Put, Wanted};
use cache_core::{Life, Tag, Timeout, Worth};
use conformance::simulation::World;
use conformance::{Finds, Frail, Time, codec, key, shared, tag};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let world = World::new(Time::by_hand());
    let subject = world.subject();
    let (store, now) = (subject.store(), subject.now());
    let tags = [Tag::root(), tag(1)];
    let seeds = store.seed(&tags, &[], now).expect("nothing fails").seeds;
    let tokens = tags.iter().zip(&seeds).map(|(tag, seed)| (*tag, seed.token)).collect();
    let life = Life::starting(now, Timeout::NEVER);
    let put = Put { key: key(1), value: shared(b"value"), life, tokens, weight: 5, codec: Some(codec()) };
    store.put(vec![put], None, now).expect("nothing fails");
    let whole = world.bytes(&key(1)).expect("it was just stored");

    // The input itself, and the entry with the input laid over it.
    let laid_over: Vec<u8> = whole.iter().enumerate().map(|(at, byte)| byte ^ bytes.get(at).unwrap_or(&0)).collect();
    for spoilt in [bytes.to_vec(), laid_over] {
        let is_whole = spoilt == whole;
        world.overwrite(&key(1), spoilt);
        let wanted = Wanted { key: key(1), tags: &|| tags.to_vec(), codec: Some(codec()) };
        let found = store.find_one(&wanted, now).expect("bytes are no reason to fail");
        assert!(is_whole || found.is_none_or(|found| found.worth != Worth::Fresh), "it is served");
    }
});
