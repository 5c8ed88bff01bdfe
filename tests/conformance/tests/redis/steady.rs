//! Tokens that a process does not ask for, because the server's stamp tells that they are still the present ones.

use core::time::Duration;

use cache_core::store::{Link, Outcome, RedisLink, Wanted, Writer};
use cache_core::{Database, Tag, TagKind, Token};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Subject, codec, key, tag};
use redis::Value;

const RECORD: &str = "shop:incarnation";

fn rows() -> Tag {
    Database::named("shop").table("products").whole(TagKind::Rows)
}

/// What the entries depend on: the cache, and the rows of a table, and a row.
fn tags() -> [Tag; 3] {
    [Tag::root(), rows(), tag(1)]
}

fn is_served(subject: &Subject) -> bool {
    let known = || tags().to_vec();
    subject.find_knowing(1, &known).is_some_and(|found| found.worth.is_served())
}

/// A shop with an entry whose steady tags the process remembers.
fn shop() -> (Hands, Subject) {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    fill(&subject);
    assert!(is_remembered(&hands, &subject));
    (hands, subject)
}

fn fill(subject: &Subject) {
    subject.put(1, tags().iter().map(|tag| subject.under(*tag)).collect());
    assert!(is_served(subject));
}

/// Whether the entry is served though the server has lost the token of a steady tag: it was not asked for.
fn is_remembered(hands: &Hands, subject: &Subject) -> bool {
    let name = hands.store("shop").link().names().tag(&rows()).token;
    let token: String = hands.server().run(&["GET", name.as_str()]);
    hands.server().run::<Value>(&["DEL", name.as_str()]);
    let is_served = is_served(subject);
    hands.server().run::<Value>(&["SET", name.as_str(), &token]);
    is_served
}

fn record(hands: &Hands) -> Vec<String> {
    let record: String = hands.server().run(&["GET", RECORD]);
    record.split('#').map(str::to_owned).collect()
}

/// What another process does to the rows of the table.
fn by_another(hands: &Hands, work: impl FnOnce(&RedisLink)) {
    work(hands.store("shop").link());
}

#[test]
fn a_steady_tag_that_another_process_changes_is_asked_for_again() {
    let (hands, subject) = shop();
    let life = Duration::from_secs(60);
    for outcome in [Outcome::Changed, Outcome::Open(life), Outcome::Unknown(life)] {
        by_another(&hands, |link| {
            let writer = Writer::fresh();
            drop(link.release(writer, &[(link.names().tag(&rows()), outcome)], &[]).unwrap());
            assert!(!is_served(&subject), "{outcome:?}");
            drop(link.release(writer, &[(link.names().tag(&rows()), Outcome::Changed)], &[]).unwrap());
        });
        fill(&subject);
        assert!(is_served(&subject), "{outcome:?}");
    }
}

#[test]
fn a_token_beside_which_an_intent_stands_is_asked_for() {
    let (hands, subject) = shop();
    let writer = Writer::fresh();
    by_another(&hands, |link| {
        drop(link.place(writer, &[link.names().tag(&rows())], Duration::from_secs(60), &[]).unwrap());
    });
    assert!(is_served(&subject));
    assert!(!is_remembered(&hands, &subject), "it ends by itself");
    by_another(&hands, |link| {
        drop(link.release(writer, &[(link.names().tag(&rows()), Outcome::Unchanged)], &[]).unwrap());
    });
    assert!(is_served(&subject));
    assert!(is_remembered(&hands, &subject));
}

#[test]
fn an_intent_that_nobody_ends_ends_a_steady_tag_that_was_remembered() {
    let (hands, subject) = shop();
    by_another(&hands, |link| {
        drop(link.place(Writer::fresh(), &[link.names().tag(&rows())], subject.units(1), &[]).unwrap());
    });
    subject.pass(2);
    assert!(!is_served(&subject));
}

#[test]
fn a_write_of_a_row_leaves_what_is_remembered() {
    let (hands, subject) = shop();
    subject.change(tag(1));
    assert!(!is_served(&subject));
    let stamp = record(&hands);
    subject.put(1, tags().iter().map(|tag| subject.under(*tag)).collect());
    assert!(is_remembered(&hands, &subject));
    assert_eq!(record(&hands), stamp);
}

#[test]
fn notes_that_are_made_anew_give_another_stamp() {
    let (hands, subject) = shop();
    let table = Database::named("shop").table("products");
    by_another(&hands, |link| {
        let wide: Vec<_> = table.wide().iter().map(|tag| link.names().tag(tag)).collect();
        let own = cache_core::Fingerprint::of(&[b"own"]);
        link.restore(&link.names().notes(&table.whole(TagKind::Any)), own, &wide).unwrap();
    });
    assert!(!is_served(&subject));
}

/// What a program does when it connects that knows of no stamps: it takes the record for another incarnation's.
fn arrive_as_before(hands: &Hands) {
    let life = record(hands).swap_remove(0);
    by_another(hands, |link| {
        drop(link.release(Writer::fresh(), &[(link.names().tag(&Tag::root()), Outcome::Changed)], &[]).unwrap());
    });
    hands.server().run::<Value>(&["SET", RECORD, &life]);
}

#[test]
fn beside_a_program_that_knows_of_no_stamps_every_tag_is_asked_for() {
    let (hands, subject) = shop();
    arrive_as_before(&hands);
    assert!(!is_served(&subject), "the root has changed");
    fill(&subject);
    assert!(!is_remembered(&hands, &subject));
    // It changes a tag as it always did.
    let name = hands.store("shop").link().names().tag(&rows()).token;
    hands.server().run::<Value>(&["SET", name.as_str(), &format!("t{:016x}", Token::fresh().bits())]);
    assert!(!is_served(&subject));
    subject.change(rows());
    assert_eq!(record(&hands).len(), 1, "whoever changes a tag leaves it so");
}

#[test]
fn a_stamp_that_was_missed_for_an_hour_is_put_there() {
    let (hands, subject) = shop();
    arrive_as_before(&hands);
    fill(&subject);
    let known = || tags().to_vec();
    let wanted = [Wanted { key: key(1), tags: &known, codec: Some(codec()) }];
    let look = |minutes: u32| drop(subject.store().look(&wanted, subject.now().after(MINUTE * minutes)).unwrap());
    look(59);
    assert_eq!(record(&hands).len(), 1);
    look(61);
    assert_eq!(record(&hands).len(), 2);
    assert!(is_served(&subject));
    assert!(is_remembered(&hands, &subject));
}

#[test]
fn stamps_that_change_all_the_time_are_not_relied_on() {
    let (hands, subject) = shop();
    for _ in 0..4 {
        by_another(&hands, |link| {
            let tag = link.names().tag(&Database::named("other").tag());
            drop(link.release(Writer::fresh(), &[(tag, Outcome::Changed)], &[]).unwrap());
        });
        assert!(is_served(&subject));
    }
    assert!(!is_remembered(&hands, &subject));
    for _ in 0..50 {
        assert!(is_served(&subject));
    }
    assert!(is_remembered(&hands, &subject));
}

const MINUTE: Duration = Duration::from_secs(60);
