//! Which steps a near cache, its link and the writers may take next, and what each of them leads to.

use core::time::Duration;

use cache_core::intent::{Outcome, Seed, TagState, Writer as Name};
use cache_core::protocol::near::Near;
use cache_core::{Database, Life, Tag, TagKind, Timeout, Timestamp, Token, Worth, judge};
use stateright::{Model, Property};

use crate::near::state::{Action, Entry, Fill, Left, Link, Message, Promise, Stage, State, Writer};
use crate::scenario::Mutation;
use crate::sight::{Sight, Sights};

const LIFE: u8 = 2;
const TRUST: u8 = 1;

/// A process with a near cache, another writer, and how long they are watched.
#[derive(Debug)]
pub(crate) struct NearWorld {
    pub(crate) left: Left,
    pub(crate) horizon: u8,
    pub(crate) mutation: Option<Mutation>,
    pub(crate) sights: Sights,
    tag: Tag,
}

impl NearWorld {
    pub(crate) fn new(left: Left, horizon: u8, mutation: Option<Mutation>) -> Self {
        let tag = Database::named("shop").table("products").whole(TagKind::Any);
        Self { left, horizon, mutation, sights: Sights::default(), tag }
    }

    fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// One script on the tag. The store tells of every change of the key that holds the token.
    fn script<T>(&self, state: &mut State, work: impl FnOnce(&mut TagState, Token, Timestamp) -> T) -> T {
        let (now, before) = (moment(state.now), state.keys.held);
        let fresh = Token::from_bits(state.fresh.into());
        let result = work(&mut state.keys, fresh, now);
        if state.keys.held != before {
            state.fresh += 1;
            if state.link.is_tracked && !state.link.is_half_open {
                state.link.from_store.push(Message::Changed);
            }
        }
        result
    }

    fn connect(&self, state: &mut State) {
        state.left.connects -= 1;
        let now = moment(state.now);
        let epoch = if self.has(Mutation::ReconnectKeepsTokens) { state.near.epoch() } else { state.near.connect() };
        if self.has(Mutation::FillsBeforeTracking) {
            state.near.tracking(epoch, now);
        }
        let to_store = vec![Message::Track(now)];
        state.link = Link { epoch, is_tracked: false, is_half_open: false, to_store, from_store: Vec::new() };
    }

    /// The store reads one message of the link.
    fn serve(&self, state: &mut State) {
        let message = state.link.to_store.remove(0);
        state.link.is_tracked |= matches!(message, Message::Track(_));
        state.link.from_store.push(message);
    }

    fn deliver(&self, state: &mut State) {
        let counted = |sent_at| if self.has(Mutation::TrustFromArrival) { moment(state.now) } else { sent_at };
        let epoch = state.link.epoch;
        match state.link.from_store.remove(0) {
            Message::Changed => state.near.changed(&self.tag),
            Message::Heartbeat(sent_at) => state.near.heartbeat(epoch, counted(sent_at)),
            Message::Track(sent_at) => state.near.tracking(epoch, counted(sent_at)),
        }
    }

    fn ask(&self, state: &mut State) {
        state.left.fills -= 1;
        let epoch = state.near.epoch();
        let question = state.near.ask(&[self.tag]);
        state.fill = Some(Fill { epoch, question, seed: None, is_answered: false, commits: None });
    }

    fn seed(&self, state: &mut State) {
        let seed = self.script(state, |keys, fresh, now| keys.seed(fresh, now));
        if let Some(fill) = &mut state.fill {
            fill.seed = Some(seed);
        }
    }

    fn answer(&self, state: &mut State) {
        let Some(fill) = &mut state.fill else { return };
        fill.is_answered = true;
        if self.has(Mutation::MessageForgotten) {
            fill.question = state.near.ask(&[self.tag]);
        }
        let Some((question, seed)) = fill.question.clone().zip(fill.seed) else { return };
        let is_intended = seed.is_intended && !self.has(Mutation::IntendedTokenKept);
        state.near.answer(&question, &[(self.tag, Seed { is_intended, ..seed })]);
    }

    fn query(&self, state: &mut State) {
        let commits = u8::try_from(state.commits.len()).expect("two commits");
        if let Some(fill) = &mut state.fill {
            fill.commits = Some(commits);
        }
    }

    fn keep(&self, state: &mut State) {
        let Some(Fill { epoch, seed: Some(seed), commits: Some(commits), .. }) = state.fill.take() else { return };
        if state.near.is_current(epoch) {
            state.entry = Some(Entry { epoch, seed, commits });
        } else {
            self.sights.see(Sight::Overtaken);
        }
    }

    fn write(&self, state: &mut State, place: u8) {
        let (name, now) = (Name::from_bits(place.into()), state.now);
        let writer = &mut state.writers[usize::from(place)];
        match writer.stage {
            Stage::Waiting => {
                *writer = Writer { stage: Stage::Placed, since: now + LIFE };
                let life = Duration::from_nanos(LIFE.into());
                self.script(state, |keys, _, now| keys.place(name, life, now));
            }
            Stage::Placed => {
                writer.stage = Stage::Committed;
                // An intent that had ended before does not bound anything.
                writer.since = if now < writer.since { writer.since } else { u8::MAX };
                state.commits.push(place);
            }
            Stage::Committed => {
                writer.stage = Stage::Released;
                self.script(state, |keys, fresh, now| keys.release(name, Outcome::Changed, fresh, now));
            }
            Stage::Released => {
                *writer = Writer { stage: Stage::Returned, since: now };
                if place == 0 && !self.has(Mutation::OwnWriteKeepsToken) {
                    state.near.changed(&self.tag);
                }
            }
            Stage::Crashed | Stage::Returned => {}
        }
    }

    fn advance(&self, state: &mut State) {
        state.now += 1;
        let now = moment(state.now);
        state.keys.intents.retain(|(_, deadline)| *deadline > now);
        state.keys.held = state.keys.held.filter(|held| held.expires_at() > now);
    }

    /// What a near hit at this moment breaks.
    fn verdict(&self, state: &State) -> Option<Promise> {
        let entry = state.entry.as_ref().filter(|entry| state.near.is_current(entry.epoch))?;
        let judged_at = moment(if self.has(Mutation::HitsWithoutTrust) { 0 } else { state.now });
        let dependency = (self.tag.kind(), entry.seed.token, state.near.token(&self.tag, judged_at));
        if judge(&Life::starting(judged_at, Timeout::NEVER), [dependency], judged_at) != Worth::Fresh {
            return None;
        }
        self.sights.see(Sight::Hit);
        let missed = &state.commits[usize::from(entry.commits)..];
        if !missed.is_empty() {
            self.sights.see(Sight::BehindWithinTrust);
        }
        missed.iter().find_map(|place| {
            let writer = &state.writers[usize::from(*place)];
            match writer.stage {
                Stage::Returned if *place == 0 => Some(Promise::OwnWrite),
                Stage::Returned if state.now >= writer.since + TRUST => Some(Promise::Bound),
                Stage::Crashed if state.now >= writer.since => Some(Promise::Bound),
                _ => None,
            }
        })
    }

    fn fill_actions(&self, state: &State, actions: &mut Vec<Action>) {
        match &state.fill {
            None if state.left.fills > 0 => actions.push(Action::Ask),
            None => {}
            Some(Fill { seed: None, .. }) => actions.push(Action::Seed),
            Some(Fill { is_answered: false, .. }) => actions.push(Action::Answer),
            Some(fill) => actions.push(if fill.commits.is_none() { Action::Query } else { Action::Keep }),
        }
    }

    fn link_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let link = &state.link;
        let choices = [
            (state.left.connects > 0, Action::Connect),
            (state.left.heartbeats > 0, Action::SendHeartbeat),
            (state.left.half_open > 0 && !link.is_half_open, Action::FallHalfOpen),
            (!link.is_half_open && !link.to_store.is_empty(), Action::Serve),
            (!link.is_half_open && !link.from_store.is_empty(), Action::Deliver),
            (state.left.evictions > 0 && state.keys.held.is_some(), Action::Evict),
            (state.now < self.horizon, Action::Advance),
        ];
        actions.extend(choices.into_iter().filter(|(may, _)| *may).map(|(_, action)| action));
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
                self.script(state, |keys, _, _| keys.held = None);
            }
            Action::FallHalfOpen => {
                state.left.half_open -= 1;
                state.link.is_half_open = true;
                self.sights.see(Sight::HalfOpen);
            }
            Action::Keep => self.keep(state),
            Action::Query => self.query(state),
            Action::Seed => self.seed(state),
            Action::SendHeartbeat => {
                state.left.heartbeats -= 1;
                state.link.to_store.push(Message::Heartbeat(moment(state.now)));
            }
            Action::Serve => self.serve(state),
            Action::Write(place) => self.write(state, place),
        }
    }
}

impl Model for NearWorld {
    type Action = Action;
    type State = State;

    fn init_states(&self) -> Vec<State> {
        let mut keys = TagState::default();
        keys.seed(Token::from_bits(1), moment(0));
        let near = Near::new(Duration::from_nanos(TRUST.into()));
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
            if place == 1 && writer.stage == Stage::Committed && state.left.crashes > 0 {
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

/// Forgets what makes no difference any more.
fn make_canonical(state: &mut State) {
    if state.link.is_half_open {
        state.link.to_store.clear();
        state.link.from_store.clear();
    }
    if state.link.epoch != state.near.epoch() {
        state.link.is_half_open = true;
    }
    let epoch = state.near.epoch();
    state.entry = state.entry.take().filter(|entry| entry.epoch == epoch);
    let now = state.now;
    for (place, writer) in state.writers.iter_mut().enumerate() {
        let is_past = writer.stage == Stage::Returned && now >= writer.since + TRUST;
        if is_past || (place == 0 && writer.stage != Stage::Returned) || writer.stage == Stage::Released {
            writer.since = 0;
        }
    }
}

fn moment(step: u8) -> Timestamp {
    Timestamp::from_nanos(step.into())
}
