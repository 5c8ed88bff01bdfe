//! What the process of a writer does about the intent that it keeps beside the table.

use cache_core::Moment;
use cache_core::intent::{Outcome, Writer as Name};
use cache_core::protocol::standing::{Cover, Placed, StandingIntent, Upkeep};

use crate::reader::FRESH;
use crate::scenario::{Intents, Mutation};
use crate::sight::Sight;
use crate::state::{Process, Renewal, Sent, Stage, Standing, State, Writer};
use crate::world::{World, lasting, moment};

/// The names that processes give to intents that no write has named.
const NAMED_BY_UPKEEP: u8 = 10;

impl Process {
    /// A process that has written nothing, or often enough before that it keeps the intent of its next write.
    pub(crate) fn beginning(writes_often: bool, life: u8) -> Self {
        let mut intent = StandingIntent::default();
        for _ in 1..if writes_often { StandingIntent::OFTEN } else { 1 } {
            intent.begin(instant(0), lasting(life));
            intent.end(instant(0));
        }
        Self { intent, sent: None, held: None, renewal: None, late: None, incarnations: 1, names: 0, is_dead: false }
    }

    /// What becomes of a write that begins now.
    fn cover(&mut self, now: u8, life: u8, fresh: u8) -> Cover {
        self.intent.cover(instant(now), lasting(life), self.incarnations.into(), named(fresh))
    }

    fn placed(&mut self, name: u8, sent_at: u8) {
        let placed = Placed { sent_at: instant(sent_at), incarnations: self.incarnations.into() };
        self.intent.placed(named(name), placed);
        self.sent = Some(Sent { name, placed: Some(placed) });
    }

    pub(crate) fn failed(&mut self, name: u8) {
        self.intent.failed(named(name));
        self.sent = Some(Sent { name, placed: None });
    }
}

impl World {
    pub(crate) fn process_of(&self, place: u8) -> u8 {
        self.scenario.processes[usize::from(place)]
    }

    pub(crate) fn process<'a>(&self, state: &'a mut State, place: u8) -> &'a mut Process {
        &mut state.processes[usize::from(self.process_of(place))]
    }

    /// Whether the write of `place` relies on what stands, or has to place it under a name; `None`: it changes no table.
    pub(crate) fn cover(&self, state: &mut State, place: u8) -> Option<Cover> {
        self.part(place).writers?;
        let (now, life) = (state.now, self.scenario.life);
        let is_lenient = self.has(Mutation::CoversUntilTheDeadline);
        let process = self.process(state, place);
        process.intent.begin(instant(now), lasting(life));
        Some(process.cover(now, if is_lenient { 2 * life } else { life }, place))
    }

    /// The store takes the intent that was sent at `sent_at` for the writers in `covers`, and says so.
    pub(crate) fn place_standing(&self, state: &mut State, process: u8, renewal: Renewal) {
        self.stand(state, process, renewal);
        state.processes[usize::from(process)].placed(renewal.name, renewal.sent_at);
        let now = state.now;
        for (_, writer) in of_mask(&mut state.writers, renewal.covers) {
            if writer.stage == Stage::Open {
                (writer.is_covered, writer.covered_at) = (true, now);
            }
        }
    }

    /// The store takes the intent.
    pub(crate) fn stand(&self, state: &mut State, process: u8, renewal: Renewal) {
        let Some(tag) = self.names.writers_tag() else { return };
        if !self.has(Mutation::NoIntent) {
            let life = lasting(self.scenario.life);
            self.script(state, tag, |keys, now| keys.place(named(renewal.name), life, now));
        }
        let until = state.now + self.scenario.life;
        let held = &mut state.processes[usize::from(process)].held;
        *held = Some(Standing { name: renewal.name, until, is_lost: false, is_all_lost: false });
        for place in (0..).take(state.writers.len()).filter(|place| renewal.covers & 1 << place != 0) {
            state.writers[usize::from(place)].relies_on = Some(renewal.name);
            self.stands(state, place, tag);
        }
    }

    /// What a write relies on that places nothing.
    pub(crate) fn rely(&self, state: &mut State, place: u8) {
        let (Some(tag), Some(held)) = (self.names.writers_tag(), self.process(state, place).held) else { return };
        self.sights.see(Sight::Relied);
        let (now, writer) = (state.now, &mut state.writers[usize::from(place)]);
        (writer.relies_on, writer.is_covered, writer.covered_at) = (Some(held.name), true, now);
        writer.deadlines[usize::from(tag)] = held.until;
        let mark = |lost: &mut u16, is: bool| *lost = *lost & !(1 << tag) | u16::from(is) << tag;
        let is_excused = self.scenario.intents == Intents::AsBuilt;
        mark(&mut writer.intents_lost, held.is_lost && is_excused);
        mark(&mut writer.all_lost, held.is_all_lost && is_excused);
        self.join(state, place, held.name);
    }

    /// What is on its way under this name already stands for the write as well.
    pub(crate) fn join(&self, state: &mut State, place: u8, name: u8) {
        let process = self.process(state, place);
        let under_way = process.renewal.iter_mut().chain(&mut process.late);
        under_way.filter(|renewal| renewal.name == name).for_each(|renewal| renewal.covers |= 1 << place);
    }

    /// The writers under way for which an intent of this name is sent now.
    pub(crate) fn covers(&self, state: &State, process: u8, name: u8) -> u8 {
        let is_covered = |(place, writer): &(u8, &Writer)| {
            self.process_of(*place) == process
                && self.part(*place).writers.is_some()
                && writer.dirty.is_none()
                && match writer.stage {
                    Stage::Open => true,
                    Stage::Releasing(..) => writer.relies_on == Some(name),
                    Stage::Over | Stage::Waiting => false,
                }
        };
        (0..).zip(&state.writers).filter(is_covered).fold(0, |covers, (place, _)| covers | 1 << place)
    }

    /// What is due about the intent of a process, which is decided on `process`.
    fn upkeep(&self, state: &State, process: u8) -> (Process, Upkeep) {
        let mut own = state.processes[usize::from(process)].clone();
        let fresh = NAMED_BY_UPKEEP * (process + 1) + own.names;
        let upkeep = own.intent.upkeep(
            instant(state.now),
            lasting(self.scenario.life),
            (named(fresh), self.may_end(state, process)),
        );
        if upkeep == Upkeep::Renew(named(fresh)) {
            own.names += 1;
        }
        (own, upkeep)
    }

    /// Whether no release of the process is on its way.
    fn may_end(&self, state: &State, process: u8) -> bool {
        let is_on_its_way = |writer: &Writer| {
            let is_sent = writer.is_releasing && matches!(writer.stage, Stage::Releasing(..));
            is_sent && !self.has(Mutation::EndedWhileReleasing)
        };
        !(0..).zip(&state.writers).any(|(place, writer)| self.process_of(place) == process && is_on_its_way(writer))
    }

    /// Whether the background of a process has something to do that makes a difference.
    pub(crate) fn is_due(&self, state: &State, process: u8) -> bool {
        let own = &state.processes[usize::from(process)];
        if own.is_dead || own.renewal.is_some() {
            return false;
        }
        match self.upkeep(state, process).1 {
            Upkeep::Nothing => false,
            Upkeep::End(_) => true,
            Upkeep::Renew(name) => {
                let until = state.now + self.scenario.life;
                !own.held.is_some_and(|held| named(held.name) == name && held.until == until)
            }
        }
    }

    pub(crate) fn keep_up(&self, state: &mut State, process: u8) {
        let (own, upkeep) = self.upkeep(state, process);
        state.processes[usize::from(process)] = own;
        match upkeep {
            Upkeep::Nothing => {}
            Upkeep::End(name) => {
                self.sights.see(Sight::EndedIdle);
                self.end_standing(state, process, bits(name));
            }
            Upkeep::Renew(name) => {
                let covers = self.covers(state, process, bits(name));
                let renewal = Renewal { name: bits(name), sent_at: state.now, covers };
                if !self.scenario.are_calls_slow {
                    return self.place_standing(state, process, renewal);
                }
                let own = &mut state.processes[usize::from(process)];
                own.renewal = Some(renewal);
                if self.has(Mutation::RenewalCountsUnacknowledged) {
                    own.placed(renewal.name, renewal.sent_at);
                }
            }
        }
    }

    pub(crate) fn renewed(&self, state: &mut State, process: u8) {
        if let Some(renewal) = state.processes[usize::from(process)].renewal.take() {
            self.sights.see(Sight::Renewed);
            self.place_standing(state, process, renewal);
        }
    }

    pub(crate) fn lose_renewal(&self, state: &mut State, process: u8, is_late: bool) {
        state.left.losses -= 1;
        self.fail_renewal(state, process, is_late);
    }

    pub(crate) fn fail_renewal(&self, state: &mut State, process: u8, is_late: bool) {
        let own = &mut state.processes[usize::from(process)];
        let Some(renewal) = own.renewal.take() else { return };
        own.late = Some(renewal).filter(|_| is_late);
        if !self.has(Mutation::RenewalCountsUnacknowledged) {
            own.failed(renewal.name);
        }
    }

    pub(crate) fn late_renewal(&self, state: &mut State, process: u8) {
        if let Some(renewal) = state.processes[usize::from(process)].late.take() {
            self.sights.see(Sight::LateRenewal);
            let held = state.processes[usize::from(process)].held;
            self.stand(state, process, renewal);
            // What it relies on now is another one.
            if let Some(held) = held.filter(|held| held.name != renewal.name) {
                state.processes[usize::from(process)].held = Some(held);
            }
        }
    }

    /// The intent of the process goes, and the token stays.
    pub(crate) fn end_standing(&self, state: &mut State, process: u8, name: u8) {
        let Some(tag) = self.names.writers_tag() else { return };
        self.script(state, tag, |keys, now| {
            keys.release(named(name), Outcome::Unchanged, FRESH, now);
            self.lift(keys);
        });
        let own = &mut state.processes[usize::from(process)];
        own.held = own.held.filter(|held| held.name != name);
    }

    /// The write of `place` is about to be released.
    pub(crate) fn begin_release(&self, state: &mut State, place: u8) {
        if core::mem::replace(&mut state.writers[usize::from(place)].is_releasing, true)
            || self.part(place).writers.is_none()
        {
            return;
        }
        let now = state.now;
        let process = self.process(state, place);
        let ends = process.intent.end(instant(now)).map(bits);
        let held = process.held.filter(|_| self.has(Mutation::EndedByOneOfTwo));
        state.writers[usize::from(place)].ends = ends.or(held.map(|held| held.name));
    }

    /// What the process has to remember of a release that was not acknowledged.
    pub(crate) fn leave(&self, state: &mut State, place: u8) {
        if self.has(Mutation::RenewedWhileDirty) {
            return;
        }
        self.process(state, place).intent.leave();
        let relies_on = state.writers[usize::from(place)].relies_on;
        if let (true, Some(name)) = (self.has(Mutation::EndedWhileDirty), relies_on) {
            self.end_standing(state, self.process_of(place), name);
        }
    }

    pub(crate) fn abandon(&self, state: &mut State, place: u8) {
        let relies_on = state.writers[usize::from(place)].relies_on;
        if self.part(place).writers.is_some() {
            self.process(state, place).intent.abandon();
        }
        if let (true, Some(name)) = (self.has(Mutation::GivenUpEnded), relies_on) {
            self.end_standing(state, self.process_of(place), name);
        }
    }
}

fn of_mask(writers: &mut [Writer], mask: u8) -> impl Iterator<Item = (u8, &mut Writer)> {
    (0..).zip(writers).filter(move |(place, _)| mask & 1 << place != 0)
}

pub(crate) fn instant(step: u8) -> Moment {
    Moment::at(moment(step))
}

pub(crate) fn named(name: u8) -> Name {
    Name::from_bits(name.into())
}

pub(crate) fn bits(name: Name) -> u8 {
    u8::try_from(name.bits()).expect("a small name")
}
