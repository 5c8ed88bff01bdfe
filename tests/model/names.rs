//! Names the tags of a scenario, and who reads and writes them.

use cache_core::protocol::read::Subject;
use cache_core::{Tag, TagKind};

use crate::catalog::{absent, late, seeds, subject, tables};
use crate::plans::{Draft, Part};
use crate::scenario::Scenario;
use crate::shop::{Read, Row};

/// A tag by its place among those that matter.
pub(crate) type TagId = u8;

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

    /// The tag of those who write the table.
    pub(crate) fn writers_tag(&self) -> Option<TagId> {
        self.writers.iter().find_map(|part| part.writers)
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

/// The tags that both somebody reads and somebody writes: the others never change, and their tokens are always equal.
fn relevant(scenario: &Scenario, subject: &Subject<'_>, drafts: &[Draft]) -> Vec<Tag> {
    let mut read: Vec<Tag> = scenario.reads.iter().flat_map(|read| seeds(subject, *read)).collect();
    if scenario.reads.iter().any(|read| matches!(read, Read::Slug(_))) {
        read.extend([Row::A, Row::B].into_iter().flat_map(|row| late(subject, row)));
    }
    let is_written = |tag: &Tag| {
        drafts.iter().any(|draft| draft.touches(tag))
            || (scenario.may_change_root() && *tag == Tag::root())
            || (tag.kind() == TagKind::Row && read_by_slug(scenario))
    };
    read.retain(is_written);
    read.sort_unstable();
    read.dedup();
    read
}

pub(crate) fn read_by_slug(scenario: &Scenario) -> bool {
    scenario.reads.iter().any(|read| matches!(read, Read::Slug(_)))
}

pub(crate) fn id_of(tags: &[Tag], wanted: &Tag) -> Option<TagId> {
    tags.iter().position(|tag| tag == wanted).and_then(|place| TagId::try_from(place).ok())
}
