//! Shows that the property finds bugs: stores that each do one thing wrong.

use core::fmt;
use std::cell::RefCell;

use cache_core::store::{Found, MemoryStore, Outcome, Put, Release, Store, Writer};
use cache_core::{CacheKey, Fingerprint, Result, Tag, TagKind, Timestamp, Worth};

use crate::form::{self, Form};
use crate::program::Conn;
use crate::scene;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Entries of all databases have the same names.
    DatabasesCollide,
    /// Tags of this kind get no new token.
    Forgets(TagKind),
    /// Of the tags of a release only the first gets a new token.
    ForgetsAllButOne,
    /// A write that fails changes nothing.
    ForgetsFailures,
    /// Writes of this form change nothing, but where a transaction keeps them for its end.
    ForgetsForm(Form),
    /// What is asked for and not stored leaves what was there.
    LeavesWhatWasThere,
    /// An entry does not depend on the last of its tags.
    LosesATag,
    /// Everything that is found is served.
    NeverCompares,
    /// Entries are stored under the tokens of the moment at which they are put.
    ReadsTokensLate,
    /// New tokens come before the statement, and not after it.
    ReleasesEarly,
    /// New tokens come with the next release.
    ReleasesLate,
    /// What ends in the middle of a statement is taken for its end: new tokens come before the statement has run.
    TakesAnInnerEnd,
    /// Entries are named by how the database is reached, and not by which one it is.
    TrustsAddresses,
}

/// Those of one kind each; [`all`] has the rest.
const DEFECTS: [Defect; 23] = [
    Defect::DatabasesCollide,
    Defect::Forgets(TagKind::Any),
    Defect::Forgets(TagKind::Born),
    Defect::Forgets(TagKind::Database),
    Defect::Forgets(TagKind::Details),
    Defect::Forgets(TagKind::Gone),
    Defect::Forgets(TagKind::Lists),
    Defect::Forgets(TagKind::Root),
    Defect::Forgets(TagKind::Row),
    Defect::Forgets(TagKind::Rows),
    Defect::Forgets(TagKind::Scope),
    Defect::Forgets(TagKind::Spread),
    Defect::Forgets(TagKind::Suffix),
    Defect::ForgetsAllButOne,
    Defect::ForgetsFailures,
    Defect::LeavesWhatWasThere,
    Defect::LosesATag,
    Defect::NeverCompares,
    Defect::ReadsTokensLate,
    Defect::ReleasesEarly,
    Defect::ReleasesLate,
    Defect::TakesAnInnerEnd,
    Defect::TrustsAddresses,
];

/// Every defect, in the order of the documentation.
pub fn all() -> impl Iterator<Item = Defect> {
    DEFECTS.into_iter().chain(Form::ALL.map(Defect::ForgetsForm))
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&match self {
            Self::DatabasesCollide => "entries of two databases collide".to_owned(),
            Self::Forgets(kind) => format!("a release forgets {kind:?} tags"),
            Self::ForgetsAllButOne => "a release stops after its first tag".to_owned(),
            Self::ForgetsFailures => "a write that fails is forgotten".to_owned(),
            Self::ForgetsForm(form) => format!("{} is forgotten", form.name()),
            Self::LeavesWhatWasThere => "what is asked for and not stored leaves what was there".to_owned(),
            Self::LosesATag => "an entry loses its last tag".to_owned(),
            Self::NeverCompares => "tokens are not compared".to_owned(),
            Self::ReadsTokensLate => "tokens are read after the query".to_owned(),
            Self::ReleasesEarly => "the release comes before the statement".to_owned(),
            Self::ReleasesLate => "a release comes with the next one".to_owned(),
            Self::TakesAnInnerEnd => "the end of an inner statement is taken for the outer one's".to_owned(),
            Self::TrustsAddresses => "keys say how the database is reached, and not which one it is".to_owned(),
        })
    }
}

/// How the database is reached that is read at present.
fn address() -> Option<Fingerprint> {
    let way: &[u8] = if scene::read_on()? == Conn::Two { b"two" } else { b"one" };
    Some(Fingerprint::of(&[way]))
}

/// Does a store's work wrong where the defect says so, and right elsewhere.
pub struct Flaw {
    defect: Option<Defect>,
    held_back: RefCell<Vec<Release>>,
    /// What the write that is running would have released.
    unsettled: RefCell<Vec<(Writer, Vec<Release>)>>,
}

impl Flaw {
    pub fn new(defect: Option<Defect>) -> Self {
        Self { defect, held_back: RefCell::default(), unsettled: RefCell::default() }
    }

    pub fn key(&self, key: CacheKey) -> CacheKey {
        let space = match self.defect {
            Some(Defect::DatabasesCollide) => Fingerprint::of(&[]),
            Some(Defect::TrustsAddresses) => address().unwrap_or(key.space),
            _ => key.space,
        };
        CacheKey { space, ..key }
    }

    pub fn judged(&self, found: Found) -> Found {
        let worth = if self.is(Defect::NeverCompares) { Worth::Fresh } else { found.worth };
        Found { worth, ..found }
    }

    pub fn under_tokens(&self, mut put: Put, store: &MemoryStore, now: Timestamp) -> Put {
        if self.is(Defect::ReadsTokensLate) {
            let tags: Vec<Tag> = put.tokens.iter().map(|(tag, _)| *tag).collect();
            let seeds = store.seed(&tags, &[], now).unwrap().seeds;
            put.tokens = tags.into_iter().zip(seeds).map(|(tag, seed)| (tag, seed.token)).collect();
        }
        if self.is(Defect::LosesATag) {
            put.tokens.pop();
        }
        put
    }

    pub fn on_place(&self, writer: Writer, tags: &[Tag], store: &MemoryStore, now: Timestamp) -> Result<()> {
        if !self.is(Defect::ReleasesEarly) && !self.takes_an_inner_end() {
            return Ok(());
        }
        let releases: Vec<Release> = tags.iter().map(|tag| Release { tag: *tag, outcome: Outcome::Changed }).collect();
        store.release(writer, &releases, &[], now).map(drop)
    }

    pub fn released(&self, writer: Writer, releases: &[Release]) -> Vec<Release> {
        let mut releases = releases.to_vec();
        let forget = |release: &mut Release| release.outcome = Outcome::Unchanged;
        match self.defect {
            Some(Defect::Forgets(kind)) => {
                releases.iter_mut().filter(|release| release.tag.kind() == kind).for_each(forget)
            }
            Some(Defect::ForgetsAllButOne) => releases.iter_mut().skip(1).for_each(forget),
            Some(Defect::ForgetsFailures) if form::running().is_some() => {
                self.unsettled.borrow_mut().push((writer, releases.clone()));
                releases.iter_mut().for_each(forget);
            }
            Some(Defect::ForgetsForm(form)) if form::running() == Some(form) => releases.iter_mut().for_each(forget),
            Some(Defect::ReleasesEarly) => releases.iter_mut().for_each(forget),
            Some(Defect::TakesAnInnerEnd) if form::is_looking_up() => releases.iter_mut().for_each(forget),
            Some(Defect::ReleasesLate) => releases = self.held_back.replace(releases),
            _ => {}
        }
        releases
    }

    /// What is released after a write that failed or not.
    pub fn ended(&self, has_failed: bool) -> Vec<(Writer, Vec<Release>)> {
        let unsettled = self.unsettled.take();
        if has_failed { Vec::new() } else { unsettled }
    }

    pub fn reclaims(&self) -> bool {
        let forgets = self.is(Defect::ForgetsForm(Form::ClearCache)) && form::running() == Some(Form::ClearCache);
        !self.is(Defect::Forgets(TagKind::Root)) && !forgets
    }

    pub fn removes_nothing(&self) -> bool {
        self.is(Defect::LeavesWhatWasThere)
    }

    fn takes_an_inner_end(&self) -> bool {
        self.is(Defect::TakesAnInnerEnd) && form::is_looking_up()
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }
}
