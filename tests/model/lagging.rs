//! The world of values that may lag: one over a table, computed while the table is written and while it is ended by hand, and
//! one that is computed from it and may not lag.

use core::time::Duration;

use cache_core::protocol::collect::{Collected, Needs, Unkept, may_lag};
use cache_core::{Life, Tag, TagKind, Timeout, Timestamp, Token, Worth, judge};
use stateright::{Checker, Model, Property};

use crate::catalog::database;

/// What is made wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// What ends it by hand is asked for when it is stored.
    LateOwnToken,
    /// It may lag from when it is stored on, and not from when its computation began.
    LifeFromStoring,
    /// What is computed from it does not learn that it lags.
    SilentLag,
}

#[derive(Debug)]
struct LaggingWorld {
    mistake: Option<Mistake>,
}

const LAG: u64 = 2;
const LAST_MOMENT: u64 = 4;
const WRITES: usize = 2;
const COMPUTATIONS: u8 = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    now: u64,
    commits: usize,
    /// When each of them was released: whoever reads afterwards has to see it, within the lag.
    released_at: Vec<u64>,
    table: u64,
    /// How often it was ended by hand, and the token of that.
    ended: usize,
    own: u64,
    computing: Option<Computing>,
    computed: u8,
    current: Option<Entry>,
    lagging: Option<(Entry, u64, u64)>,
    strict: Option<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Computing {
    step: u8,
    began_at: u64,
    collected: Collected,
    shows: (usize, usize),
}

/// A value, with what it shows: so many commits, and so many ends by hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    tokens: Vec<(Tag, Token)>,
    shows: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Commit,
    Compute,
    EndByHand,
    Release,
    /// Somebody computes the other value from what is served.
    Strict,
    Tick,
}

fn tag(name: &str) -> Tag {
    database().table(name).whole(TagKind::Any)
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl State {
    fn token(&self, of: &Tag) -> Token {
        let own = if *of == tag("own") { 100 + self.own } else { self.table };
        Token::from_bits(own)
    }

    fn is_current(&self, entry: &Entry) -> bool {
        entry.tokens.iter().all(|(tag, token)| *token == self.token(tag))
    }

    /// What is given to whoever asks, and whether it lags.
    fn served(&self) -> Option<(&Entry, bool)> {
        let current = self.current.as_ref().filter(|entry| self.is_current(entry));
        let lagging = self.lagging.as_ref().filter(|(entry, begins_at, lives)| {
            let life = Life::starting(Timestamp::from_nanos(0).after(seconds(*begins_at)), Timeout::from_secs(*lives));
            let worth = judge(&life, [], Timestamp::from_nanos(0).after(seconds(self.now)));
            self.is_current(entry) && worth == Worth::Fresh
        });
        current.map(|entry| (entry, false)).or(lagging.map(|(entry, ..)| (entry, true)))
    }

    /// Whether what is served is behind by the lag, or by what was ended by hand.
    fn is_broken(&self) -> bool {
        let is_late = |released_at: &u64| self.now - released_at >= LAG;
        let is_behind =
            |(commits, ended): (usize, usize)| ended < self.ended || self.released_at.iter().skip(commits).any(is_late);
        let is_strict_behind = |entry: &Entry| self.is_current(entry) && entry.shows.0 < self.released_at.len();
        self.served().is_some_and(|(entry, _)| is_behind(entry.shows))
            || self.strict.as_ref().is_some_and(is_strict_behind)
    }
}

impl LaggingWorld {
    fn compute(&self, state: &mut State) {
        let Some(mut computing) = state.computing.take() else {
            let mut collected = Collected::default();
            collected.note(tag("own"), state.token(&tag("own")));
            state.computing = Some(Computing { step: 0, began_at: state.now, collected, shows: (0, 0) });
            return;
        };
        computing.step += 1;
        match computing.step {
            1 | 3 => computing.collected.note(tag("products"), state.token(&tag("products"))),
            2 => computing.shows = (state.commits, state.ended),
            _ => {
                state.computed += 1;
                return self.conclude(state, &computing);
            }
        }
        state.computing = Some(computing);
    }

    fn conclude(&self, state: &mut State, computing: &Computing) {
        let verdict = computing.collected.verdict(1, Needs::Reads);
        let took = seconds(state.now - computing.began_at);
        if may_lag(seconds(LAG), took, verdict.as_ref().err().copied()) {
            let own = match self.mistake {
                Some(Mistake::LateOwnToken) => state.token(&tag("own")),
                _ => computing.collected.token_of(&tag("own")).expect("it was noted"),
            };
            let begins_at = if self.mistake == Some(Mistake::LifeFromStoring) { state.now } else { computing.began_at };
            let entry = Entry { tokens: vec![(tag("own"), own)], shows: computing.shows };
            state.lagging = Some((entry, begins_at, LAG));
        }
        if let Ok(tokens) = verdict {
            state.current = Some(Entry { tokens, shows: computing.shows });
        }
    }

    /// It reads another table, which nobody writes, and the value.
    fn compute_strict(&self, state: &mut State) {
        let Some((entry, lags)) = state.served() else { return };
        let (mut collected, shows) = (Collected::default(), entry.shows);
        collected.note(tag("own"), state.token(&tag("own")));
        if !lags {
            entry.tokens.iter().for_each(|(tag, token)| collected.note(*tag, *token));
        } else if self.mistake != Some(Mistake::SilentLag) {
            collected.refuse(Unkept::Changed);
        }
        state.strict = collected.verdict(0, Needs::Reads).ok().map(|tokens| Entry { tokens, shows });
    }
}

impl Model for LaggingWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        vec![State { table: 1, ..State::default() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.released_at.len() < state.commits {
            actions.push(Action::Release);
        } else if state.commits < WRITES {
            actions.push(Action::Commit);
        }
        if state.ended == 0 {
            actions.push(Action::EndByHand);
        }
        if state.computed < COMPUTATIONS {
            actions.push(Action::Compute);
        }
        if state.now < LAST_MOMENT {
            actions.push(Action::Tick);
        }
        actions.push(Action::Strict);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Commit => state.commits += 1,
            Action::Compute => self.compute(&mut state),
            Action::EndByHand => {
                state.ended += 1;
                state.own += 1;
            }
            Action::Release => {
                state.released_at.push(state.now);
                state.table += 1;
            }
            Action::Strict => self.compute_strict(&mut state),
            Action::Tick => state.now += 1,
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the lag", |_, state: &State| !state.is_broken()),
            Property::sometimes("behind", |_, state: &State| {
                state.served().is_some_and(|(entry, _)| entry.shows.0 < state.commits)
            }),
            Property::sometimes("overtaken and served", |_, state: &State| {
                state.current.is_none() && state.served().is_some()
            }),
            Property::sometimes("over", |_, state: &State| state.lagging.is_some() && state.served().is_none()),
            Property::sometimes("strict", |_, state: &State| state.strict.is_some()),
        ]
    }
}

#[test]
fn y8_a_value_lags_behind_writes_by_no_more_than_was_said() {
    let checker = LaggingWorld { mistake: None }.checker().spawn_bfs().join();
    checker.assert_properties();
    println!("values that lag: {} states", checker.unique_state_count());
}

#[test]
fn y8_a_late_token_a_late_life_and_a_silent_lag_are_found() {
    for mistake in [Mistake::LateOwnToken, Mistake::LifeFromStoring, Mistake::SilentLag] {
        let checker = LaggingWorld { mistake: Some(mistake) }.checker().spawn_bfs().join();
        assert!(checker.discovery("the lag").is_some(), "{mistake:?} is not found");
    }
}
