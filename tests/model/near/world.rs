//! Which steps a near cache, its link and the writers may take next, and what each of them leads to.

use core::time::Duration;

use cache_core::intent::{Keeping, TagState, TagValue};
use cache_core::protocol::near::NearTags;
use cache_core::{Database, Fingerprint, Tag, TagKind, Timestamp, Token};
use stateright::{Model, Property};

use crate::near::state::{Action, Left, Link, Message, Promise, Stage, State, Writer};
use crate::near::verdict::make_canonical;
use crate::scenario::Mutation;
use crate::sight::{Sight, Sights};

pub(crate) const TRUST: u8 = 1;

/// A process with a near cache, another writer, and how long they are watched.
#[derive(Debug)]
pub(crate) struct NearWorld {
    pub(crate) left: Left,
    pub(crate) horizon: u8,
    pub(crate) mutation: Option<Mutation>,
    pub(crate) sights: Sights,
    /// What entries depend on. Intents stand beside the last.
    pub(crate) tags: Vec<Tag>,
    /// How long intents live.
    pub(crate) life: u8,
    has_brief_tags: bool,
}

impl NearWorld {
    pub(crate) fn new(left: Left, horizon: u8, mutation: Option<Mutation>) -> Self {
        let tags = vec![Database::named("shop").tag()];
        Self { left, horizon, mutation, sights: Sights::default(), tags, life: 2, has_brief_tags: false }
    }

    /// A table is written: intents stand beside the tag of those who write it.
    pub(crate) fn of_a_table(self) -> Self {
        let table = Database::named("shop").table("products");
        Self { tags: [TagKind::Any, TagKind::Writers].map(|kind| table.whole(kind)).to_vec(), life: 1, ..self }
    }

    /// What the store calls the tags.
    pub(crate) fn names(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.tags.iter().map(Tag::fingerprint)
    }

    pub(crate) fn name(&self, tag: usize) -> Fingerprint {
        self.tags[tag].fingerprint()
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = (Fingerprint, TagKind)> + '_ {
        self.tags.iter().map(|tag| (tag.fingerprint(), tag.kind()))
    }

    /// The place of the tag beside which intents stand.
    pub(crate) fn intended(&self) -> usize {
        self.tags.len() - 1
    }

    /// How long after the intents a near hit may be behind.
    pub(crate) fn lag(&self) -> u8 {
        if self.tags[self.intended()].kind().is_polled() { TRUST } else { 0 }
    }

    /// Tags go by themselves.
    pub(crate) fn with_brief_tags(self) -> Self {
        Self { has_brief_tags: true, ..self }
    }

    /// How long a tag is kept that is given a token.
    pub(crate) fn keeping(&self, now: Timestamp) -> Keeping {
        let until = now.after(Duration::from_nanos(1));
        if self.has_brief_tags { Keeping::Unused { until } } else { Keeping::Long }
    }

    pub(crate) fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// One script on a tag. The store tells of every change of the key that holds the token, if the tag is not polled.
    pub(crate) fn script<T>(
        &self,
        state: &mut State,
        tag: usize,
        work: impl FnOnce(&mut TagState, Token, Timestamp) -> T,
    ) -> T {
        let (now, keys) = (moment(state.now), &mut state.keys[tag]);
        let (before, fresh) = (keys.held, Token::from_bits(state.fresh.into()));
        let result = work(keys, fresh, now);
        if self.has(Mutation::IntentsNotCounted) && matches!(keys.held, Some(TagValue::Counted(_))) {
            keys.held = None;
        }
        if matches!(keys.held, Some(TagValue::Token { token, .. }) if token == fresh) {
            state.fresh += 1;
        }
        let is_told = keys.held != before && !self.tags[tag].kind().is_polled();
        if is_told && state.link.is_tracked && !state.link.is_half_open {
            state.link.from_store.push(Message::Changed);
        }
        result
    }

    fn advance(&self, state: &mut State) {
        state.now += 1;
        let now = moment(state.now);
        for keys in &mut state.keys {
            keys.intents.retain(|(_, deadline)| *deadline > now);
            keys.held = keys.held.filter(|held| held.expires_at() > now);
        }
    }

    fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Advance => self.advance(state),
            Action::Answer => self.answer(state),
            Action::Ask => self.ask(state),
            Action::Connect => self.connect(state),
            Action::Crash(place) => {
                state.left.crashes -= 1;
                state.writers[usize::from(place)].stage = Stage::Crashed;
            }
            Action::Deliver => self.deliver(state),
            Action::Evict => {
                state.left.evictions -= 1;
                self.script(state, 0, |keys, _, _| keys.held = None);
            }
            Action::FallHalfOpen => {
                state.left.half_open -= 1;
                state.link.is_half_open = true;
                self.sights.see(Sight::HalfOpen);
            }
            Action::Keep => self.keep(state),
            Action::Query => self.query(state),
            Action::Seed => self.seed(state),
            Action::SendHeartbeat => self.send_heartbeat(state),
            Action::Serve => self.serve(state),
            Action::Write(place) => self.write(state, place),
        }
    }
}

impl Model for NearWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        let mut known = TagState::default();
        known.seed(Token::from_bits(1), self.keeping(moment(0)), moment(0));
        let keys = vec![known; self.tags.len()];
        let near = NearTags::new(Duration::from_nanos(TRUST.into()));
        let waiting = Writer { stage: Stage::Waiting, since: 0 };
        let link = Link {
            epoch: near.epoch(),
            is_tracked: false,
            is_half_open: true,
            to_store: Vec::new(),
            from_store: Vec::new(),
        };
        vec![State {
            now: 0,
            keys,
            fresh: 2,
            near,
            entry: None,
            fill: None,
            link,
            writers: [waiting; 2],
            commits: Vec::new(),
            left: self.left,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        self.fill_actions(state, actions);
        self.link_actions(state, actions);
        for (place, writer) in (0..).zip(&state.writers) {
            if self.left.writers.contains(&place) && !matches!(writer.stage, Stage::Crashed | Stage::Returned) {
                actions.push(Action::Write(place));
            }
            if place == 1 && matches!(writer.stage, Stage::Committed | Stage::Changed) && state.left.crashes > 0 {
                actions.push(Action::Crash(place));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, action);
        state.broken = self.verdict(&state);
        make_canonical(&mut state);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("near bound", |_, state: &State| state.broken != Some(Promise::Bound)),
            Property::always("own write", |_, state: &State| state.broken != Some(Promise::OwnWrite)),
        ]
    }
}

pub(crate) fn moment(step: u8) -> Timestamp {
    Timestamp::from_nanos(step.into())
}
