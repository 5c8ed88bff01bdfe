//! Walks through all of a world, or until a promise is broken.

use core::fmt::Debug;
use core::hash::Hash;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use crate::scenario::{Mutation, Scenario};
use crate::sight::{Sight, Sights};
use crate::world::World;

/// Whether the larger size was asked for.
pub(crate) fn is_large() -> bool {
    std::env::var("MODEL_SIZE").is_ok_and(|size| size == "large")
}

/// Every state that the scenario can reach keeps every promise, and shows what it is about.
pub(crate) fn keeps_every_promise(scenario: Scenario) {
    let (name, sights) = (scenario.name, scenario.sights);
    holds(name, World::new(scenario), |world| &world.sights, sights);
}

/// Walks through all of `model`.
pub(crate) fn holds<M>(name: &str, model: M, seen: fn(&M) -> &Sights, expected: &[Sight])
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq> + Send + Sync,
    M: 'static,
{
    let start = Instant::now();
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    println!("{name}: {} states, {} steps, {:?}", checker.unique_state_count(), checker.state_count(), start.elapsed());
    if let Some((promise, path)) = checker.discoveries().into_iter().next() {
        panic!("{name}: {promise} is broken\n{}", said(&path.into_actions()));
    }
    let unseen: Vec<_> = expected.iter().filter(|sight| !seen(checker.model()).has(**sight)).collect();
    assert!(unseen.is_empty(), "{name}: nothing was seen of {unseen:?}");
}

/// With the defect in it, the scenario breaks a promise.
pub(crate) fn catches(mutation: Mutation, scenario: Scenario, promise: &'static str) {
    let name = scenario.name;
    breaks(&format!("{mutation:?} in {name}"), World::new(Scenario { mutation: Some(mutation), ..scenario }), promise);
}

/// The scenario is beyond what the promise says: it breaks it.
pub(crate) fn is_broken(scenario: Scenario, promise: &'static str) {
    breaks(scenario.name, World::new(scenario), promise);
}

/// Finds a way to break `promise` in `model`, and says by which steps.
pub(crate) fn breaks<M>(name: &str, model: M, promise: &'static str)
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq> + Send + Sync,
    M: 'static,
{
    let start = Instant::now();
    let checker = model.checker().finish_when(HasDiscoveries::AnyOf([promise].into())).spawn_bfs().join();
    let count = checker.unique_state_count();
    let Some(path) = checker.discovery(promise) else { panic!("{name} goes unnoticed: {count} states") };
    println!("{name}: {promise} is broken, {count} states, {:?}\n{}", start.elapsed(), said(&path.into_actions()));
}

fn said<A: Debug>(actions: &[A]) -> String {
    let lines = actions.iter().enumerate().map(|(step, action)| format!("  {:>2}. {action:?}\n", step + 1));
    lines.collect()
}
