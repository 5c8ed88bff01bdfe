//! Decides how a read goes on in a cache whose entries are compared with the database.

use cache_core::{KeyBytes, Life, Miss, Missed, Mode};

use crate::manager::Attached;
use crate::read::builder::options::UseOfCache;
use crate::read::task::{Head, ReadStep, Site, hit, step_after_miss, step_of_ageing};
use crate::read::terminal::entry::{CachedEntry, Origin};

/// Whether a read may be answered without a connection, though its cache is watched.
#[cold]
pub(super) fn may_look(head: &Head, attached: &Attached) -> bool {
    let cache = &attached.cache;
    let is_ordinary = head.options.use_of_cache == UseOfCache::Full && cache.mode() != Mode::Off;
    is_ordinary && !cache.is_shadow() && !cache.is_distrusted(&head.state.name)
}

/// What follows from what was looked up.
#[cold]
pub(super) fn step_after<T>(
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
        Ok((value, life)) => {
            let step = match life.may_be_stale() {
                true => step_of_ageing(site, (value, life), &key),
                false => hit(site, (value, life), &key),
            };
            match step {
                ReadStep::Hit(entry) if cache.draws_for_audit(|| site.key(key(), site.reader.kind)) => {
                    ReadStep::Drawn(*site, entry)
                }
                step => step,
            }
        }
    }
}
