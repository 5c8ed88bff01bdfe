//! Keeps what is to be done in the stores for one awaited connection, in order, until somebody awaits it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cache, Candidate, Cause, Database, Desk, Invalidation, WriteEnd, registry};

use crate::scan::TextHash;
use crate::track::hooks::Hook;
use crate::track::session::{Intents, Step, Words};
use crate::track::{carry_out, ensure};

/// What is to be done in the stores for one connection.
///
/// A tracker adds to it without waiting. Whoever [carries it out](Self::settle) does all that was added before. A task that
/// is dropped in the meantime takes nothing along.
#[derive(Default)]
pub(crate) struct Errands {
    state: Mutex<State>,
    #[cfg(feature = "async-postgres")]
    turn: Mutex<()>,
    /// What was placed and is not released yet. It is held while anything is carried out, so that all is done in order.
    invalidation: Mutex<Option<Invalidation>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Errand>,
    /// How many are waiting, or carried out at present.
    unfinished: usize,
    /// Whether intents stand, or will once all is carried out.
    is_open: bool,
    /// What was placed since the last statement asked.
    placed: Option<Placed>,
    /// Texts of which one statement each was told of already that is yet to start.
    foretold: Vec<TextHash>,
    /// One is told of now.
    is_foretelling: bool,
    statements: usize,
    /// A statement was dropped unsent beside others, so that its intents stand with theirs.
    is_forsaken: bool,
    /// A statement was dropped that may be under way: its tags change from time to time until it is released.
    is_watched: bool,
}

enum Errand {
    /// Those rows are stored then that writes have given back, and that have stood the release.
    Carry((Step, Vec<Candidate>), Database, Intents),
    /// A computation is told of a statement that is about to be sent.
    Collect(Box<dyn FnOnce() + Send>),
    /// What stands is going to be released by nobody.
    End,
    /// Nobody awaits the statement any more: it may still be under way.
    GiveUp(Placed),
    Hooks(Vec<Hook>),
}

/// What a statement may change.
pub(crate) struct Placed {
    changes: ChangeSet,
    database: Database,
}

impl Errands {
    /// Adds what a session has decided, and the rows that are stored after it.
    pub(super) fn add_step(&self, (step, given): (Step, Vec<Candidate>), database: Database, intents: Intents) {
        let mut state = self.state();
        match &step {
            Step::Place(changes) => {
                let placed = state.placed.get_or_insert_with(|| Placed { changes: ChangeSet::new(), database });
                placed.changes.merge(changes);
                state.is_open = true;
            }
            Step::Release(_, WriteEnd::Open, _) => {}
            Step::Release(..) => state.keep_open(intents == Intents::Stand),
        }
        state.add(Errand::Carry((step, given), database, intents));
    }

    /// Adds what a computation is to be told.
    pub(super) fn add_collected(&self, tell: Box<dyn FnOnce() + Send>) {
        self.state().add(Errand::Collect(tell));
    }

    /// Adds what follows a commit.
    pub(super) fn add_hooks(&self, hooks: Vec<Hook>) {
        if !hooks.is_empty() {
            self.state().add(Errand::Hooks(hooks));
        }
    }

    /// The connection has nothing under way: intents that still stand end.
    pub(super) fn end_idle(&self) {
        let mut state = self.state();
        if state.is_open {
            state.end();
        }
    }

    /// Places the intents of a strict write.
    ///
    /// # Errors
    ///
    /// If a store does not take them: then the statement must not run, and they end.
    pub(crate) async fn ensure(self: &Arc<Self>, changes: ChangeSet, database: Database) -> cache_core::Result<()> {
        if !registry::every().iter().any(Cache::is_strict) {
            return Ok(());
        }
        self.settle().await;
        let errands = Arc::clone(self);
        let place = move || {
            let mut invalidation = errands.invalidation.lock().unwrap_or_else(PoisonError::into_inner);
            ensure(&changes, database, &mut invalidation)
        };
        self.state().is_open = true;
        let ensured = Desk::of_process().call(place).await;
        if ensured.is_err() {
            self.state().end();
            self.settle().await;
        }
        ensured
    }

    /// What was placed belongs to no statement: none that is dropped takes it along.
    pub(super) fn keep_placed(&self) {
        self.state().placed = None;
    }

    pub(super) fn are_intents_open(&self) -> bool {
        self.state().is_open
    }

    /// Held while a statement is made and begun, so that what it places is known as its own.
    #[cfg(feature = "async-postgres")]
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a statement that starts with these words was told of already. Others may start before it does.
    pub(super) fn take_foretold(&self, words: impl FnOnce() -> Words) -> bool {
        let mut state = self.state();
        if state.foretold.is_empty() || state.is_foretelling {
            return false;
        }
        let Words::Read(text) = words() else { return false };
        state.take_foretold(text)
    }

    /// A statement begins of which `tell` tells, by its text; it is told of once more where it is sent.
    pub(crate) fn begin_foretold(self: &Arc<Self>, text: &str, tell: impl FnOnce()) -> UnderWay {
        let foretold = TextHash::of(text);
        self.state().is_foretelling = true;
        tell();
        let mut state = self.state();
        state.is_foretelling = false;
        state.foretold.push(foretold);
        drop(state);
        let mut under_way = self.begin();
        under_way.foretold = Some(foretold);
        under_way
    }

    /// A statement has begun, and what was placed since the one before is its own.
    pub(crate) fn begin(self: &Arc<Self>) -> UnderWay {
        let mut state = self.state();
        state.statements += 1;
        let placed = state.placed.take();
        drop(state);
        UnderWay { errands: Arc::clone(self), placed, foretold: None, stage: Stage::Unsent }
    }

    /// Does all that was added until now: at once if every cache is in this process, otherwise on a thread of the desk.
    pub(crate) async fn settle(self: &Arc<Self>) {
        if self.state().unfinished == 0 {
            return;
        }
        let errands = Arc::clone(self);
        done_for_task(move || errands.carry_out()).await;
    }

    /// The same, and nobody waits for it.
    pub(crate) fn post(self: &Arc<Self>) {
        if self.state().unfinished == 0 {
            return;
        }
        let errands = Arc::clone(self);
        post(move || errands.carry_out());
    }

    /// The same on this thread.
    pub(super) fn carry_out(&self) {
        let mut invalidation = self.invalidation.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(errand) = self.state().waiting.pop_front() else { return };
            let _finished = Finished(self);
            errand.carry_out(&mut invalidation);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, errand: Errand) {
        self.unfinished += 1;
        self.waiting.push_back(errand);
    }

    fn keep_open(&mut self, stands: bool) {
        self.is_open &= stands;
        self.is_watched &= stands;
    }

    fn end(&mut self) {
        self.keep_open(false);
        self.add(Errand::End);
    }

    fn take_foretold(&mut self, text: TextHash) -> bool {
        let place = self.foretold.iter().position(|foretold| *foretold == text);
        place.map(|place| self.foretold.swap_remove(place)).is_some()
    }

    /// A statement was dropped that was not sent; `is_alone`: no other one is under way.
    fn take_back(&mut self, placed: Option<Placed>, is_alone: bool) {
        // The next one has none of it.
        self.placed = None;
        self.is_forsaken |= placed.is_some() && !self.is_watched;
        if is_alone && core::mem::take(&mut self.is_forsaken) {
            self.end();
        }
    }

    /// A statement was dropped that may be under way.
    fn give_up(&mut self, placed: Placed) {
        (self.is_open, self.is_watched, self.is_forsaken) = (true, true, false);
        self.add(Errand::GiveUp(placed));
    }
}

/// Counts an errand as done, if it panics too.
struct Finished<'a>(&'a Errands);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.state().unfinished -= 1;
    }
}

impl Errand {
    fn carry_out(self, invalidation: &mut Option<Invalidation>) {
        match self {
            Self::Carry((step, mut given), database, intents) => {
                carry_out((step, &mut given), database, invalidation, intents);
                given.into_iter().for_each(Candidate::store);
            }
            Self::Collect(tell) => tell(),
            Self::End => {
                if let Some(invalidation) = invalidation.take() {
                    invalidation.end(&registry::every());
                }
            }
            Self::GiveUp(Placed { changes, database }) => {
                let caches = registry::every();
                Invalidation::of(database).release(&changes, WriteEnd::Unknown, Cause::Statement, &caches);
                invalidation.get_or_insert_with(|| Invalidation::of(database)).watch(&changes, &caches);
            }
            Self::Hooks(hooks) => hooks.into_iter().for_each(|hook| hook()),
        }
    }
}

/// A statement from its beginning until all that follows it is carried out.
pub(crate) struct UnderWay {
    errands: Arc<Errands>,
    placed: Option<Placed>,
    /// It was told of by this text, and will be once more.
    foretold: Option<TextHash>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It was told of, and not sent.
    Unsent,
    Sent,
    /// It is over, and what follows may not be done yet.
    Over,
}

impl UnderWay {
    /// Whether the statement takes effect by itself.
    pub(crate) fn is_write(&self) -> bool {
        self.placed.is_some()
    }

    /// Waits until what has to stand before the statement does. It may be sent then.
    pub(crate) async fn ready(&mut self) {
        self.errands.settle().await;
        self.stage = Stage::Sent;
    }

    /// The statement is over: waits until what follows from that is done.
    pub(crate) async fn end(mut self) {
        self.stage = Stage::Over;
        self.errands.settle().await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.errands.state();
        state.statements -= 1;
        if let (Stage::Unsent, Some(text)) = (self.stage, self.foretold) {
            state.take_foretold(text);
        }
        let is_alone = state.statements == 0;
        match (self.stage, self.placed.take()) {
            (Stage::Over, _) | (Stage::Sent, None) => {}
            (Stage::Unsent, placed) => state.take_back(placed, is_alone),
            (Stage::Sent, Some(placed)) => state.give_up(placed),
        }
        drop(state);
        self.errands.post();
    }
}

/// Does `work` that calls the stores: at once if every cache is in this process, otherwise on a thread of the desk.
pub(crate) async fn done_for_task<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if is_all_local() { work() } else { Desk::of_process().call(work).await }
}

/// The same, and nobody waits for it.
pub(crate) fn post(work: impl FnOnce() + Send + 'static) {
    if is_all_local() { work() } else { Desk::of_process().post(work) }
}

fn is_all_local() -> bool {
    registry::every().iter().all(Cache::is_local)
}
