//! The promises, in every world.

use crate::check::{holds, is_large, keeps_every_promise};
use crate::near::{Left as NearLeft, NearWorld};
use crate::open::{Left as OpenLeft, OpenWorld};
use crate::scenario::{Faults, Scenario};
use crate::scenarios::{
    Case, DETAIL, KEPT, LIST, NEGATIVE, SCOPE, SLUG_A, SLUG_B, brief, cut_off, hasty, interrupted, keeping, lives,
    lossy, now_and_then, together, torn, troubles, unanswered,
};
use crate::shop::Program::{self, Alter, ClearA, DeleteA, InsertB, RenameA, SaveA, UpdateAll};
use crate::sight::Sight;
use crate::steady::{self, SteadyWorld};
use crate::through::{Given, Left, Other, ThroughWorld};

const PLAIN: [Case; 6] = [
    ("a detail and a save", DETAIL, &[SaveA]),
    ("a detail and a plain update", DETAIL, &[UpdateAll]),
    ("a list and an insert", LIST, &[InsertB]),
    ("a scope and an insert", SCOPE, &[InsertB]),
    ("a scope and a delete", SCOPE, &[DeleteA]),
    ("an absent row and an insert", NEGATIVE, &[InsertB]),
];

const PLAIN_BRIEF: [Case; 3] = [
    ("a detail and a save: tags go", DETAIL, &[SaveA]),
    ("a scope and an insert: tags go", SCOPE, &[InsertB]),
    ("a look-up and a save: tags go", SLUG_A, &[SaveA]),
];

const UNIQUE: [Case; 3] = [
    ("a look-up and a save", SLUG_A, &[SaveA]),
    ("a look-up of a value that goes", SLUG_A, &[RenameA]),
    ("a look-up of a value that comes", SLUG_B, &[InsertB]),
];

#[test]
fn model_details_and_lists() {
    for (name, reads, writers) in PLAIN {
        keeps_every_promise(lossy(name, reads, writers));
        keeps_every_promise(cut_off(name, reads, writers));
    }
}

#[test]
fn model_tags_that_go() {
    for (name, reads, writers) in PLAIN_BRIEF {
        keeps_every_promise(brief(name, reads, writers));
    }
}

#[test]
fn model_two_loads_at_a_time() {
    let scenario = lossy("two loads of a detail and a save", DETAIL, &[SaveA]);
    keeps_every_promise(Scenario { fills: 2, ..scenario });
    if is_large() {
        let scenario = cut_off("two loads of a detail and a save", DETAIL, &[SaveA]);
        keeps_every_promise(Scenario { fills: 2, ..scenario });
    }
}

#[test]
fn model_two_writers() {
    for faults in troubles() {
        keeps_every_promise(together(("a detail, a save and a plain update", DETAIL, &[SaveA, UpdateAll]), *faults));
        keeps_every_promise(together(("a list, an insert and a delete", LIST, &[InsertB, DeleteA]), *faults));
        keeps_every_promise(together(("a scope, an insert and a save", SCOPE, &[InsertB, SaveA]), *faults));
    }
}

#[test]
fn model_writers_of_one_process() {
    const WRITERS: &[Program] = &[SaveA, SaveA];
    keeps_every_promise(keeping(("two saves of one process: a crash", DETAIL, WRITERS), KEPT[0]));
    keeps_every_promise(now_and_then(keeping(("two saves now and then: a crash", DETAIL, WRITERS), KEPT[0])));
    let names = [
        ("two saves of one process: a message is lost", "two saves now and then: a message is lost"),
        ("two saves of one process: a key is lost", "two saves now and then: a key is lost"),
        ("two saves of one process: an outcome is lost", "two saves now and then: an outcome is lost"),
        ("two saves of one process: one is given up", "two saves now and then: one is given up"),
    ];
    for (faults, (often, rarely)) in KEPT[1..].iter().zip(names) {
        keeps_every_promise(hasty((often, DETAIL, WRITERS), *faults));
        keeps_every_promise(now_and_then(hasty((rarely, DETAIL, WRITERS), *faults)));
    }
}

#[test]
fn model_processes_that_keep_their_intents() {
    let names = ["two saves of two processes: a crash", "two saves of two processes: a message is lost"];
    for (name, faults) in names.into_iter().zip(KEPT) {
        let sights = &[Sight::Hit, Sight::Killed, Sight::EndedIdle];
        keeps_every_promise(Scenario { processes: &[0, 1], sights, ..hasty((name, DETAIL, &[SaveA, SaveA]), faults) });
    }
}

#[test]
fn model_renewals_that_take_their_time() {
    const SIGHTS: &[Sight] = &[Sight::Hit, Sight::Killed, Sight::Renewed];
    let slow = |case, faults, sights| Scenario { are_calls_slow: true, sights, ..hasty(case, faults) };
    let crash = ("two saves and slow renewals: a crash", DETAIL, &[SaveA, SaveA][..]);
    keeps_every_promise(slow(crash, KEPT[0], SIGHTS));
    let writers: &[Program] = if is_large() { &[SaveA, SaveA] } else { &[SaveA] };
    let lost = ("a save and slow renewals: a message is lost", DETAIL, writers);
    let sights = &[Sight::Hit, Sight::Killed, Sight::Renewed, Sight::LateRenewal];
    keeps_every_promise(slow(lost, KEPT[1], sights));
}

#[test]
fn model_other_lives_and_writers_of_one_process() {
    let faults = Faults { crashes: u8::from(is_large()), restarts: 1, ..Faults::NONE };
    keeps_every_promise(hasty(("other lives and two saves of one process", DETAIL, &[SaveA, SaveA]), faults));
}

#[test]
fn model_changes_of_anything() {
    keeps_every_promise(lossy("a detail and a change of anything", DETAIL, &[Alter]));
    keeps_every_promise(cut_off("a detail and a change of anything", DETAIL, &[Alter]));
    keeps_every_promise(together(("a detail, a save and a change of anything", DETAIL, &[SaveA, Alter]), KEPT[0]));
}

#[test]
fn model_unique_look_ups() {
    for (name, reads, writers) in UNIQUE {
        keeps_every_promise(Scenario { fills: 1, ..lossy(name, reads, writers) });
        keeps_every_promise(interrupted(name, reads, writers));
        keeps_every_promise(unanswered(name, reads, writers));
    }
    let cleared = interrupted("a look-up and a clear", SLUG_A, &[ClearA]);
    keeps_every_promise(Scenario { sights: &[Sight::Hit, Sight::Killed, Sight::LateMessage], ..cleared });
}

#[test]
fn model_torn_look_ups() {
    keeps_every_promise(torn("a scope, read key by key", SCOPE, &[InsertB, SaveA]));
    keeps_every_promise(torn("a detail, read key by key", DETAIL, &[SaveA, UpdateAll]));
}

#[test]
fn model_store_lives() {
    keeps_every_promise(lives("other lives and a list", LIST, &[SaveA]));
    keeps_every_promise(lives("other lives and a detail", DETAIL, &[SaveA]));
    let look_up = lives("other lives and a look-up", SLUG_A, &[SaveA]);
    keeps_every_promise(Scenario { faults: Faults { restarts: 1, ..Faults::NONE }, horizon: 0, ..look_up });
}

#[test]
fn model_near_caches() {
    let sights = [Sight::BehindWithinTrust, Sight::HalfOpen, Sight::Hit, Sight::Overtaken];
    let horizon = if is_large() { 4 } else { 2 };
    let world = |left| NearWorld::new(left, horizon, None);
    for (name, writers) in [("its process' write", &[0][..]), ("another process' write", &[1])] {
        holds(&format!("a near cache and {name}"), world(NearLeft::usual(writers)), |world| &world.sights, &sights);
    }
    let horizon = if is_large() { 3 } else { 2 };
    let forgetful = NearWorld::new(NearLeft::forgetful(&[1]), horizon, None);
    let sights = [Sight::BehindWithinTrust, Sight::Hit];
    holds("a near cache and a store that forgets", forgetful, |world| &world.sights, &sights);
    let sights = [Sight::BehindWithinTrust, Sight::Hit, Sight::PolledTokenGone];
    for (name, writers) in [("its process' write of a table", &[0][..]), ("another process' write of a table", &[1])] {
        let world = NearWorld::new(NearLeft::few(writers), 3, None).of_a_table();
        holds(&format!("a near cache and {name}"), world, |world| &world.sights, &sights);
    }
    let brief = NearWorld::new(NearLeft::few(&[1]), horizon, None).with_brief_tags();
    holds("a near cache and tags that go", brief, |world| &world.sights, &[Sight::Hit]);
}

#[test]
fn model_rows_that_writes_give_back() {
    let sights = &[Sight::GivenHit, Sight::LateMessage, Sight::Overtaken];
    let names = [
        ("a save that stores its row, and another save", Given::Save, &[Other::Key][..]),
        ("a save that stores its row, and a plain update", Given::Save, &[Other::All]),
        ("an insert that stores its row, and a save", Given::Insert, &[Other::Key]),
        ("an insert that stores its row, and a plain update", Given::Insert, &[Other::All]),
    ];
    for (name, given, others) in names {
        holds(name, ThroughWorld::new(given, others, Given::LEFT, None), |world| &world.sights, sights);
    }
    let left = Left { evictions: 0, losses: 0, ..Given::LEFT };
    let two: &[Other] = &[Other::Key, Other::All];
    let world = |given| ThroughWorld::new(given, two, left, None);
    holds("a save that stores its row, and two others", world(Given::Save), |world| &world.sights, &sights[..1]);
    let sights = &[Sight::GivenHit, Sight::SecondLookRefused];
    holds("an insert that stores its row, and two others", world(Given::Insert), |world| &world.sights, sights);
}

#[test]
fn model_tags_that_writers_keep_open() {
    let horizon = if is_large() { 7 } else { 5 };
    let sights = &[Sight::Blocked, Sight::Hit, Sight::LateCommit, Sight::SeededUnderOpen];
    let world = OpenWorld::new(OpenLeft::USUAL, horizon, None);
    holds("a write whose answer comes before its commit, and another", world, |world| &world.sights, sights);
}

#[test]
fn model_steady_tokens_that_are_not_asked_for() {
    let cases = [
        (
            "steady tokens: keys are lost",
            steady::LOST_KEYS,
            &[Sight::BriefHit, Sight::BriefRefused, Sight::Blocked][..],
        ),
        ("steady tokens: no intents beside them", steady::COVERED, &[Sight::BriefHit, Sight::BriefRefused]),
        ("steady tokens: other lives", steady::LIVES, &[Sight::BriefHit, Sight::BriefRefused, Sight::RootChanged]),
        ("steady tokens: programs without stamps", steady::DEPLOY, &[Sight::BriefHit, Sight::BriefRefused]),
    ];
    for (name, around, sights) in cases {
        holds(name, SteadyWorld::new(around, None), |world| &world.sights, sights);
    }
}
