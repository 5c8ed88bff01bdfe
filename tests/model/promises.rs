//! The promises, in every world.

use crate::check::{holds, is_large, keeps_every_promise};
use crate::near::{Left, NearWorld};
use crate::scenario::Scenario;
use crate::scenarios::{DETAIL, LIST, NEGATIVE, SCOPE, SLUG_A, SLUG_B, alone, lives, together, torn};
use crate::shop::Program::{ClearA, DeleteA, InsertB, RenameA, SaveA, UpdateAll};
use crate::sight::Sight;

#[test]
fn model_details_and_lists() {
    keeps_every_promise(alone("a detail and a save", DETAIL, &[SaveA]));
    let wide = alone("a detail and a plain update", DETAIL, &[UpdateAll]);
    keeps_every_promise(Scenario { fills: 1, ..wide });
    keeps_every_promise(alone("a list and an insert", LIST, &[InsertB]));
    keeps_every_promise(alone("a scope and an insert", SCOPE, &[InsertB]));
    keeps_every_promise(alone("a scope and a delete", SCOPE, &[DeleteA]));
    let negative = alone("an absent row and an insert", NEGATIVE, &[InsertB]);
    keeps_every_promise(Scenario { fills: 1, ..negative });
}

#[test]
fn model_two_writers() {
    keeps_every_promise(together("a detail, a save and a plain update", DETAIL, &[SaveA, UpdateAll]));
    keeps_every_promise(together("a list, an insert and a delete", LIST, &[InsertB, DeleteA]));
    keeps_every_promise(together("a scope, an insert and a save", SCOPE, &[InsertB, SaveA]));
}

#[test]
fn model_unique_look_ups() {
    for (name, reads, writers) in [
        ("a look-up and a save", SLUG_A, &[SaveA][..]),
        ("a look-up and a clear", SLUG_A, &[ClearA]),
        ("a look-up of a value that goes", SLUG_A, &[RenameA]),
        ("a look-up of a value that comes", SLUG_B, &[InsertB]),
    ] {
        let scenario = alone(name, reads, writers);
        keeps_every_promise(Scenario { fills: 1, ..scenario });
    }
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
}

#[test]
fn model_near_caches() {
    let sights = [Sight::BehindWithinTrust, Sight::HalfOpen, Sight::Hit, Sight::Overtaken];
    let horizon = if is_large() { 4 } else { 2 };
    let world = |writers| NearWorld::new(Left::usual(writers), horizon, None);
    holds("a near cache and its process' write", world(&[0]), |world| &world.sights, &sights);
    holds("a near cache and another process' write", world(&[1]), |world| &world.sights, &sights);
}
