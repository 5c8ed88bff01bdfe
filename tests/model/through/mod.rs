//! The world of rows that writes give back: one row, the write that stores it, and others that write the same row.

mod state;
mod steps;

use cache_core::intent::Outcome;
use cache_core::protocol::candidate::Ground;
use cache_core::protocol::fill::second_look;
use cache_core::protocol::release::plan;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;
use cache_core::{Tag, TagKind};
use stateright::{Model, Property};

use crate::catalog::{database, subject};
use crate::scenario::Mutation;
use crate::shop::Row;
use crate::sight::{Sight, Sights};
use crate::through::state::{Action, Broken, Entry, Stage, State, Writer};

/// How the row is written that is stored with its write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A new one, whose key nobody knows before; at once.
    Insert,
    /// One that is there, in a transaction.
    Save,
}

impl Given {
    /// What may go wrong around it.
    pub(crate) const LEFT: Left = Left { evictions: 1, fills: 1, losses: 1 };
}

/// What another writer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// Any row may have changed.
    All,
    /// The same row, by its key.
    Key,
}

/// How often each thing may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) evictions: u8,
    pub(crate) fills: u8,
    pub(crate) losses: u8,
}

/// A bounded world. The first writer stores its row.
#[derive(Debug)]
pub(crate) struct ThroughWorld {
    given: Given,
    others: &'static [Other],
    left: Left,
    mutation: Option<Mutation>,
    pub(crate) sights: Sights,
    tags: [Tag; 4],
}

impl ThroughWorld {
    pub(crate) fn new(given: Given, others: &'static [Other], left: Left, mutation: Option<Mutation>) -> Self {
        let table = database().table("products");
        let whole = [TagKind::Any, TagKind::Cleared, TagKind::Rows].map(|kind| table.whole(kind));
        let tags = [table.row(Row::A.key()), whole[0], whole[1], whole[2]];
        Self { given, others, left, mutation, sights: Sights::default(), tags }
    }

    fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Those of `tags` that somebody changes.
    fn known(&self, tags: Vec<Tag>) -> Vec<Tag> {
        tags.into_iter().filter(|tag| self.tags.contains(tag)).collect()
    }

    /// What is looked at before the statement.
    fn before(&self) -> Vec<Tag> {
        let (named, tables) = (["products".to_owned()], Tables::default());
        let subject = subject(&named, &tables);
        self.known(match self.given {
            Given::Insert => subject.row_to_come(),
            Given::Save => subject.found_row(Row::A.key()),
        })
    }

    /// What is looked at once the write is released.
    fn after(&self) -> Vec<Tag> {
        match self.given {
            Given::Insert => second_look(database().table("products"), Row::A.key()).to_vec(),
            Given::Save => Vec::new(),
        }
    }

    /// What an entry of the row depends on.
    fn dependencies(&self) -> Vec<Tag> {
        let (named, tables) = (["products".to_owned()], Tables::default());
        self.known(subject(&named, &tables).found_row(Row::A.key()))
    }

    /// What a writer releases, in order.
    fn released(&self, writer: usize) -> Vec<Tag> {
        let (row, mut changes) = (Some(Row::A.key()), ChangeSet::new());
        let change = match writer.checked_sub(1).map(|other| self.others[other]) {
            None if self.given == Given::Insert => Change::Inserted { row, scopes: Some(Vec::new()) },
            None | Some(Other::Key) => Change::Save(row),
            Some(Other::All) => Change::Change,
        };
        changes.add("products", &change, &Tables::default());
        let planned = plan(&changes.tags(&database()), &[], Outcome::Changed);
        self.known(planned.into_iter().map(|release| release.tag).collect())
    }

    /// What a read that begins now may not be given.
    fn verdict(&self, state: &State) -> Option<Broken> {
        let entry = state.entry.as_ref().filter(|entry| self.is_hit(state, entry))?;
        if let Some(author) = entry.author {
            self.sights.see(Sight::GivenHit);
            if !state.commits.contains(&author) {
                return Some(Broken::Committed);
            }
        }
        let missed = &state.commits[usize::from(entry.commits).min(state.commits.len())..];
        let is_late = missed.iter().any(|writer| state.writers[usize::from(*writer)].is_acknowledged);
        is_late.then_some(Broken::Coherence)
    }

    fn is_hit(&self, state: &State, entry: &Entry) -> bool {
        entry.tokens.iter().all(|(tag, token)| state.token(self.place(tag)) == Some(*token))
    }

    fn place(&self, tag: &Tag) -> usize {
        self.tags.iter().position(|known| known == tag).expect("a tag that somebody changes")
    }
}

impl Model for ThroughWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        let writers = 1 + self.others.len();
        vec![State {
            tags: vec![Default::default(); self.tags.len()],
            entry: None,
            fill: None,
            writers: vec![Writer::default(); writers],
            ground: Ground::of(Vec::new()),
            commits: Vec::new(),
            left: self.left,
            next: 1,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        for (place, writer) in (0..).zip(&state.writers) {
            match writer.stage {
                Stage::Open => actions.extend([Action::Commit(place), Action::RollBack]),
                Stage::Over => {}
                Stage::Waiting if self.is_locked_out(state, place) => {}
                _ => actions.push(Action::Step(place)),
            }
            if matches!(writer.stage, Stage::Releasing(_)) && state.left.losses > 0 {
                actions.push(Action::LoseRelease(place));
            }
            if writer.late.is_some() {
                actions.push(Action::LateStep(place));
            }
        }
        if state.fill.is_some() || state.left.fills > 0 {
            actions.push(Action::Fill);
        }
        if state.left.evictions > 0 {
            actions.extend((0..self.tags.len()).filter(|tag| state.tags[*tag].held.is_some()).map(Action::Evict));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, action);
        state.broken = self.verdict(&state);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("coherence", |_, state: &State| state.broken != Some(Broken::Coherence)),
            Property::always("only committed data", |_, state: &State| state.broken != Some(Broken::Committed)),
        ]
    }
}
