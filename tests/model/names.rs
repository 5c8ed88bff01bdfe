//! Which tags the reads and the writers of a scenario are about, by the functions that the caches call.

use core::any::TypeId;
use core::time::Duration;

use cache_core::intent::{Outcome, Release};
use cache_core::protocol::dirty::{Failed, Pending};
use cache_core::protocol::fill::second_look;
use cache_core::protocol::read::Subject;
use cache_core::protocol::release::plan;
use cache_core::protocol::write::ChangeSet;
use cache_core::tables::{Declaration, LookupDeclaration, Tables};
use cache_core::{Database, Fingerprint, KeyBytes, ManagerTags, Tag, TagKind};

use crate::scenario::{Mutation, Scenario};
use crate::shop::{Program, Read, Row};
use crate::world::moment;

/// A tag by its place among those that matter.
pub(crate) type TagId = u8;

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

/// Everything that is decided before the first step.
#[derive(Debug)]
pub(crate) struct Names {
    tags: Vec<Tag>,
    seeds: Vec<Vec<TagId>>,
    late: [Vec<TagId>; 2],
    found: [Vec<TagId>; 2],
    absent: Vec<Vec<TagId>>,
    pub(crate) writers: Vec<Part>,
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

impl Names {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let tables = tables(scenario);
        let named = ["products".to_owned()];
        let subject = subject(&named, &tables);
        let drafts: Vec<Draft> =
            scenario.writers.iter().map(|program| Draft::of(*program, scenario, &tables)).collect();
        let tags = relevant(scenario, &subject, &drafts);
        let ids = |wanted: Vec<Tag>| wanted.iter().filter_map(|tag| id_of(&tags, tag)).collect::<Vec<TagId>>();
        let all = || (0..Read::COUNT).map(Read::at);
        Self {
            seeds: all().map(|read| ids(seeds(&subject, read))).collect(),
            absent: all().map(|read| ids(absent(&subject, read))).collect(),
            late: [Row::A, Row::B].map(|row| ids(late(&subject, row).to_vec())),
            found: [Row::A, Row::B].map(|row| ids(subject.found_row(row.key()))),
            writers: drafts.iter().map(|draft| draft.part(&tags)).collect(),
            tags,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.tags.len()
    }

    pub(crate) fn tag(&self, id: TagId) -> Tag {
        self.tags[usize::from(id)]
    }

    pub(crate) fn root(&self) -> Option<TagId> {
        id_of(&self.tags, &Tag::root())
    }

    /// What is asked for before the query of `read`.
    pub(crate) fn seeds(&self, read: Read) -> &[TagId] {
        &self.seeds[read.place()]
    }

    /// What is asked for after the query, once it has told which row it is.
    pub(crate) fn late(&self, row: Row) -> &[TagId] {
        &self.late[row as usize]
    }

    /// What the answer to `read` depends on, if it found `found`.
    pub(crate) fn dependencies(&self, read: Read, found: Option<Row>) -> &[TagId] {
        found.map_or(&self.absent[read.place()], |row| &self.found[row as usize])
    }
}

/// A writer's tags, before they have places.
struct Draft {
    is_by_hand: bool,
    placed: Vec<Tag>,
    changed: Vec<Tag>,
    plans: [Vec<Release>; How::COUNT],
}

impl Draft {
    fn of(program: Program, scenario: &Scenario, tables: &Tables) -> Self {
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

    fn part(&self, tags: &[Tag]) -> Part {
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

/// The tags that both somebody reads and somebody writes: the others never change, and their tokens are always equal.
fn relevant(scenario: &Scenario, subject: &Subject<'_>, drafts: &[Draft]) -> Vec<Tag> {
    let mut read: Vec<Tag> = scenario.reads.iter().flat_map(|read| seeds(subject, *read)).collect();
    if scenario.reads.iter().any(|read| matches!(read, Read::Slug(_))) {
        read.extend([Row::A, Row::B].into_iter().flat_map(|row| late(subject, row)));
    }
    let is_written = |tag: &Tag| {
        drafts.iter().any(|draft| draft.placed.contains(tag) || draft.changed.contains(tag))
            || (scenario.may_change_root() && *tag == Tag::root())
            || (tag.kind() == TagKind::Row && read_by_slug(scenario))
    };
    read.retain(is_written);
    read.sort_unstable();
    read.dedup();
    read
}

fn read_by_slug(scenario: &Scenario) -> bool {
    scenario.reads.iter().any(|read| matches!(read, Read::Slug(_)))
}

fn seeds(subject: &Subject<'_>, read: Read) -> Vec<Tag> {
    match read {
        Read::Slug(_) => subject.unique(),
        _ => absent(subject, read),
    }
}

/// What the answer depends on if it is not one row that was found.
fn absent(subject: &Subject<'_>, read: Read) -> Vec<Tag> {
    match read {
        Read::Every => subject.list(None),
        Read::Row(row) => subject.absent_row(row.key()),
        Read::Scope => subject.scope(Some(scope())),
        Read::Slug(_) => subject.absent_unique(),
    }
}

fn late(subject: &Subject<'_>, row: Row) -> [Tag; 3] {
    second_look(subject.database.table(subject.table), row.key())
}

fn id_of(tags: &[Tag], wanted: &Tag) -> Option<TagId> {
    tags.iter().position(|tag| tag == wanted).and_then(|place| TagId::try_from(place).ok())
}

fn database() -> Database {
    Database::named("shop")
}

fn scope() -> Tag {
    database().table("products").scope(&["shelf"], KeyBytes::of(&7))
}

fn subject<'a>(named: &'a [String], tables: &'a Tables) -> Subject<'a> {
    let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
    Subject { database: database(), manager, table: "products", named, tables }
}

/// The table has a unique column where somebody reads by it.
fn tables(scenario: &Scenario) -> Tables {
    let slug = LookupDeclaration {
        columns: &["slug"],
        is_exact: true,
        is_fixed: false,
        is_unique: true,
        normalizer: None,
        value: TypeId::of::<String>(),
    };
    let lookups = if read_by_slug(scenario) { vec![slug] } else { Vec::new() };
    let key = ("id".to_owned(), TypeId::of::<i32>());
    Tables::new([Declaration { table: "products".into(), key, lookups, dependencies: vec![] }])
}
