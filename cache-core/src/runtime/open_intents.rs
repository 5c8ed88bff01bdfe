//! Keeps the intents of writes that are under way, so that those of long writes are renewed in time.

use core::time::Duration;
use std::sync::{Arc, Weak};

use crate::clock::Timestamp;
use crate::name::tables::TableDeclaration;
use crate::name::tag::Tag;
use crate::observe::statistics::StoreCounter;
use crate::runtime::guard::{CallFailure, GuardedStore};
use crate::runtime::notes::wide_tags;
use crate::store::Writer;
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
    /// What this process declares of the tables that are written in part.
    pub(crate) declared: Arc<[TableDeclaration]>,
    /// Before the store was told; `None`: it did not take them.
    pub(crate) placed_at: Option<Timestamp>,
    /// Whether anybody is going to end them: a write that is given up may end without a word.
    pub(crate) alive: Weak<()>,
    /// True from just before the first renewal: a renewal also places intents for the whole of each table in `declared`,
    /// and the end of the write has to release those.
    pub(crate) is_renewed: bool,
}

impl OpenWrite {
    /// When the intents are to be placed again: at half their life, so that at least half is left always.
    fn due_at(&self, life: Duration) -> Timestamp {
        self.placed_at.map_or(Timestamp::from_nanos(0), |placed_at| placed_at.after(life / 2))
    }

    /// What was placed, and what stands for the tables as a whole: others that declare something else may have begun to fill
    /// since, and rely on intents that stand as long as those beside `any`. Hence in one call, and first.
    fn tags_to_renew(&self, is_noted: bool) -> Vec<Tag> {
        let mut tags = if is_noted { wide_tags(&self.declared) } else { Vec::new() };
        let own: Vec<Tag> = self.tags.iter().filter(|tag| !tags.contains(tag)).copied().collect();
        tags.extend(own);
        tags
    }
}

impl OpenIntents {
    /// Intents were placed, or are to be; what was placed before for the same write stands as long as these.
    pub(crate) fn add(&self, stand: OpenWrite) {
        let mut stands = self.0.lock();
        stands.retain(|other| other.writer != stand.writer || other.tags != stand.tags);
        stands.push(stand);
    }

    /// The intents of `writer` are about to be ended. Gives the tables of which there may be intents for all.
    pub(crate) fn end(&self, writer: Writer) -> Vec<TableDeclaration> {
        let mut stands = self.0.lock();
        let renewed = stands.iter().filter(|stand| stand.writer == writer && stand.is_renewed);
        let tables = renewed.flat_map(|stand| stand.declared.iter().copied()).collect();
        stands.retain(|stand| stand.writer != writer);
        tables
    }

    /// Those that are due, and how long it is until the next one is.
    fn due(&self, now: Timestamp, life: Duration) -> (Vec<OpenWrite>, Option<Duration>) {
        let mut stands = self.0.lock();
        stands.retain(|stand| stand.alive.strong_count() > 0);
        let (due, later): (Vec<&mut OpenWrite>, Vec<&mut OpenWrite>) =
            stands.iter_mut().partition(|stand| stand.due_at(life) <= now);
        let next = later.iter().map(|stand| stand.due_at(life).since(now)).min();
        let renewed = |stand: &mut OpenWrite| {
            stand.is_renewed = true;
            stand.clone()
        };
        (due.into_iter().map(renewed).collect(), next)
    }

    /// The intents were placed again, if the write is still under way.
    fn note_placed(&self, placed: &OpenWrite, now: Timestamp) {
        let mut stands = self.0.lock();
        let same = |stand: &&mut OpenWrite| stand.writer == placed.writer && Arc::ptr_eq(&stand.tags, &placed.tags);
        if let Some(stand) = stands.iter_mut().find(same) {
            stand.placed_at = Some(now);
        }
    }

    /// Places the intents that are due again. Gives how long it is until the next ones are, if there are any.
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
        for stand in due {
            let (now, tags) = (store.now(), stand.tags_to_renew(store.keeps_notes()));
            let foreign = store.place(stand.writer, &tags, &stand.declared, now)?;
            self.note_placed(&stand, now);
            store.ledger.store.count(StoreCounter::IntentRenewal);
            store.claim(stand.writer, &foreign);
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

    fn stand(writer: u64, placed_at: Option<Timestamp>, alive: &Arc<()>) -> OpenWrite {
        let (tags, declared) = ([Tag::root()].into(), [].into());
        let (writer, alive) = (Writer::from_bits(writer), Arc::downgrade(alive));
        OpenWrite { writer, tags, declared, placed_at, alive, is_renewed: false }
    }

    fn due(standing: &OpenIntents, now: Timestamp) -> (Vec<u64>, Option<Duration>) {
        let (due, next) = standing.due(now, LIFE);
        (due.iter().map(|stand| stand.writer.bits()).collect(), next)
    }

    #[test]
    fn intents_are_due_at_half_their_life_and_at_once_if_they_were_not_taken() {
        let (standing, alive) = (OpenIntents::default(), Arc::new(()));
        standing.add(stand(1, Some(at(1)), &alive));
        standing.add(stand(2, Some(at(3)), &alive));
        standing.add(stand(3, None, &alive));
        assert_eq!(due(&standing, at(4)), (vec![3], Some(Duration::from_secs(2))));
        assert_eq!(due(&standing, at(6)), (vec![1, 3], Some(Duration::from_secs(2))));
        standing.add(stand(3, Some(at(6)), &alive));
        standing.end(Writer::from_bits(1));
        assert_eq!(due(&standing, at(8)), (vec![2], Some(Duration::from_secs(3))));
    }

    #[test]
    fn intents_that_nobody_is_going_to_end_are_left_to_their_deadline() {
        let (standing, alive) = (OpenIntents::default(), Arc::new(()));
        standing.add(stand(1, Some(at(1)), &alive));
        drop(alive);
        assert_eq!(due(&standing, at(6)), (vec![], None));
    }
}
