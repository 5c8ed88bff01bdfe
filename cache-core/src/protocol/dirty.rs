//! Decides what has to be released once a store that could not be reached is back.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::name::tag::Tag;
use crate::protocol::intent::{Outcome, Release};

/// The tags whose change a store has not acknowledged.
///
/// A release that failed may have happened in part, in full, or may still arrive: all of its tags are kept, and
/// changed once more. That one more new token costs a query at most.
#[derive(Debug, Default)]
pub struct Pending {
    /// In the order in which they are released: `any` of every table before all other tags.
    tags: BTreeMap<Tag, Noted>,
    tables: BTreeSet<String>,
    since: Option<Timestamp>,
    generation: u64,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    generation: u64,
    may_still_run: bool,
}

/// What was not acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The tags that were to get new tokens.
    pub tags: &'a [Tag],
    /// The tables that were written, by their SQL names.
    pub tables: &'a [&'a str],
    /// Whether the write may still be under way.
    pub may_still_run: bool,
}

/// What to release now.
#[derive(Clone, Debug)]
pub struct ReleaseBatch {
    /// In order.
    pub releases: Vec<Release>,
    generation: u64,
}

impl Pending {
    /// More tags than these become the root: everything counts as changed.
    pub const MOST: usize = 1024;

    /// Notes what a store has not acknowledged at `now`.
    pub fn add(&mut self, failed: &Failed<'_>, now: Timestamp) {
        self.generation += 1;
        self.since.get_or_insert(now);
        self.tables.extend(failed.tables.iter().map(|table| (*table).to_owned()));
        for tag in failed.tags {
            self.note(*tag, failed.may_still_run);
        }
        if self.tags.len() > Self::MOST {
            let may_still_run = self.may_any_still_run();
            self.tags.clear();
            self.note(Tag::root(), may_still_run);
        }
    }

    /// What to release at `now`. `intent_life` is how long intents stand: after an outage that was longer, none that was
    /// placed before it stands any more, and everything counts as changed.
    #[must_use]
    pub fn batch(&self, now: Timestamp, intent_life: Duration) -> ReleaseBatch {
        let outcome = |may_still_run| if may_still_run { Outcome::Unknown(intent_life) } else { Outcome::Changed };
        let is_long = self.since.is_some_and(|since| now.since(since) > intent_life);
        let releases = if is_long {
            vec![Release { tag: Tag::root(), outcome: outcome(self.may_any_still_run()) }]
        } else {
            let releases = self.tags.iter();
            releases.map(|(tag, noted)| Release { tag: *tag, outcome: outcome(noted.may_still_run) }).collect()
        };
        ReleaseBatch { releases, generation: self.generation }
    }

    /// The store has acknowledged `batch`. What was noted after the batch was made stays: its write may have taken
    /// effect after the store had changed the tags. Gives the tables if nothing is left.
    pub fn deliver(&mut self, batch: &ReleaseBatch) -> Option<BTreeSet<String>> {
        self.tags.retain(|_, noted| noted.generation > batch.generation);
        if !self.is_empty() {
            return None;
        }
        self.since = None;
        Some(core::mem::take(&mut self.tables))
    }

    /// Whether everything was acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// How many tags are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    fn note(&mut self, tag: Tag, may_still_run: bool) {
        let noted = self.tags.entry(tag).or_insert(Noted { generation: 0, may_still_run });
        noted.generation = self.generation;
        noted.may_still_run |= may_still_run;
    }

    fn may_any_still_run(&self) -> bool {
        self.tags.values().any(|noted| noted.may_still_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::KeyBytes;
    use crate::name::tag::{Database, TagKind};

    const LIFE: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn row(id: u32) -> Tag {
        Database::named("shop").table("products").row(KeyBytes::of(&id))
    }

    fn failed(tags: &[Tag]) -> Failed<'_> {
        Failed { tags, tables: &["products"], may_still_run: false }
    }

    fn tags(batch: &ReleaseBatch) -> Vec<Tag> {
        batch.releases.iter().map(|release| release.tag).collect()
    }

    #[test]
    fn what_is_noted_is_released_with_any_first() {
        let any = Database::named("shop").table("products").whole(TagKind::Any);
        let mut pending = Pending::default();
        pending.add(&failed(&[row(1), any, row(1)]), at(1));
        let batch = pending.batch(at(2), LIFE);
        assert_eq!(tags(&batch), [any, row(1)]);
        assert_eq!(pending.deliver(&batch), Some(BTreeSet::from(["products".to_owned()])));
        assert!(pending.is_empty());
    }

    #[test]
    fn what_is_noted_while_a_batch_is_under_way_stays() {
        let mut pending = Pending::default();
        pending.add(&failed(&[row(1), row(2)]), at(1));
        let batch = pending.batch(at(2), LIFE);
        pending.add(&failed(&[row(2)]), at(2));
        assert_eq!(pending.deliver(&batch), None);
        assert_eq!(tags(&pending.batch(at(2), LIFE)), [row(2)]);
    }

    #[test]
    fn too_many_tags_become_the_root() {
        let mut pending = Pending::default();
        let most = u32::try_from(Pending::MOST).unwrap();
        (0..most).for_each(|id| pending.add(&failed(&[row(id)]), at(1)));
        assert_eq!(pending.len(), Pending::MOST);
        let batch = pending.batch(at(1), LIFE);
        pending.add(&failed(&[row(most)]), at(1));
        assert_eq!(tags(&pending.batch(at(1), LIFE)), [Tag::root()]);
        pending.deliver(&batch);
        assert_eq!(pending.len(), 1, "the root stands for what came after the batch");
    }

    #[test]
    fn an_outage_that_is_longer_than_an_intent_changes_the_root() {
        let mut pending = Pending::default();
        pending.add(&failed(&[row(1)]), at(1));
        pending.add(&failed(&[row(2)]), at(9));
        assert_eq!(tags(&pending.batch(at(11), LIFE)), [row(1), row(2)]);
        let batch = pending.batch(at(12), LIFE);
        assert_eq!(tags(&batch), [Tag::root()]);
        pending.deliver(&batch);
        pending.add(&failed(&[row(3)]), at(50));
        assert_eq!(tags(&pending.batch(at(51), LIFE)), [row(3)], "the outage is over");
    }

    #[test]
    fn what_may_still_run_leaves_an_intent_behind() {
        let mut pending = Pending::default();
        pending.add(&Failed { may_still_run: true, ..failed(&[row(1)]) }, at(1));
        pending.add(&failed(&[row(1), row(2)]), at(1));
        let outcomes: Vec<Outcome> =
            pending.batch(at(1), LIFE).releases.iter().map(|release| release.outcome).collect();
        assert_eq!(outcomes, [Outcome::Unknown(LIFE), Outcome::Changed]);
        assert_eq!(pending.batch(at(60), LIFE).releases[0].outcome, Outcome::Unknown(LIFE));
    }
}
