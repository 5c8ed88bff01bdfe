//! Loads rows and lists into a cache: a bounded number of loads at once, and a word on the way.

use core::cmp::Ordering;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::io::{IsTerminal, Write as _, stderr};
use std::thread;

use diesel::connection::LoadConnection;
use serde_json::{Value, json};

use crate::backend::CacheBackend;
use crate::manage::Manage;
use crate::manage::answer::Answer;
use crate::manage::failure::Failure;
use crate::manage::interrupt;
use crate::manage::list;
use crate::manage::managed::Managed;

impl<C: LoadConnection<Backend: CacheBackend> + 'static> Manage<C> {
    pub(super) fn warm(
        &self,
        manager: &str,
        (keys, from): (Vec<String>, Option<&str>),
        at_once: usize,
    ) -> Result<Answer, Failure> {
        let manager = self.of(manager)?;
        list::reachable(manager.cache())?;
        let keys = self.keys_from(manager, keys, from)?;
        let (rounds, found) = (Rounds::of(&keys), AtomicUsize::new(0));
        let work = || -> Result<(), Failure> {
            let mut conn = self.connection()?;
            while !interrupt::is_asked()
                && let Some(round) = rounds.next()
            {
                found.fetch_add(manager.warm(round.keys, &mut conn)?, Relaxed);
                rounds.end(&round);
            }
            Ok(())
        };
        let threads = at_once.clamp(1, rounds.chunks.len().max(1));
        let ended = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let panicked = |_| Failure::database("a load has panicked");
            // Each is waited for, whatever became of the others.
            let ends: Vec<_> = workers.into_iter().map(|worker| worker.join().map_err(panicked)).collect();
            ends.into_iter().try_for_each(|end| end?)
        });
        let left = rounds.first_left();
        let ended = ended.and(if left.is_some() { Err(Failure::interrupted()) } else { Ok(()) });
        ended.map_err(|failure| match left {
            Some(key) => failure.and(format!("go on with `--from {key}`")),
            None => failure,
        })?;
        let (asked, found) = (keys.len(), found.into_inner());
        let table = format!("{}: {found} of {asked} rows are cached", manager.name());
        Ok(Answer::good(table, json!({ "manager": manager.name(), "asked": asked, "cached": found })))
    }

    pub(super) fn warm_list(&self, manager: &str, name: &str) -> Result<Answer, Failure> {
        let manager = self.of(manager)?;
        let mut named = self.lists.iter().filter(|list| list.manager == manager.name());
        let known: Vec<&str> = named.clone().map(|list| &*list.name).collect();
        let unknown = || {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Failure::usage(format!("no list of `{}` is called `{name}`, there are: {known}", manager.name()))
        };
        let list = named.find(|list| list.name == name).ok_or_else(unknown)?;
        list::reachable(manager.cache())?;
        let found = (list.read)(&mut self.connection()?)?;
        let table = format!("{}: `{name}` is cached, {found} rows", manager.name());
        Ok(Answer::good(table, json!({ "manager": manager.name(), "list": name, "cached": found })))
    }

    /// The keys to load, in their order if they are those of the database.
    fn keys_from(
        &self,
        manager: &dyn Managed<C>,
        keys: Vec<String>,
        from: Option<&str>,
    ) -> Result<Vec<String>, Failure> {
        let from = from.map(|from| manager.key_as_json(from)).transpose()?;
        let mut keys = if keys.is_empty() {
            let mut all = manager.keys(&mut self.connection()?)?;
            all.sort_by(|one, other| order(one, other));
            all
        } else {
            keys.iter().map(|key| manager.key_as_json(key)).collect::<Result<_, _>>()?
        };
        if let Some(from) = from {
            keys.retain(|key| order(key, &from).is_ge());
        }
        Ok(keys)
    }
}

/// The order of two keys, as JSON says them: the same in each run, whichever order the database has.
fn order(one: &str, other: &str) -> Ordering {
    let value = |text| serde_json::from_str(text).unwrap_or(Value::Null);
    order_of(&value(one), &value(other)).then_with(|| one.cmp(other))
}

fn order_of(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_i128(), other.as_i128()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => {
            let parts = one.iter().zip(other).map(|(one, other)| order_of(one, other));
            parts.fold(Ordering::Equal, Ordering::then)
        }
        _ => Ordering::Equal,
    }
}

/// Keys in portions, of which each is loaded by one thread.
struct Rounds<'a> {
    keys: &'a [String],
    chunks: Vec<(&'a [String], AtomicBool)>,
    next: AtomicUsize,
    done: AtomicUsize,
}

struct Round<'a> {
    keys: &'a [String],
    is_done: &'a AtomicBool,
}

impl<'a> Rounds<'a> {
    /// So many rows are asked for by one query.
    const CHUNK: usize = 200;

    fn of(keys: &'a [String]) -> Self {
        let chunks = keys.chunks(Self::CHUNK).map(|chunk| (chunk, AtomicBool::new(false))).collect();
        Self { keys, chunks, next: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    fn next(&self) -> Option<Round<'_>> {
        let (keys, is_done) = self.chunks.get(self.next.fetch_add(1, Relaxed))?;
        Some(Round { keys, is_done })
    }

    fn end(&self, round: &Round<'_>) {
        round.is_done.store(true, Relaxed);
        tell(self.done.fetch_add(round.keys.len(), Relaxed) + round.keys.len(), self.keys.len());
    }

    /// From here on not all was loaded.
    fn first_left(&self) -> Option<&str> {
        let (keys, _) = self.chunks.iter().find(|(_, is_done)| !is_done.load(Relaxed))?;
        keys.first().map(String::as_str)
    }
}

/// How far it is, for somebody who looks.
fn tell(done: usize, all: usize) {
    // With a hundred thousand rows the line has 33 letters: a narrow terminal has 40.
    const WIDTH: usize = 10;
    if stderr().is_terminal() {
        let full = done * WIDTH / all.max(1);
        let end = if done == all { "\n" } else { "" };
        // Nobody may look any more.
        _ = write!(stderr(), "\r[{}{}] {done} of {all} rows{end}", "#".repeat(full), " ".repeat(WIDTH - full));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_order() {
        let mut keys = ["10", "9", "-1", "9007199254740993", "9007199254740992"];
        keys.sort_by(|one, other| order(one, other));
        assert_eq!(keys, ["-1", "9", "10", "9007199254740992", "9007199254740993"]);
        let mut pairs = ["[10,\"a\"]", "[9,\"b\"]", "[9,\"a\"]"];
        pairs.sort_by(|one, other| order(one, other));
        assert_eq!(pairs, ["[9,\"a\"]", "[9,\"b\"]", "[10,\"a\"]"]);
    }

    #[test]
    fn what_is_left_begins_with_the_first_portion_that_is_not_done() {
        let keys: Vec<String> = (0..500).map(|key| key.to_string()).collect();
        let rounds = Rounds::of(&keys);
        let (first, second) = (rounds.next().unwrap(), rounds.next().unwrap());
        rounds.end(&second);
        assert_eq!(rounds.first_left(), Some("0"), "one at once is behind the other");
        rounds.end(&first);
        assert_eq!(rounds.first_left(), Some("400"));
        rounds.end(&rounds.next().unwrap());
        assert!(rounds.first_left().is_none() && rounds.next().is_none());
    }
}
