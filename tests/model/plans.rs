//! Plans what writers place and release, by the functions that the caches call.

use core::time::Duration;

use cache_core::intent::{Outcome, Release};
use cache_core::protocol::dirty::{Failed, Pending};
use cache_core::protocol::release::plan;
use cache_core::protocol::write::ChangeSet;
use cache_core::tables::Tables;
use cache_core::{Tag, TagKind};

use crate::catalog::{database, scope};
use crate::names::{TagId, id_of};
use crate::scenario::{Mutation, Scenario};
use crate::shop::{Program, Row};
use crate::world::moment;

/// How long intents live, in steps of the clock.
pub(crate) const LIFE: u8 = 2;

pub(crate) const INTENT_LIFE: Duration = Duration::from_nanos(LIFE as u64);

/// How a writer ends its write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum How {
    Changed,
    /// In another attempt, as the process' list of dirty tags says.
    Drained(Dirtiness),
    Unchanged,
    Unknown,
}

/// What a process knows of a change that has not got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dirtiness {
    pub(crate) may_still_run: bool,
    /// For longer than intents live.
    pub(crate) is_long: bool,
}

impl How {
    const COUNT: usize = 7;

    const fn place(self) -> usize {
        match self {
            Self::Changed => 0,
            Self::Unchanged => 1,
            Self::Unknown => 2,
            Self::Drained(dirtiness) => 3 + 2 * dirtiness.may_still_run as usize + dirtiness.is_long as usize,
        }
    }

    /// Whether the writer has to reckon with its work's taking effect later.
    pub(crate) const fn may_still_run(self) -> bool {
        matches!(self, Self::Unknown | Self::Drained(Dirtiness { may_still_run: true, .. }))
    }
}

/// What a writer places, and how it releases.
#[derive(Debug)]
pub(crate) struct Part {
    /// Nothing is placed: somebody clears.
    pub(crate) is_by_hand: bool,
    pub(crate) placed: Vec<TagId>,
    plans: [Vec<(TagId, Outcome)>; How::COUNT],
}

impl Part {
    pub(crate) fn plan(&self, how: How) -> &[(TagId, Outcome)] {
        &self.plans[how.place()]
    }
}

/// A writer's tags, before they have places.
pub(crate) struct Draft {
    is_by_hand: bool,
    pub(crate) placed: Vec<Tag>,
    pub(crate) changed: Vec<Tag>,
    plans: [Vec<Release>; How::COUNT],
}

impl Draft {
    pub(crate) fn of(program: Program, scenario: &Scenario, tables: &Tables) -> Self {
        let table = database().table("products");
        let tags_of = |change| {
            let mut changes = ChangeSet::new();
            match change {
                Some(change) => changes.add("products", &change, tables),
                None => changes.add_tags(&[table.whole(TagKind::Cleared), table.row(Row::A.key())]),
            }
            changes.tags(&database())
        };
        let placed = program.announced().map_or_else(Vec::new, |announced| tags_of(Some(announced)));
        let changed = tags_of(program.exact(scope()));
        let unknown = Outcome::Unknown(INTENT_LIFE);
        let plans = [
            plan(&changed, &placed, Outcome::Changed),
            plan(&[], &placed, Outcome::Changed),
            plan(&placed, &placed, unknown),
            drained(&changed, false, 0),
            drained(&changed, false, LIFE + 1),
            drained(&placed, true, 0),
            drained(&placed, true, LIFE + 1),
        ];
        let is_by_hand = program.announced().is_none();
        Self { is_by_hand, placed, changed, plans }.mutated(scenario.mutation)
    }

    fn mutated(mut self, mutation: Option<Mutation>) -> Self {
        let [changed, _, unknown, _, _, drained, _] = &mut self.plans;
        match mutation {
            Some(Mutation::ExactTagNotCovered) => self.placed.retain(|tag| self.changed.contains(tag)),
            Some(Mutation::RowBeforeWitness) => changed.sort_by_key(|release| release.tag.kind() != TagKind::Row),
            Some(Mutation::UnknownOutcomeForgotten) => unknown.clear(),
            Some(Mutation::UnknownOutcomeTakenAsDone) => {
                unknown.iter_mut().for_each(|release| release.outcome = Outcome::Changed);
            }
            Some(Mutation::UnknownRetriedAsDone) => {
                drained.iter_mut().for_each(|release| release.outcome = Outcome::Changed);
            }
            Some(Mutation::WideReleasedBeforeExact) => {
                changed.sort_by_key(|release| release.outcome != Outcome::Unchanged);
            }
            _ => {}
        }
        self
    }

    pub(crate) fn part(&self, tags: &[Tag]) -> Part {
        let ids = |wanted: &[Tag]| wanted.iter().filter_map(|tag| id_of(tags, tag)).collect();
        let steps = |releases: &Vec<Release>| {
            releases.iter().filter_map(|release| Some((id_of(tags, &release.tag)?, release.outcome))).collect()
        };
        Part { is_by_hand: self.is_by_hand, placed: ids(&self.placed), plans: self.plans.each_ref().map(steps) }
    }
}

/// What the list of dirty tags says to release after an outage of so many steps.
fn drained(tags: &[Tag], may_still_run: bool, outage: u8) -> Vec<Release> {
    let mut pending = Pending::default();
    pending.add(&Failed { tags, tables: &["products"], may_still_run }, moment(0));
    pending.batch(moment(outage), INTENT_LIFE).releases
}
