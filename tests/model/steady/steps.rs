//! What the reader and the writers do, step by step.

use core::time::Duration;

use cache_core::intent::{Keeping, Outcome, Seed, TagState, TagValue, Writer as Name};
use cache_core::protocol::steady::renews;
use cache_core::{Timestamp, Token};

use crate::scenario::Mutation;
use crate::sight::Sight;
use crate::steady::state::{Action, Entry, Reading, Seen, Stage, State, Store};
use crate::steady::{Kind, SteadyWorld};

/// When tokens are read, as far as it is asked how long they are remembered: longer than any history of the world.
const EARLY: Timestamp = Timestamp::from_nanos(0);

impl SteadyWorld {
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Glance => self.glance(state),
            Action::Kill(place) => {
                state.left.crashes -= 1;
                state.writers[usize::from(place)].stage = Stage::Dead;
            }
            Action::LoseIntents => {
                state.left.losses -= 1;
                state.store.wide.intents.clear();
            }
            Action::LoseRecord => {
                state.left.losses -= 1;
                (state.store.is_recorded, state.store.stamp) = (false, None);
            }
            Action::LoseToken => {
                state.left.losses -= 1;
                state.store.wide.held = None;
            }
            Action::Read => self.read(state),
            Action::Restart => self.restart(state),
            Action::Snapshot => state.snapshot = Some(state.store.clone()),
            Action::Stamp => {
                state.left.stamps -= 1;
                state.store.stamp = Some(state.fresh());
            }
            Action::Wait => state.now = state.now.after(Duration::from_nanos(1)),
            Action::Write(place) => self.write(state, place),
        }
    }

    /// All connections are gone.
    fn restart(&self, state: &mut State) {
        state.left.restarts -= 1;
        state.store = state.snapshot.take().expect("a snapshot");
        state.store.is_recorded = false;
        if matches!(state.reading, Reading::Brief { .. } | Reading::Torn(_)) {
            state.reading = Reading::Nothing;
        }
    }

    /// Whoever comes first to an incarnation that is not recorded changes the root; here it is the steady tag.
    fn arrive(&self, state: &mut State) {
        if state.store.is_recorded {
            return;
        }
        self.sights.see(Sight::RootChanged);
        self.release_wide(state, u8::MAX, Outcome::Changed);
        if !self.has(Mutation::SteadyArrivalKeepsStamp) || state.store.stamp.is_none() {
            state.store.stamp = Some(state.fresh());
        }
        state.store.is_recorded = true;
    }

    /// A program that knows of no stamps takes a record with a stamp for that of another incarnation.
    fn arrive_as_old(&self, state: &mut State) {
        if state.store.is_recorded && (state.store.stamp.is_none() || self.has(Mutation::SteadyOldProgramLeavesStamp)) {
            return;
        }
        self.release_wide(state, u8::MAX, Outcome::Changed);
        (state.store.is_recorded, state.store.stamp) = (true, None);
    }

    fn renew(&self, state: &mut State, outcome: Option<Outcome>, is_forgotten: bool) {
        if renews(outcome) && !is_forgotten && state.store.stamp.is_some() {
            state.store.stamp = Some(state.fresh());
        }
    }

    fn release_wide(&self, state: &mut State, place: u8, outcome: Outcome) {
        let fresh = state.fresh();
        state.store.wide.release(Name::from_bits(place.into()), outcome, fresh, state.now);
    }

    fn write(&self, state: &mut State, place: u8) {
        let (at, kind) = (usize::from(place), self.writers[usize::from(place)]);
        match state.writers[at].stage {
            Stage::Waiting if matches!(kind, Kind::Covered | Kind::Row) => self.commit(state, place),
            Stage::Waiting => self.place(state, place, kind),
            // What commits later has its intent placed again.
            Stage::Placed if state.writers[at].deadline.is_some_and(|deadline| state.now < deadline) => {
                self.commit(state, place)
            }
            Stage::Committed => self.release(state, place, kind),
            Stage::Placed | Stage::Dead | Stage::Returned => {}
        }
    }

    fn place(&self, state: &mut State, place: u8, kind: Kind) {
        if kind == Kind::Old {
            self.arrive_as_old(state);
        } else {
            self.arrive(state);
            self.renew(state, None, self.has(Mutation::SteadyPlaceKeepsStamp));
        }
        let life = Duration::from_nanos(Self::LIFE);
        state.store.wide.place(Name::from_bits(place.into()), life, state.now);
        let writer = &mut state.writers[usize::from(place)];
        (writer.stage, writer.deadline) = (Stage::Placed, Some(state.now.after(life)));
    }

    fn commit(&self, state: &mut State, place: u8) {
        state.commits.push(place);
        state.writers[usize::from(place)].stage = Stage::Committed;
    }

    fn release(&self, state: &mut State, place: u8, kind: Kind) {
        match kind {
            Kind::Old => self.arrive_as_old(state),
            Kind::Covered | Kind::Row | Kind::Wide => self.arrive(state),
        }
        if kind == Kind::Row {
            let fresh = state.fresh();
            state.store.row.release(Name::from_bits(place.into()), Outcome::Changed, fresh, state.now);
        } else {
            if kind != Kind::Old {
                self.renew(state, Some(Outcome::Changed), self.has(Mutation::SteadyReleaseKeepsStamp));
            }
            self.release_wide(state, place, Outcome::Changed);
        }
        if matches!(state.store.wide.held, Some(TagValue::Blocked { .. })) {
            self.sights.see(Sight::Blocked);
        }
        state.writers[usize::from(place)].stage = Stage::Returned;
    }

    fn read(&self, state: &mut State) {
        match state.reading.clone() {
            Reading::Nothing => self.look(state),
            Reading::Brief { seen, stamp } => self.compare(state, seen, stamp),
            Reading::Torn(seen) => self.look_at_all(state, seen),
            Reading::Fill { wide, row, shows } => self.fill(state, (wide, row), shows),
        }
    }

    /// What entry, row and steady tag hold at this moment.
    fn sight(&self, state: &State) -> Seen {
        let store = &state.store;
        Seen {
            wide: store.wide.token(state.now),
            is_intended: matches!(store.wide.held, Some(TagValue::Token { standing, .. }) if standing.count > 0),
            row: store.row.token(state.now),
            entry: store.entry,
            required: self.required(state),
        }
    }

    fn look(&self, state: &mut State) {
        self.arrive(state);
        let seen = self.sight(state);
        if let Some(remembered) = state.remembered.remembered([self.wide].into_iter(), state.now) {
            let seen = Seen { wide: Some(remembered.tokens[0]), is_intended: false, ..seen };
            state.reading = Reading::Brief { seen, stamp: remembered.stamp };
        } else if self.has(Mutation::SteadyStampAfterTokens) {
            state.reading = Reading::Torn(seen);
        } else {
            self.look_at_all(state, seen);
        }
    }

    /// Looks another entry up, of which there is nothing.
    fn glance(&self, state: &mut State) {
        self.arrive(state);
        let remembered = state.remembered.remembered([self.wide].into_iter(), state.now);
        let stamp = state.store.stamp;
        if remembered.is_some_and(|remembered| Some(remembered.stamp) == stamp) {
            return;
        }
        self.see(state, stamp);
        let seen = self.sight(state);
        self.remember(state, &seen);
    }

    /// The stamp tells whether the token is the present one that is remembered of the steady tag.
    fn compare(&self, state: &mut State, seen: Seen, expected: Token) {
        if !state.store.is_recorded {
            // The connection finds that it is of another incarnation.
            state.reading = Reading::Nothing;
            return;
        }
        let found = state.store.stamp;
        if found == Some(expected) || self.has(Mutation::SteadyStampNotCompared) {
            return self.judge(state, seen, true);
        }
        self.sights.see(Sight::BriefRefused);
        self.see(state, found);
        let now = self.sight(state);
        self.look_at_all(state, Seen { required: seen.required, ..now });
    }

    fn see(&self, state: &mut State, stamp: Option<Token>) {
        let token =
            state.remembered.remembered([self.wide].into_iter(), state.now).map(|remembered| remembered.tokens[0]);
        state.remembered.seen(stamp);
        if let (true, Some(token)) = (self.has(Mutation::SteadyTokensOutliveStamp), token) {
            self.learn(state, stamp, Some(Seed { token, is_intended: false }));
        }
    }

    fn learn(&self, state: &mut State, stamp: Option<Token>, seed: Option<Seed>) {
        state.remembered.learn(stamp, [(self.wide, seed)].into_iter(), EARLY);
    }

    fn look_at_all(&self, state: &mut State, seen: Seen) {
        self.remember(state, &seen);
        self.judge(state, seen, false);
    }

    fn remember(&self, state: &mut State, seen: &Seen) {
        let is_intended = seen.is_intended && !self.has(Mutation::SteadyIntendedTokenKept);
        let outlives = self.has(Mutation::SteadyTokensOutliveStamp);
        let is_known = state.remembered.remembered([self.wide].into_iter(), state.now).is_some();
        if !(outlives && is_known) {
            let seed = seen.wide.map(|token| Seed { token, is_intended });
            let stamp = state.store.stamp;
            self.learn(state, stamp, seed);
        }
    }

    fn judge(&self, state: &mut State, seen: Seen, is_brief: bool) {
        let is_served = |entry: &Entry| seen.wide == Some(entry.tokens.0) && seen.row == Some(entry.tokens.1);
        match seen.entry.filter(is_served) {
            Some(entry) => {
                self.sights.see(if is_brief { Sight::BriefHit } else { Sight::Hit });
                state.broken = Self::verdict(state, &entry, &seen.required);
                state.reading = Reading::Nothing;
            }
            None => {
                let wide = seen.wide.filter(|_| !seen.is_intended);
                state.reading = Reading::Fill { wide, row: seen.row, shows: None };
            }
        }
    }

    /// Seeds what was not found, asks the database, and stores what it said.
    fn fill(&self, state: &mut State, tokens: (Option<Token>, Option<Token>), shows: Option<u8>) {
        let (wide, row) = tokens;
        let (Some(wide), Some(row)) = tokens else {
            self.arrive(state);
            state.reading = match wide {
                None => Reading::Fill { wide: Some(Self::seed(state, |store| &mut store.wide)), row, shows },
                Some(_) => Reading::Fill { wide, row: Some(Self::seed(state, |store| &mut store.row)), shows },
            };
            return;
        };
        let Some(shows) = shows else {
            let shows = u8::try_from(state.commits.len()).ok();
            state.reading = Reading::Fill { wide: Some(wide), row: Some(row), shows };
            return;
        };
        self.arrive(state);
        state.store.entry = Some(Entry { tokens: (wide, row), shows });
        state.reading = Reading::Nothing;
    }

    fn seed(state: &mut State, tag: fn(&mut Store) -> &mut TagState) -> Token {
        let fresh = Token::from_bits(state.next + 1);
        let seed = tag(&mut state.store).seed(fresh, Keeping::Long, state.now);
        if seed.token != fresh {
            return seed.token;
        }
        // One that is given and not kept is as good as any other that is not kept.
        if tag(&mut state.store).token(state.now) == Some(fresh) { state.fresh() } else { Token::from_bits(u64::MAX) }
    }
}
