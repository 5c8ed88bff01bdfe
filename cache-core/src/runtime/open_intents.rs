//! Keeps the writes that are under way whose intents are renewed in time, or whose end may never be told.
//!
//! The intents stand beside tags that are not of a table. Beside tables stands what
//! [`StandingIntents`](crate::runtime::standing::StandingIntents) keeps.

use core::time::Duration;
use std::sync::{Arc, Weak};

use crate::clock::Timestamp;
use crate::name::tables::TableDeclaration;
use crate::name::tag::Tag;
use crate::observe::statistics::StoreCounter;
use crate::protocol::release::plan;
use crate::runtime::guard::{CallFailure, GuardedStore};
use crate::runtime::notes::EndedWrite;
use crate::store::{Outcome, Writer};
use crate::sync::Mutex;

/// The writes of one cache that are under way.
///
/// No call of the store is made under the lock.
#[derive(Debug, Default)]
pub(crate) struct OpenIntents(Mutex<Vec<OpenWrite>>);

/// The intents of one write.
#[derive(Clone, Debug)]
pub(crate) struct OpenWrite {
    pub(crate) writer: Writer,
    pub(crate) tags: Arc<[Tag]>,
    /// Before the store was told; `None`: it did not take them.
    pub(crate) placed_at: Option<Timestamp>,
    /// Whether anybody is going to end them: a write that is given up may end without a word.
    pub(crate) alive: Weak<()>,
    pub(crate) renewal: Renewal,
}

/// What is done for a write that goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Renewal {
    /// Its tags change: it may have taken effect, and nobody may ever say so. Beside them is what this process declares.
    Change(Arc<[TableDeclaration]>),
    /// Its intents are placed again.
    Place,
}

impl OpenWrite {
    /// When the intents are to be placed again: at half their life, so that at least half is left always.
    fn due_at(&self, life: Duration) -> Timestamp {
        let pause = if self.renewal == Renewal::Place { life / 2 } else { life };
        self.placed_at.map_or(Timestamp::from_nanos(0), |placed_at| placed_at.after(pause))
    }

    /// Does what is due at `now`.
    fn renew(&self, store: &GuardedStore, now: Timestamp) -> Result<(), CallFailure> {
        match &self.renewal {
            Renewal::Place => {
                store.place(self.writer, &self.tags, now)?;
                store.ledger.store.count(StoreCounter::IntentRenewal);
                Ok(())
            }
            Renewal::Change(declared) => {
                let outcome = Outcome::Unknown(store.policy.intent_life);
                let releases = &plan(&self.tags, &[], outcome);
                store.release(&EndedWrite { writer: self.writer, releases, held: &[], declared, outcome }).map(drop)
            }
        }
    }
}

impl OpenIntents {
    /// Intents were placed, or are to be; what was placed before for the same write stands as long as these.
    pub(crate) fn add(&self, open: OpenWrite) {
        let mut writes = self.0.lock();
        let is_same = |other: &OpenWrite| other.writer == open.writer && other.tags == open.tags;
        writes.retain(|other| !is_same(other) || other.renewal != open.renewal);
        writes.push(open);
    }

    /// The intents of `writer` are about to be ended.
    pub(crate) fn end(&self, writer: Writer) {
        self.0.lock().retain(|open| open.writer != writer);
    }

    /// Those that are due, and how long it is until the next one is.
    fn due(&self, now: Timestamp, life: Duration) -> (Vec<OpenWrite>, Option<Duration>) {
        let mut writes = self.0.lock();
        writes.retain(|open| open.alive.strong_count() > 0);
        let (due, later): (Vec<&OpenWrite>, Vec<&OpenWrite>) = writes.iter().partition(|open| open.due_at(life) <= now);
        let next = later.iter().map(|open| open.due_at(life).since(now)).min();
        (due.into_iter().cloned().collect(), next)
    }

    /// The intents were placed again, if the write is still under way.
    fn note_placed(&self, placed: &OpenWrite, now: Timestamp) {
        let mut writes = self.0.lock();
        let same = |open: &&mut OpenWrite| open.writer == placed.writer && Arc::ptr_eq(&open.tags, &placed.tags);
        if let Some(open) = writes.iter_mut().find(same) {
            open.placed_at = Some(now);
        }
    }

    /// Does what is due. Gives how long it is until something is due again, if there is anything left.
    ///
    /// An intent that arrives after its write has ended stands until its deadline. That costs a query.
    ///
    /// # Errors
    ///
    /// If the store did not take some of them.
    pub(crate) fn renew(&self, store: &GuardedStore) -> Result<Option<Duration>, CallFailure> {
        let life = store.policy.intent_life;
        let (due, next) = self.due(store.now(), life);
        let next = if due.is_empty() { next } else { Some(next.map_or(life / 2, |next| next.min(life / 2))) };
        for open in due {
            let now = store.now();
            open.renew(store, now)?;
            self.note_placed(&open, now);
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn open(writer: u64, placed_at: Option<Timestamp>, alive: &Arc<()>) -> OpenWrite {
        let (writer, alive) = (Writer::from_bits(writer), Arc::downgrade(alive));
        OpenWrite { writer, tags: [Tag::root()].into(), placed_at, alive, renewal: Renewal::Place }
    }

    fn due(writes: &OpenIntents, now: Timestamp) -> (Vec<u64>, Option<Duration>) {
        let (due, next) = writes.due(now, LIFE);
        (due.iter().map(|open| open.writer.bits()).collect(), next)
    }

    #[test]
    fn intents_are_due_at_half_their_life_and_at_once_if_they_were_not_taken() {
        let (writes, alive) = (OpenIntents::default(), Arc::new(()));
        writes.add(open(1, Some(at(1)), &alive));
        writes.add(open(2, Some(at(3)), &alive));
        writes.add(open(3, None, &alive));
        assert_eq!(due(&writes, at(4)), (vec![3], Some(Duration::from_secs(2))));
        assert_eq!(due(&writes, at(6)), (vec![1, 3], Some(Duration::from_secs(2))));
        writes.add(open(3, Some(at(6)), &alive));
        writes.end(Writer::from_bits(1));
        assert_eq!(due(&writes, at(8)), (vec![2], Some(Duration::from_secs(3))));
    }

    #[test]
    fn a_write_that_may_never_end_is_due_once_in_a_life() {
        let (writes, alive) = (OpenIntents::default(), Arc::new(()));
        let renewal = Renewal::Change([].into());
        writes.add(OpenWrite { renewal, ..open(1, Some(at(1)), &alive) });
        writes.add(open(1, Some(at(1)), &alive));
        assert_eq!(due(&writes, at(10)), (vec![1], Some(Duration::from_secs(1))));
        assert_eq!(due(&writes, at(11)), (vec![1, 1], None));
        writes.end(Writer::from_bits(1));
        assert_eq!(due(&writes, at(11)), (vec![], None));
    }

    #[test]
    fn intents_that_nobody_is_going_to_end_are_left_to_their_deadline() {
        let (writes, alive) = (OpenIntents::default(), Arc::new(()));
        writes.add(open(1, Some(at(1)), &alive));
        drop(alive);
        assert_eq!(due(&writes, at(6)), (vec![], None));
    }
}
