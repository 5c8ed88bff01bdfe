//! The world of computed values: one over two tables, of which one is read by a value within it, and writes in between.

use std::collections::BTreeMap;

use cache_core::protocol::collect::{Collected, Needs};
use cache_core::{Tag, TagKind, Token};
use stateright::{Checker, Model, Property};

use crate::catalog::database;

/// What is made wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// A nested value that is found does not say what it depends on.
    SilentHit,
    /// Of two tokens of one tag the later one counts.
    LaterToken,
}

#[derive(Debug)]
struct ComputedWorld {
    mistake: Option<Mistake>,
}

/// How often each table is written.
const WRITES: u8 = 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Table {
    commits: u8,
    /// So many of them were released: whoever reads afterwards has to see them.
    acknowledged: u8,
    token: u64,
}

/// A value, with the number of commits of each table that its reads have shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    tokens: Vec<(Tag, Token)>,
    shows: Vec<(usize, u8)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Computation {
    step: u8,
    collected: Collected,
    /// By mistake: the latest token of each tag.
    latest: BTreeMap<Tag, Token>,
    shows: Vec<(usize, u8)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    tables: [Table; 2],
    outer: Computation,
    /// Somebody else computes the nested value, under this token.
    other: Option<Token>,
    inner: Option<Entry>,
    entry: Option<Entry>,
    next: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Commit(usize),
    Release(usize),
    /// The next step of the computation.
    Outer,
    /// The next step of somebody else who computes the nested value.
    Other,
}

fn tag(table: usize) -> Tag {
    database().table(["products", "tags"][table]).whole(TagKind::Any)
}

impl State {
    fn token(&self, table: usize) -> Token {
        Token::from_bits(self.tables[table].token)
    }

    fn is_hit(&self, entry: &Entry) -> bool {
        entry.tokens.iter().all(|(held, token)| (0..2).any(|table| tag(table) == *held && self.token(table) == *token))
    }

    /// Whether the value would be served though it does not show what was written.
    fn is_broken(&self) -> bool {
        let is_late = |(table, shown): &(usize, u8)| *shown < self.tables[*table].acknowledged;
        self.entry.as_ref().is_some_and(|entry| self.is_hit(entry) && entry.shows.iter().any(is_late))
    }

    fn note(&mut self, table: usize) {
        let token = self.token(table);
        self.outer.collected.note(tag(table), token);
        self.outer.latest.insert(tag(table), token);
    }

    fn read(&mut self, table: usize) {
        self.outer.shows.push((table, self.tables[table].commits));
    }
}

impl ComputedWorld {
    /// The first table is read, then the nested value, then the first table again.
    fn compute(&self, state: &mut State) {
        state.outer.step += 1;
        match state.outer.step {
            1 | 6 => state.note(0),
            2 | 7 => state.read(0),
            3 => {
                let Some(inner) = state.inner.clone().filter(|inner| state.is_hit(inner)) else { return };
                state.outer.step = 5;
                state.outer.shows.extend(inner.shows);
                if self.mistake != Some(Mistake::SilentHit) {
                    inner.tokens.into_iter().for_each(|(tag, token)| state.outer.collected.note(tag, token));
                }
            }
            4 => state.note(1),
            5 => {
                state.read(1);
                let token = state.outer.collected.token_of(&tag(1)).expect("it was noted");
                let shows = vec![(1, state.tables[1].commits)];
                state.inner = Some(Entry { tokens: vec![(tag(1), token)], shows });
            }
            _ => {
                let tokens = match self.mistake {
                    Some(Mistake::LaterToken) => Some(state.outer.latest.clone().into_iter().collect()),
                    _ => state.outer.collected.verdict(0, Needs::Reads).ok(),
                };
                let shows = core::mem::take(&mut state.outer.shows);
                state.entry = tokens.map(|tokens| Entry { tokens, shows });
            }
        }
    }

    const LAST: u8 = 8;
}

impl Model for ComputedWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        let tables = [1, 2].map(|token| Table { token, ..Table::default() });
        vec![State { tables, outer: Computation::default(), other: None, inner: None, entry: None, next: 3 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (place, table) in state.tables.iter().enumerate() {
            if table.acknowledged < table.commits {
                actions.push(Action::Release(place));
            } else if table.commits < WRITES {
                actions.push(Action::Commit(place));
            }
        }
        if state.outer.step < Self::LAST {
            actions.extend([Action::Outer, Action::Other]);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Commit(table) => state.tables[table].commits += 1,
            Action::Release(table) => {
                let table = &mut state.tables[table];
                (table.acknowledged, table.token) = (table.commits, state.next);
                state.next += 1;
            }
            Action::Outer => self.compute(&mut state),
            Action::Other => match state.other.take() {
                None => state.other = Some(state.token(1)),
                Some(token) => {
                    let shows = vec![(1, state.tables[1].commits)];
                    state.inner = Some(Entry { tokens: vec![(tag(1), token)], shows });
                }
            },
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let hit = |_: &Self, state: &State| state.entry.as_ref().is_some_and(|entry| state.is_hit(entry));
        vec![
            Property::always("coherence", |_, state: &State| !state.is_broken()),
            Property::sometimes("a hit", hit),
            Property::sometimes("not kept", |_, state: &State| state.outer.step == Self::LAST && state.entry.is_none()),
            Property::sometimes("ended", |_, state: &State| {
                state.entry.as_ref().is_some_and(|entry| !state.is_hit(entry))
            }),
        ]
    }
}

#[test]
fn y2_a_computed_value_shows_every_write_that_was_released() {
    let checker = ComputedWorld { mistake: None }.checker().spawn_bfs().join();
    checker.assert_properties();
    println!("computed values: {} states", checker.unique_state_count());
}

#[test]
fn y3_a_later_token_and_a_silent_hit_are_found() {
    for mistake in [Mistake::LaterToken, Mistake::SilentHit] {
        let checker = ComputedWorld { mistake: Some(mistake) }.checker().spawn_bfs().join();
        assert!(checker.discovery("coherence").is_some(), "{mistake:?} is not found");
    }
}
