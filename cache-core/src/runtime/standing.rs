//! Keeps the intents that this process holds beside the tables that it writes, and renews them.

use core::time::Duration;
use std::collections::HashMap;

use quick_cache::DefaultHashBuilder;

use crate::clock::Moment;
use crate::name::tag::Tag;
use crate::observe::operation::Operation;
use crate::observe::statistics::StoreCounter;
use crate::protocol::standing::{Cover, Placed, StandingIntent, Upkeep};
use crate::runtime::guard::{CallFailure, GuardedStore};
use crate::store::{Outcome, Release, Writer};
use crate::sync::Mutex;

/// The intents of one cache, each by the tag that it stands beside.
///
/// No call of the store is made under the lock.
#[derive(Debug, Default)]
pub(crate) struct StandingIntents(Mutex<Standing>);

#[derive(Debug, Default)]
struct Standing {
    intents: HashMap<Tag, TableIntent, DefaultHashBuilder>,
    /// Intents under which a release failed, and the tags that they stand beside. They end when all that was written has
    /// got through, or at their deadline.
    left: Vec<(Writer, Tag)>,
    /// The process whose intents these are: one that was forked from it has none.
    process: u32,
    /// Nobody renews intents any more: each ends with its write.
    is_stopped: bool,
}

/// The intent beside one table.
#[derive(Debug, Default)]
struct TableIntent {
    intent: StandingIntent,
    /// How many releases of writes that relied on it are on their way: until they are over, nobody knows whether something
    /// is left to release.
    releasing: usize,
}

impl TableIntent {
    fn is_over(&self, now: Moment, life: Duration) -> bool {
        self.releasing == 0 && self.intent.is_over(now, life)
    }
}

impl StandingIntents {
    /// A write of what `writers` stands for begins.
    pub(crate) fn begin(&self, writers: Tag, store: &GuardedStore) {
        let (now, process) = (store.moment(), std::process::id());
        let mut standing = self.0.lock();
        if standing.process != process {
            *standing = Standing { process, is_stopped: standing.is_stopped, ..Standing::default() };
        }
        standing.intents.entry(writers).or_default().intent.begin(now, store.policy.intent_life);
    }

    /// Whether writes that have begun are covered by an intent of this `life`; where nothing stands, it is to be placed as
    /// `fresh`.
    pub(crate) fn cover(&self, (writers, life): (Tag, Duration), store: &GuardedStore, fresh: Writer) -> Cover {
        let (now, met) = (store.moment(), store.incarnations_met());
        self.0.lock().intents.entry(writers).or_default().intent.cover(now, life, met, fresh)
    }

    /// Places intents as `writer` beside `tags`, and others of the same name beside `own`.
    ///
    /// # Errors
    ///
    /// If the store did not take them; some of them may stand.
    pub(crate) fn place(
        &self,
        store: &GuardedStore,
        writer: Writer,
        (tags, own): (&[Tag], &[Tag]),
    ) -> Result<(), CallFailure> {
        // Both are read before anything is sent.
        let placed = Placed { sent_at: store.moment(), incarnations: store.incarnations_met() };
        let result = store.place(writer, &[own, tags].concat(), placed.sent_at.by_cache);
        self.note((writer, tags), result.is_ok().then_some(placed));
        result
    }

    /// What became of placing intents as `writer`.
    fn note(&self, (writer, tags): (Writer, &[Tag]), placed: Option<Placed>) {
        let mut standing = self.0.lock();
        for tag in tags {
            let Some(TableIntent { intent, .. }) = standing.intents.get_mut(tag) else { continue };
            match placed {
                Some(placed) => intent.placed(writer, placed),
                None => intent.failed(writer),
            }
        }
    }

    /// A write is about to be released. Gives the name of the intent if it has to end with that, after everything that the
    /// write has changed. In any case [`released`](Self::released) follows.
    pub(crate) fn end(&self, writers: Tag, store: &GuardedStore) -> Option<Writer> {
        let now = store.moment();
        let mut standing = self.0.lock();
        let is_stopped = standing.is_stopped;
        let TableIntent { intent, releasing } = standing.intents.get_mut(&writers)?;
        let ended = intent.end(now);
        // Another write may rely on what is kept, and be on its way to be released.
        let ended = if is_stopped && *releasing == 0 { ended.or_else(|| intent.stop()) } else { ended };
        *releasing += 1;
        ended
    }

    /// Writes of what these tags stand for were released; `is_left`: the store has not acknowledged that.
    pub(crate) fn released(&self, writers: &[Tag], is_left: bool) {
        let mut standing = self.0.lock();
        for tag in writers {
            let Some(TableIntent { intent, releasing }) = standing.intents.get_mut(tag) else { continue };
            *releasing = releasing.saturating_sub(1);
            let left = if is_left { intent.leave() } else { None };
            standing.left.extend(left.map(|writer| (writer, *tag)));
        }
    }

    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().intents.values().all(|table| !table.intent.is_held())
    }

    /// A write was given up, and nobody knows whether it took effect.
    pub(crate) fn abandon(&self, writers: Tag) {
        if let Some(table) = self.0.lock().intents.get_mut(&writers) {
            table.intent.abandon();
        }
    }

    /// Ends intents under names that are not those of the write whose release was acknowledged.
    pub(crate) fn end_now(&self, store: &GuardedStore, ended: Vec<(Writer, Tag)>) {
        // What cannot be ended ends by itself.
        drop(end_all(store, ended));
    }

    /// Ends the intents under which a release failed, if all that was written `is_released` by now. What this process has
    /// not got through when it dies ends with them.
    pub(crate) fn end_left(&self, store: &GuardedStore, is_released: impl Fn() -> bool) {
        let mut standing = self.0.lock();
        if standing.left.is_empty() || !is_released() {
            return;
        }
        // What relies on one that was left has to have another one before.
        let Standing { intents, left, .. } = &mut *standing;
        let ended = left.extract_if(.., |(_, tag)| intents.get(tag).is_none_or(|table| !table.intent.is_bare()));
        let ended: Vec<(Writer, Tag)> = ended.collect();
        drop(standing);
        drop(end_all(store, ended));
    }

    /// Places intents again that are due, and ends those that no write has needed for a while. Gives how long it is until
    /// something is due.
    ///
    /// # Errors
    ///
    /// If the store did not take some of them.
    pub(crate) fn tend(&self, store: &GuardedStore) -> Result<Option<Duration>, CallFailure> {
        let (now, life) = (store.moment(), store.policy.intent_life);
        let (renewed, ended) = self.due(now, life);
        let mut result = Ok(());
        for (writer, tags) in renewed {
            let placed = self.place(store, writer, (&tags, &[]));
            if placed.is_ok() {
                store.ledger.store.count(StoreCounter::IntentRenewal);
            }
            result = result.and(placed);
        }
        // What cannot be ended ends by itself, and the entries of its table with it.
        result = result.and(end_all(store, ended));
        result.map(|()| self.due_in(store.moment(), life))
    }

    /// From now on each intent ends with its write.
    pub(crate) fn stop_keeping(&self) {
        self.0.lock().is_stopped = true;
    }

    /// Ends what no write relies on.
    pub(crate) fn stop(&self, store: &GuardedStore) {
        let mut standing = self.0.lock();
        let all = standing.intents.iter_mut().filter(|(_, table)| table.releasing == 0);
        let ended: Vec<(Writer, Tag)> = all.filter_map(|(tag, table)| Some((table.intent.stop()?, *tag))).collect();
        drop(standing);
        // As above.
        drop(end_all(store, ended));
    }

    /// What is to be placed again, by the names of the intents, and what is to be ended.
    fn due(&self, now: Moment, life: Duration) -> Due {
        let (mut renewed, mut ended) = (HashMap::<Writer, Vec<Tag>>::new(), Vec::new());
        let mut standing = self.0.lock();
        for (tag, TableIntent { intent, releasing }) in &mut standing.intents {
            match intent.upkeep(now, life, (Writer::fresh(), *releasing == 0)) {
                Upkeep::Nothing => {}
                Upkeep::Renew(writer) => renewed.entry(writer).or_default().push(*tag),
                Upkeep::End(writer) => ended.push((writer, *tag)),
            }
        }
        standing.intents.retain(|_, table| !table.is_over(now, life));
        (renewed, ended)
    }

    fn due_in(&self, now: Moment, life: Duration) -> Option<Duration> {
        self.0.lock().intents.values().filter_map(|table| table.intent.due_in(now, life)).min()
    }
}

type Due = (HashMap<Writer, Vec<Tag>>, Vec<(Writer, Tag)>);

fn end_all(store: &GuardedStore, ended: Vec<(Writer, Tag)>) -> Result<(), CallFailure> {
    let mut by_writer = HashMap::<Writer, Vec<Release>>::new();
    for (writer, tag) in ended {
        by_writer.entry(writer).or_default().push(Release { tag, outcome: Outcome::Unchanged });
    }
    let now = store.now();
    by_writer.into_iter().try_for_each(|(writer, releases)| {
        store.call(Operation::Release, |store| store.release(writer, &releases, &[], now)).map(drop)
    })
}
