//! Tells a computation what a read depends on that is answered from the cache. What is asked of the database tells it by its
//! load ([`Reader::start`](cache_core::Reader::start)), or as the plain statement that it is.

use cache_core::planted::{Mistake, is_planted};
use cache_core::store::{Seed, Wanted};
use cache_core::{
    Collecting, Expected, Kind, Life, Miss, Missed, Tag, TagKind, Timestamp, Unkept, Value, is_collecting,
};

use crate::catalogue::is_current;
use crate::model::CachedModel as _;
use crate::read::page::Page;
use crate::read::task::Site;

/// Looks up what is `wanted` by a computation: the tokens of all that the entry may depend on are taken first. Where the
/// database was not asked since it may declare something else, that is not known, and nothing is found: it is asked then.
#[cold]
pub(crate) fn look_up(site: &Site<'_>, wanted: &Wanted<'_>) -> Result<(Value, Life), Missed> {
    let Some(scope) = Collecting::current() else { return site.reader.look_up(wanted) };
    let tags = wanted.tags.tags();
    if tags.is_empty() {
        return Err(Miss::Absent.into());
    }
    let Some(expected) = expect(&scope, site, &tags) else { return Err(Miss::Absent.into()) };
    let found = match site.reader.find(&wanted.key) {
        Some(found) => Ok(found),
        None => site.reader.look_up(wanted),
    };
    match &found {
        Ok(_) if is_planted(Mistake::Findings) => expected.forget(),
        Ok((value, _)) => expected.keep(|tag| counts(wanted.key.kind, value, tag)),
        // Whoever loads it says what it depends on.
        Err(_) => expected.forget(),
    }
    found
}

/// The computation that is under way depends on all of `tags`; says whether it was known what the database declares.
pub(crate) fn tell(site: &Site<'_>, tags: &[Tag]) -> bool {
    Collecting::current().is_none_or(|scope| expect(&scope, site, tags).map(drop).is_some())
}

/// A read that may depend on `tags` is about to be made; `None`: the database may declare something else by now than what
/// they were made by.
fn expect(scope: &Collecting, site: &Site<'_>, tags: &[Tag]) -> Option<Expected> {
    let expected = scope.expect(tags, &site.declared(tags), None);
    let structures = expected.structures_in(site.reader.cache, &site.identity.database);
    if structures.iter().any(|structure| is_current(site.identity, structure)) {
        return Some(expected);
    }
    expected.forget();
    None
}

/// What is loaded under `seeds` depends on all of their tags; without any nobody can tell.
pub(crate) fn note(site: &Site<'_>, seeds: Option<&[(Tag, Seed)]>) {
    let Some(scope) = Collecting::current() else { return };
    match seeds {
        Some(seeds) => {
            let tags: Vec<Tag> = seeds.iter().map(|(tag, _)| *tag).collect();
            drop(scope.expect(&tags, &site.declared(&tags), Some((site.reader.cache, seeds))));
        }
        None => scope.refuse(Unkept::StoreFailed),
    }
}

/// Whether what was found of this kind depends on `tag`, which what is looked up may depend on.
fn counts(kind: Kind, value: &Value, tag: &Tag) -> bool {
    match (kind, value) {
        // That the row might have come into being is of no interest once it is there.
        (Kind::Detail, Value::Shared(_)) => tag.kind() != TagKind::Born,
        // What leads to a row: the row is looked up next.
        (Kind::Unique, Value::Shared(_)) => matches!(tag.kind(), TagKind::Root | TagKind::Database),
        _ => true,
    }
}

/// What is computed of `page` ends with its row.
#[inline]
pub(crate) fn end_with<P: Page>(page: &P) {
    if let Some(moment) = page.root().ends_at().filter(|_| is_collecting()) {
        end_by(moment);
    }
}

/// The same for the first row of `pages` that ends.
#[inline]
pub(crate) fn end_with_all<P: Page>(pages: &[P]) {
    if is_collecting() {
        pages.iter().for_each(end_with);
    }
}

#[cold]
fn end_by(moment: Timestamp) {
    if let Some(scope) = Collecting::current() {
        scope.end_by(moment);
    }
}

/// The computation that is under way, if any, is not stored.
pub(crate) fn refuse(reason: Unkept) {
    if let Some(scope) = Collecting::current() {
        scope.refuse(reason);
    }
}
