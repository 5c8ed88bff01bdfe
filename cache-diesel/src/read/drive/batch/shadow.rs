//! Compares several rows with the database, where their cache is watched.

use std::time::Instant;

use cache_core::protocol::compare::{Comparison, Sight, compare};
use cache_core::{Kind, Life, Miss, Value, Watch, is_collecting};
use diesel::result::QueryResult;

use crate::audit::finding;
use crate::backend::line::Line;
use crate::read::drive::ask::may_store;
use crate::read::drive::batch::look::{BatchRows, Missing};
use crate::read::drive::batch::{FollowUpMany, KeyBatch, LoadMany};
use crate::read::drive::compare::{Compared, compare_drawn, count, judge};
use crate::read::drive::miss::Auditor;
use crate::read::task::Site;
use crate::read::task::row::{accept_row, parts_of};
use crate::read::terminal::entry::CachedRows;

type Looked = Result<(Value, Life), Miss>;

impl<P: LoadMany<C>, C: Line> KeyBatch<P, C> {
    /// Has some of the hits compared; gives the places of those that the reader is to compare itself.
    pub(super) fn offer_drawn(
        &self,
        site: &Site<'static>,
        looked: &BatchRows<P>,
        follow_up: FollowUpMany<P, C>,
    ) -> Vec<usize> {
        if site.watch == Watch::Nothing {
            return Vec::new();
        }
        let is_hit = |place: &usize| {
            !looked.stale.contains(place) && looked.missing.iter().all(|missing| missing.place != *place)
        };
        let key = |place: usize| site.key(self.ids[place], Kind::Detail);
        let is_drawn = |place: &usize| site.reader.cache.draws_for_audit(|| key(*place));
        let drawn: Vec<usize> = (0..self.keys.len()).filter(is_hit).filter(is_drawn).collect();
        match follow_up.audit {
            Auditor::Another(offer) => {
                drawn.into_iter().for_each(|place| offer(self, site, place));
                Vec::new()
            }
            Auditor::Reader => drawn,
        }
    }

    /// Compares the hits at `places`.
    pub(super) async fn compare_drawn(&self, site: &Site<'static>, places: Vec<usize>, conn: &mut C::Conn) {
        for place in places {
            compare_drawn::<C, _>(&mut self.row_at(place), site, conn).await;
        }
    }

    /// Asks the database for every row, stores what is missing, and compares what would have been a hit.
    pub(super) async fn shadow(&self, site: &Site<'static>, conn: &mut C::Conn) -> QueryResult<CachedRows<P>> {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        let before = self.found(site, &all).await;
        let (found, missing): (Vec<usize>, Vec<usize>) = all.into_iter().partition(|place| before[*place].is_ok());
        for place in &missing {
            count(site, |counts| counts.shadow_miss_count += 1);
            site.reader.miss(before[*place].as_ref().err().copied().unwrap_or(Miss::Absent), || self.ids[*place]);
        }
        let is_compared = !is_collecting() && may_store::<C>(conn, site.identity).await.is_ok();
        let mut rows: CachedRows<P> = vec![None; self.keys.len()];
        if !found.is_empty() {
            let began = Instant::now();
            rows = self.ask(&found, self.text(), conn).await?;
            let took = began.elapsed();
            count(site, |counts| {
                counts.shadow_hit_count += found.len() as u64;
                counts.shadow_time += took;
            });
            let found = if is_compared { &*found } else { &[] };
            self.judge(site, (&before, &rows), found).await;
        }
        if !missing.is_empty() {
            let missing: Vec<Missing> =
                missing.into_iter().map(|place| Missing { place, cause: Miss::Refresh }).collect();
            let loaded = self.load(site, &missing, conn).await?;
            missing.iter().zip(loaded).for_each(|(missing, row)| rows[missing.place] = row);
        }
        Ok(rows)
    }

    /// Compares what is at `places`.
    async fn judge(&self, site: &Site<'static>, (before, rows): (&[Looked], &CachedRows<P>), places: &[usize]) {
        let seen = |place: usize, looked: &Looked| self.sight(place, looked.as_ref().ok()?);
        for place in places.iter().copied() {
            let (sight, fresh) = (seen(place, &before[place]), parts_of(rows[place].as_deref()));
            let compared = match (sight, fresh) {
                (Some(sight), Some(fresh)) if sight.parts == fresh => Compared::As(Comparison::Same),
                (Some(sight), Some(fresh)) => {
                    let after = self.found(site, &[place]).await.pop().and_then(|looked| seen(place, &looked));
                    Compared::As(compare(&sight, &fresh, after.as_ref()))
                }
                _ => Compared::Incomparable,
            };
            let key = site.key(self.ids[place], Kind::Detail);
            if judge(site, key, compared) {
                finding::report(site, key, None);
            }
        }
    }

    fn sight(&self, place: usize, (value, life): &(Value, Life)) -> Option<Sight> {
        let row = accept_row::<P, _>(value.clone(), &self.keys[place])?;
        Some(Sight { created_at: life.created_at, parts: parts_of(row.as_deref())? })
    }
}
