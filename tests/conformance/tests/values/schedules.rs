//! A call at each point of another one: both give what they would give one after the other, and leave that.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use cache_core::{Cache, Timeout};
use conformance::simulation::Operation;

use crate::kit::Town;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Add(i64),
    Clear,
    Delete,
    Get,
    Incr,
    Load(i64),
    Move,
    Set(i64),
    SetMany(i64),
    Touch,
}

/// What it gives, as text.
type Given = String;

const CALLS: [Call; 10] = [
    Call::Add(100),
    Call::Clear,
    Call::Delete,
    Call::Get,
    Call::Incr,
    Call::Load(200),
    Call::Move,
    Call::Set(300),
    Call::SetMany(400),
    Call::Touch,
];

impl Call {
    /// The same, so that what it writes can be told from what others write.
    fn second(self) -> Self {
        match self {
            Self::Add(value) => Self::Add(value + 5),
            Self::Load(value) => Self::Load(value + 5),
            Self::Set(value) => Self::Set(value + 5),
            Self::SetMany(value) => Self::SetMany(value + 5),
            other => other,
        }
    }

    fn run(self, cache: &Cache) -> Given {
        match self {
            Self::Add(value) => said(cache.add("k", &value, ()).unwrap()),
            Self::Clear => said(cache.clear().is_ok()),
            Self::Delete => said(cache.delete("k").unwrap()),
            Self::Get => said(cache.get::<i64>("k").unwrap()),
            Self::Incr => said(cache.incr("k", 1).ok()),
            Self::Load(value) => said(cache.get_or_set("k", (), || Ok::<_, ()>(value)).unwrap()),
            Self::Move => said(cache.incr_version("k").is_ok()),
            Self::Set(value) => said(cache.set("k", &value, ()).is_ok()),
            Self::SetMany(value) => said(cache.set_many(&[("k", value)], ()).unwrap().len()),
            Self::Touch => said(cache.touch("k", Timeout::NEVER).unwrap()),
        }
    }

    /// What it may give where there is `value`, and what may be left. A load may leave nothing behind.
    fn outcomes(self, value: Option<i64>) -> Vec<(Given, Option<i64>)> {
        match self {
            Self::Add(new) => vec![(said(value.is_none()), value.or(Some(new)))],
            Self::Clear => vec![(said(true), None)],
            Self::Delete => vec![(said(value.is_some()), None)],
            Self::Get => vec![(said(value), value)],
            Self::Incr => vec![(said(value.map(|value| value + 1)), value.map(|value| value + 1))],
            Self::Load(new) => match value {
                Some(value) => vec![(said(value), Some(value))],
                None => vec![(said(new), Some(new)), (said(new), None)],
            },
            Self::Move => vec![(said(value.is_some()), None)],
            Self::Set(new) => vec![(said(true), Some(new))],
            Self::SetMany(new) => vec![(said(0), Some(new))],
            Self::Touch => vec![(said(value.is_some()), value)],
        }
    }
}

fn said(given: impl Debug) -> Given {
    format!("{given:?}")
}

/// What two calls may give and leave, the one after the other: what `first` gives, what `second` gives, what is left.
fn one_after_the_other(first: Call, second: Call, value: Option<i64>) -> Vec<(Given, Given, Option<i64>)> {
    let mut all = Vec::new();
    for (given, between) in first.outcomes(value) {
        all.extend(second.outcomes(between).into_iter().map(|(then, left)| (given.clone(), then, left)));
    }
    all
}

#[test]
fn two_calls_at_once_are_as_good_as_one_after_the_other() {
    let operations = [
        Operation::Read,
        Operation::Open,
        Operation::Seed,
        Operation::Swap,
        Operation::Lease,
        Operation::EndLease,
        Operation::Release,
        Operation::Reclaim,
    ];
    let mut interrupted = 0;
    for before in [None, Some(10)] {
        for (outer, inner) in CALLS.into_iter().flat_map(|one| CALLS.map(|other| (one, other.second()))) {
            for (operation, is_before) in operations.into_iter().flat_map(|at| [(at, true), (at, false)]) {
                interrupted += u32::from(interrupt((outer, inner), before, (operation, is_before)));
            }
        }
    }
    assert!(interrupted > 500, "{interrupted}");
}

/// Does `inner` within `outer`; says whether `outer` came by that point.
fn interrupt((outer, inner): (Call, Call), before: Option<i64>, (operation, is_before): (Operation, bool)) -> bool {
    let town = Town::new();
    let [one, other] = [town.process(), town.process()];
    if let Some(value) = before {
        other.cache.set("k", &value, ()).unwrap();
    }
    let given = Arc::new(Mutex::new(None));
    let (hook_given, between) = (Arc::clone(&given), other.clone());
    let hook = move || *hook_given.lock().unwrap() = Some(inner.run(&between.cache));
    if is_before {
        one.link.before(operation, hook)
    } else {
        one.link.after(operation, hook)
    }
    let outer_given = outer.run(&one.cache);
    let Some(inner_given) = given.lock().unwrap().take() else { return false };
    let left = other.cache.get::<i64>("k").unwrap();
    let seen = (outer_given, inner_given, left);
    let forwards = one_after_the_other(outer, inner, before);
    let backwards = one_after_the_other(inner, outer, before).into_iter().map(|(one, two, left)| (two, one, left));
    // A clear gives room back when it has taken effect: what is set in between may go with the rest.
    let is_cleared_late = outer == Call::Clear && seen.2.is_none();
    let twice: Vec<_> =
        forwards.iter().filter(|_| is_cleared_late).map(|(one, two, _)| (one.clone(), two.clone(), None)).collect();
    let when = if is_before { "before" } else { "after" };
    assert!(
        forwards.into_iter().chain(backwards.collect::<Vec<_>>()).chain(twice).any(|all| all == seen),
        "{inner:?} {when} {operation:?} of {outer:?}, from {before:?}: {seen:?}"
    );
    true
}
