//! Decides how a read goes on in a cache whose entries are compared with the database.

use cache_core::{Bypass, KeyBytes, Life, Miss, Missed, Mode, Watch};

use crate::identity::Identity;
use crate::manager::Attached;
use crate::read::builder::options::UseOfCache;
use crate::read::task::{Head, ReadStep, Site, admitted, site, step_after_miss, step_of_ageing};
use crate::read::terminal::entry::{CachedEntry, Origin};

/// What is watched of a read that is answered without a connection, in a cache that not each read may look in.
#[cold]
pub(super) fn glance(head: &Head, attached: &Attached) -> Option<Watch> {
    let cache = &attached.cache;
    let is_ordinary = head.options.use_of_cache == UseOfCache::Full && cache.mode() != Mode::Off;
    let may_look = is_ordinary && !cache.is_shadow() && !cache.is_distrusted(&head.state.name);
    may_look.then(|| cache.watch())
}

/// Where a read takes place of which more is to be asked than whether it may look, or less.
#[inline(never)]
pub(super) fn site_of(head: &Head, gate: Result<Identity, Bypass>) -> Option<Site<'static>> {
    if let (Some(attached), Ok(identity)) = (head.state.attached(), gate)
        && let Some(watch) = head.glance(attached)
    {
        return Some(site(head, attached, (identity, watch)));
    }
    let (attached, identity) = admitted(head, gate)?;
    Some(site(head, attached, (identity, attached.cache.watch())))
}

/// What follows from what was looked up.
#[inline(never)]
pub(super) fn step_after<T>(
    site: &Site<'static>,
    found: Result<(T, Life), Missed>,
    key: impl Fn() -> KeyBytes,
) -> ReadStep<T> {
    match found {
        Ok((value, life)) if site.watch == Watch::Hits && !life.may_be_stale() => {
            site.reader.hit(&key);
            draw(site, CachedEntry::new(value, Origin::Hit, Some(life)), key)
        }
        found => step_after_any(site, found, key),
    }
}

/// Has some of the hits compared.
#[inline(always)]
fn draw<T>(site: &Site<'static>, entry: CachedEntry<T>, key: impl Fn() -> KeyBytes) -> ReadStep<T> {
    if site.reader.cache.draws_for_audit(|| site.key(key(), site.reader.kind)) {
        ReadStep::Drawn(*site, entry)
    } else {
        ReadStep::Hit(entry)
    }
}

/// The same where it is stale, was not found, or is not served.
#[cold]
fn step_after_any<T>(
    site: &Site<'static>,
    found: Result<(T, Life), Missed>,
    key: impl Fn() -> KeyBytes,
) -> ReadStep<T> {
    let cache = site.reader.cache;
    match found {
        Err(missed) if cache.is_shadow() => {
            let (manager, kind) = (site.reader.manager, site.reader.kind);
            cache.count_audit(manager, kind, |counts| counts.shadow_miss_count += 1);
            step_after_miss::<T>(site, missed, &key);
            // Whoever refreshes is given nothing that somebody has stored meanwhile.
            ReadStep::Miss(*site, Miss::Refresh.into())
        }
        Err(missed) => step_after_miss(site, missed, key),
        Ok((value, life)) if cache.is_shadow() => {
            ReadStep::Shadow(*site, CachedEntry::new(value, Origin::Hit, Some(life)))
        }
        Ok(found) => match step_of_ageing(site, found, &key) {
            ReadStep::Hit(entry) => draw(site, entry, key),
            step => step,
        },
    }
}
