//! A link that fails: what the caller learns, and what it must not believe.

use cache_core::store::{Outcome, Placing, Put, Release, Wanted, Writer};
use cache_core::{Clock, Codec, Encode, Error, ErrorKind, Life, Result, Tag, Timeout, Worth};
use conformance::Finds;
use conformance::simulation::{Fault, Operation, SimulatedLink, World};
use conformance::{Blob, Subject, Time, codec, key, shared, tag};

const FAULTS: [Fault; 5] = [Fault::Hangs, Fault::Late, Fault::Refused, Fault::ReplyLost, Fault::Torn(0)];

fn world() -> (World, Subject) {
    let world = World::new(Time::by_hand());
    let subject = world.subject();
    (world, subject)
}

fn read(subject: &Subject) -> Result<()> {
    let wanted = Wanted { key: key(1), tags: &Vec::new, codec: Some(codec()) };
    subject.store().find_one(&wanted, subject.now()).map(drop)
}

#[test]
fn every_fault_is_an_error_of_the_store_within_the_timeout() {
    for fault in FAULTS {
        let (world, subject) = world();
        let before = subject.now();
        world.link().plan(Operation::Read, fault);
        assert_eq!(read(&subject).unwrap_err().kind(), ErrorKind::Store, "{fault:?}");
        assert!(subject.now().since(before) <= SimulatedLink::TIMEOUT);
        assert!(read(&subject).is_ok(), "the next call is made over a new connection");
    }
}

#[test]
fn a_cache_tells_how_long_a_call_may_take() {
    let (world, subject) = world();
    subject.store().shared().unwrap().set_operation_timeout(SimulatedLink::TIMEOUT / 10);
    let before = subject.now();
    world.link().plan(Operation::Read, Fault::Hangs);
    assert!(read(&subject).is_err());
    assert_eq!(subject.now().since(before), SimulatedLink::TIMEOUT / 10);
}

#[test]
fn f1_every_operation_says_that_it_failed() {
    let (world, subject) = world();
    let (store, now, writer) = (subject.store(), subject.now(), Writer::fresh());
    world.link().part(true);
    assert!(read(&subject).is_err());
    assert!(store.seed(&[tag(1)], &[], now).is_err());
    assert!(store.place(&Placing::new(writer, &[tag(1)], subject.units(1)), now).is_err());
    assert!(store.reclaim().is_err());
    let lease = cache_core::store::Lease::of(&key(1), &[]);
    assert!(store.shared().unwrap().lease(lease, writer, subject.units(1)).is_err());
    assert!(store.shared().unwrap().give_up(lease, writer, &[]).is_err());
    world.link().part(false);
    assert!(read(&subject).is_ok());
}

#[test]
fn a_partition_of_one_process_leaves_the_others() {
    let (world, subject) = world();
    let peer = subject.peer(None);
    world.link().part(true);
    assert!(read(&subject).is_err());
    let token = peer.under(tag(1));
    peer.put(1, vec![token]);
    assert!(peer.serves(1));
    world.link().part(false);
    assert!(subject.serves(1));
}

#[test]
fn a_further_read_that_fails_serves_nothing() {
    let (world, subject) = world();
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    let link = world.link().clone();
    world.link().after(Operation::Read, move || link.plan(Operation::Read, Fault::Hangs));
    assert!(read(&subject).is_err());
}

#[test]
fn b19_bytes_that_cannot_be_removed_are_still_a_miss() {
    let (world, subject) = world();
    subject.put(1, vec![]);
    subject.hand().overwrite(&key(1), b"foreign".to_vec());
    world.link().plan(Operation::Remove, Fault::Refused);
    for _ in 0..2 {
        assert!(matches!(subject.worth(1), Some(Worth::Unreadable(_))));
    }
    assert_eq!(subject.hand().bytes(&key(1)), None, "the next read removed them");
}

#[test]
fn b19_bytes_that_no_script_reads_count_as_lost() {
    let (world, subject) = world();
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 10);
    let names = world.server().names();
    let of = |kind: &str| names.iter().find(|name| name.starts_with(kind)).unwrap();
    world.server().overwrite(of("shop:i:"), b"foreign".to_vec());
    assert!(subject.seed(tag(1)).is_intended, "lost intents block the tag");
    assert!(!subject.serves(1));
    world.server().overwrite(of("shop:t:"), b"also foreign".to_vec());
    assert_ne!(subject.under(tag(1)), token);
}

#[test]
fn g4_keys_of_others_survive_everything() {
    let (world, subject) = world();
    let foreign = ["other", "shop", "shop:", "shop:e2:", "shop:e2:x", "shop2:e2:{0}", "shop:e2x:{0}"];
    foreign.iter().for_each(|name| world.server().overwrite(name, b"theirs".to_vec()));
    let token = subject.under(Tag::root());
    subject.put(1, vec![token]);
    subject.change(Tag::root());
    subject.store().reclaim().unwrap();
    assert!(foreign.iter().all(|name| world.server().bytes(name).as_deref() == Some(b"theirs")));
}

/// A value that cannot be said in bytes.
struct Unspeakable;

impl Encode for Unspeakable {
    fn encode(&self, _bytes: &mut Vec<u8>) -> Result<()> {
        Err(Error::new(ErrorKind::Codec, "no words for it"))
    }

    fn decode(_bytes: &mut &[u8]) -> Result<Self> {
        Err(Error::new(ErrorKind::Codec, "no words for it"))
    }
}

#[test]
fn a_value_that_does_not_encode_fails_and_the_others_are_stored() {
    let (_, subject) = world();
    let (now, life) = (subject.now(), Life::starting(subject.now(), Timeout::NEVER));
    let speechless = Codec::of::<Unspeakable, Unspeakable>();
    let put =
        |id, codec| Put { key: key(id), value: shared(b"x"), life, tokens: vec![], weight: 1, codec: Some(codec) };
    let puts = vec![put(1, codec()), put(2, speechless), put(3, codec())];
    assert_eq!(subject.store().put(puts, None, now).unwrap_err().kind(), ErrorKind::Codec);
    assert!(subject.serves(1) && subject.find(2).is_none() && subject.serves(3));
}

#[test]
fn a_value_that_does_not_decode_is_unreadable() {
    let (_, subject) = world();
    subject.put(1, vec![]);
    let wanted = Wanted { key: key(1), tags: &Vec::new, codec: Some(Codec::of::<Unspeakable, Blob>()) };
    let found = subject.store().find_one(&wanted, subject.time().now()).unwrap().unwrap();
    assert!(matches!(found.worth, Worth::Unreadable(_)));
    assert_eq!(subject.hand().bytes(&key(1)), None);
}

#[test]
fn a_delay_is_waited_for_up_to_the_timeout() {
    let (world, subject) = world();
    let before = subject.now();
    world.link().plan(Operation::Seed, Fault::Delayed(SimulatedLink::TIMEOUT / 2));
    let seed = subject.seed(tag(1));
    assert_eq!(subject.now().since(before), SimulatedLink::TIMEOUT / 2);
    world.link().plan(Operation::Release, Fault::Delayed(SimulatedLink::TIMEOUT * 2));
    let release = Release { tag: tag(1), outcome: Outcome::Changed };
    assert!(subject.store().release(Writer::fresh(), &[release], &[], subject.now()).is_err());
    assert_eq!(subject.seed(tag(1)), seed);
    world.server().deliver_all();
    assert_ne!(subject.seed(tag(1)), seed);
}
