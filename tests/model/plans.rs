//! Plans what writers place and release, by the functions that the caches call.

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
use crate::world::{lasting, moment};

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
    /// The tags that are not of a table: its own intents stand beside them.
    pub(crate) own: Vec<TagId>,
    /// The tag of those who write the table: its process' intent stands beside it.
    pub(crate) writers: Option<TagId>,
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
    pub(crate) announced: Vec<Tag>,
    pub(crate) own: Vec<Tag>,
    pub(crate) writers: Option<Tag>,
    pub(crate) changed: Vec<Tag>,
    plans: [Vec<Release>; How::COUNT],
}

impl Draft {
    pub(crate) fn of(program: Program, scenario: &Scenario, tables: &Tables) -> Self {
        let table = database().table("products");
        let tags_of = |change| {
            let mut changes = ChangeSet::new();
            match change {
                _ if program == Program::Alter => changes.add_everything(),
                Some(change) => changes.add("products", &change, tables),
                None => changes.add_tags(&[table.whole(TagKind::Cleared), table.row(Row::A.key())]),
            }
            changes.tags(&database())
        };
        let is_by_hand = program == Program::ClearA;
        let announced = if is_by_hand { Vec::new() } else { tags_of(program.announced()) };
        let changed = tags_of(program.exact(scope()));
        let own: Vec<Tag> = announced.iter().filter(|tag| tag.writers().is_none()).copied().collect();
        let writers = announced.iter().find_map(Tag::writers);
        let (life, unknown) = (scenario.life, Outcome::Unknown(lasting(scenario.life)));
        let plans = [
            plan(&changed, &own, Outcome::Changed),
            plan(&[], &own, Outcome::Changed),
            plan(&announced, &announced, unknown),
            drained(&changed, false, (0, life)),
            drained(&changed, false, (life + 1, life)),
            drained(&announced, true, (0, life)),
            drained(&announced, true, (life + 1, life)),
        ];
        Self { is_by_hand, announced, own, writers, changed, plans }.mutated(scenario.mutation)
    }

    /// What has to be there of a tag if anybody reads it.
    pub(crate) fn touches(&self, tag: &Tag) -> bool {
        let mut touched = self.announced.iter().chain(&self.changed).chain(&self.writers);
        touched.any(|touched| touched == tag)
    }

    fn mutated(mut self, mutation: Option<Mutation>) -> Self {
        let [changed, _, unknown, _, _, drained, _] = &mut self.plans;
        match mutation {
            Some(Mutation::RowBeforeWitness) => changed.sort_by_key(|release| release.tag.kind() != TagKind::Row),
            Some(Mutation::UnknownOutcomeForgotten) => unknown.clear(),
            Some(Mutation::UnknownOutcomeTakenAsDone) => {
                unknown.iter_mut().for_each(|release| release.outcome = Outcome::Changed);
            }
            Some(Mutation::UnknownRetriedAsDone) => {
                drained.iter_mut().for_each(|release| release.outcome = Outcome::Changed);
            }
            _ => {}
        }
        self
    }

    pub(crate) fn part(&self, tags: &[Tag]) -> Part {
        let steps = |releases: &Vec<Release>| {
            releases.iter().filter_map(|release| Some((id_of(tags, &release.tag)?, release.outcome))).collect()
        };
        Part {
            is_by_hand: self.is_by_hand,
            own: self.own.iter().filter_map(|tag| id_of(tags, tag)).collect(),
            writers: self.writers.and_then(|tag| id_of(tags, &tag)),
            plans: self.plans.each_ref().map(steps),
        }
    }
}

/// What the list of dirty tags says to release after an outage of so many steps.
fn drained(tags: &[Tag], may_still_run: bool, (outage, life): (u8, u8)) -> Vec<Release> {
    let mut pending = Pending::default();
    pending.add(&Failed { tags, tables: &["products"], may_still_run }, moment(0));
    pending.batch(moment(outage), lasting(life)).releases
}
