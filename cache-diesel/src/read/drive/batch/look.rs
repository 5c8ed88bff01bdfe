//! Looks several rows up at once.

use cache_core::store::Wish;
use cache_core::{KeyBytes, Kind, Life, Manner, Miss, Value, is_collecting};

use crate::backend::line::Line;
use crate::read::builder::options::UseOfCache;
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::drive::calls::call;
use crate::read::page::base::row_tags;
use crate::read::task::Site;
use crate::read::task::row::{accept_row, row_codec};
use crate::read::terminal::entry::CachedRows;

/// What a look in the store gave: the keys that have no entry, and the places of those that have a stale one.
pub(super) struct BatchRows<P> {
    pub(super) rows: CachedRows<P>,
    pub(super) missing: Vec<Missing>,
    pub(super) stale: Vec<usize>,
}

impl<P> BatchRows<P> {
    /// Counts what was found and what was not; stale ones are counted by what becomes of them.
    pub(super) fn count(&self, site: &Site<'_>, ids: &[KeyBytes]) {
        let (mut missing, mut stale) = (self.missing.iter().peekable(), self.stale.iter().peekable());
        for (place, id) in ids.iter().enumerate() {
            match (missing.next_if(|missing| missing.place == place), stale.next_if_eq(&&place)) {
                (Some(missing), _) => site.reader.miss(missing.cause, || *id),
                (None, Some(_)) => {}
                (None, None) => site.reader.hit(|| *id),
            }
        }
    }
}

/// A key that the database is asked for, and what was known of its entry before.
#[derive(Clone, Copy)]
pub(super) struct Missing {
    pub(super) place: usize,
    pub(super) cause: Miss,
}

impl Missing {
    pub(super) const fn stale(place: usize) -> Self {
        Self { place, cause: Miss::Stale }
    }
}

impl<P: LoadMany<C>, C: Line> KeyBatch<P, C> {
    /// What is at `places`, if every one of them is cached by now.
    pub(super) async fn look_up_missing(&self, site: &Site<'static>, places: &[usize]) -> Option<CachedRows<P>> {
        let found = self.found(site, places).await.into_iter().zip(places);
        found.map(|(found, place)| accept_row::<P, _>(found.ok()?.0, &self.keys[*place])).collect()
    }

    /// What is cached, and what is not. Nothing is counted.
    pub(super) async fn look_up(&self, site: &Site<'static>) -> BatchRows<P> {
        let mut looked = BatchRows { rows: vec![None; self.keys.len()], missing: Vec::new(), stale: Vec::new() };
        let is_left = |place: &usize| !self.take_found(site, *place, &mut looked.rows);
        let left: Vec<usize> = (0..self.keys.len()).filter(is_left).collect();
        if !left.is_empty() {
            self.look_up_left(site, &left, &mut looked).await;
        }
        looked
    }

    /// Finds out what is at `places`, of which nothing is at hand.
    pub(super) async fn look_up_left(&self, site: &Site<'static>, places: &[usize], looked: &mut BatchRows<P>) {
        let now = site.reader.now();
        let all_found = self.found(site, places).await;
        for (found, place) in all_found.into_iter().zip(places.iter().copied()) {
            let accepted = found.and_then(|(value, life)| {
                Ok((accept_row::<P, _>(value, &self.keys[place]).ok_or(Miss::Foreign)?, life))
            });
            match accepted {
                Ok((row, life)) => {
                    if life.is_stale(now) {
                        looked.stale.push(place);
                    }
                    looked.rows[place] = row;
                }
                Err(cause) => looked.missing.push(Missing { place, cause }),
            }
        }
    }

    /// Whether what is at `place` is at hand, in memory and not stale: then it is among `rows`.
    pub(super) fn take_found(&self, site: &Site<'_>, place: usize, rows: &mut CachedRows<P>) -> bool {
        if self.head.options.use_of_cache == UseOfCache::Refresh || is_collecting() {
            return false;
        }
        let found = site.reader.find(&site.key(self.ids[place], Kind::Detail));
        let Some(row) = found.and_then(|(value, _)| accept_row::<P, _>(value, &self.keys[place])) else { return false };
        rows[place] = row;
        true
    }

    pub(super) async fn found(&self, site: &Site<'static>, places: &[usize]) -> Vec<Result<(Value, Life), Miss>> {
        if self.head.options.use_of_cache == UseOfCache::Refresh {
            return places.iter().map(|_| Err(Miss::Refresh)).collect();
        }
        let (wishes, owned) = (self.wishes(site, places), *site);
        call::<C, _>(site, move || Wish::with_all(&wishes, |wanted| owned.look_up_many(wanted))).await
    }

    pub(super) fn wishes(&self, site: &Site<'static>, places: &[usize]) -> Vec<Wish> {
        // In memory entries have their tags with them.
        let asks_for_tags = is_collecting() || !site.reader.cache.is_called_at_once(Manner::Awaited);
        let named = asks_for_tags.then(|| self.named().ok()?.ok()?.resolve(site.identity).ok()).flatten();
        let tags = |place: usize| {
            named.as_ref().map_or_else(Vec::new, |named| row_tags::<P>(&site.subject(named), self.bytes(place)))
        };
        let wish = |place: usize| Wish {
            key: site.key(self.ids[place], Kind::Detail),
            tags: tags(place),
            codec: row_codec::<P>(),
        };
        places.iter().map(|place| wish(*place)).collect()
    }
}
