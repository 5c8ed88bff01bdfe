//! Prepares a write whose row is to be stored: reads the tokens before the statement, and takes the row after it.

use std::sync::Arc;

use cache_core::protocol::fill::{SeededTag, second_look};
use cache_core::protocol::read::Subject;
use cache_core::{Candidate, GivenRow, KeyBytes, Kind, Mode, Tag, Unstored, Watch};

use crate::backend::CacheBackend;
use crate::backend::line::Line;
use crate::catalogue::{catalogue_of, is_current};
use crate::identity::Identity;
use crate::identity::role::AtMiss;
use crate::manager::ManagerState;
use crate::model::CachedModel;
use crate::read::builder::options::Options;
use crate::read::{Head, Site, call, confirm, gate, introduce_writer, keep_row, may_store, row_codec, structures_of};
use crate::scan::Dialect;
use crate::track::tracker_on;

/// The row that a write is about to give back, and to store.
pub(crate) struct Prepared<M> {
    copy: fn(&M) -> M,
    site: Site<'static>,
    /// The key of the row, if the statement names it.
    asked: Option<KeyBytes>,
    /// The tokens from before the statement; none if nobody sees the row before its COMMIT.
    before: Vec<SeededTag>,
}

/// When the row is seen that a statement writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    AtCommit,
    AtOnce,
}

/// Prepares to store the row of `M` that a statement is about to give back: the one with the key `asked`, or a new one.
/// `None`: it is not stored.
pub(crate) async fn prepare<C, M>(
    conn: &mut C::Conn,
    state: &'static ManagerState,
    asked: Option<KeyBytes>,
) -> Option<Prepared<M>>
where
    C: Line,
    M: CachedModel,
{
    let copy = M::WRITE_THROUGH?;
    let reader = state.attached()?.reader(state, Kind::Detail);
    let prepared = prepared::<C, M>(conn, (state, copy), asked).await;
    prepared.inspect_err(|reason| reader.unstored(*reason)).ok()
}

async fn prepared<C, M>(
    conn: &mut C::Conn,
    (state, copy): (&'static ManagerState, fn(&M) -> M),
    asked: Option<KeyBytes>,
) -> Result<Prepared<M>, Unstored>
where
    C: Line,
    M: CachedModel,
{
    let attached = state.attached().ok_or(Unstored::Off)?;
    let reader = attached.reader(state, Kind::Detail);
    if reader.cache.mode() != Mode::Normal {
        return Err(Unstored::Off);
    }
    let (identity, effect) = place_of::<C>(conn).await?;
    let site = Site { reader, state, identity, watch: Watch::Nothing };
    let mut prepared = Prepared { copy, site, asked, before: Vec::new() };
    // MySQL reads the row once more: in a transaction perhaps as it was before others changed it.
    let is_reread = C::Backend::DIALECT == Dialect::Mysql && asked.is_some() && effect == Effect::AtCommit;
    if is_reread || M::DEFINITION.is_key_saved {
        return Err(Unstored::Particular);
    }
    if asked.is_none() && effect == Effect::AtCommit {
        return Ok(prepared);
    }
    let tags = move |subject: &Subject<'_>| match asked {
        Some(key) => subject.found_row(key),
        None => subject.row_to_come(),
    };
    prepared.before = prepared.seeded::<C>(tags).await?;
    if effect == Effect::AtOnce {
        // What is answered is looked at below.
        confirm::<C>(conn, identity, &prepared.before).await;
    }
    prepared.check_declared(&prepared.before)?;
    Ok(prepared)
}

/// Which database is written on `conn`, and when others see that.
async fn place_of<C: Line>(conn: &mut C::Conn) -> Result<(Identity, Effect), Unstored> {
    introduce_writer::<C>(conn).await;
    // What Diesel knows of transactions is made known to the tracker.
    let _ = gate::<C>(conn).await;
    let tracker = tracker_on::<C>(conn).ok_or(Unstored::Session)?;
    let (identity, is_at_once) = tracker.gate_storing().map_err(|_| Unstored::Session)?;
    if !is_at_once {
        let is_primary = match tracker.at_miss() {
            AtMiss::Store => true,
            // Nobody is asked in a transaction. A replica that takes writes is one of MySQL.
            AtMiss::Ask => C::Backend::DIALECT != Dialect::Mysql,
            AtMiss::Pass => false,
        };
        return if is_primary { Ok((identity, Effect::AtCommit)) } else { Err(Unstored::Session) };
    }
    may_store::<C>(conn, identity).await.map_err(|_| Unstored::Session)?;
    Ok((identity, Effect::AtOnce))
}

impl<M: CachedModel> Prepared<M> {
    /// The row to be stored, out of those that the statement gave back.
    pub(crate) async fn given<C: Line>(self, rows: &[M]) -> Option<Candidate> {
        let row = match rows {
            [] => return None,
            [row] => self.taken::<C>(row).await,
            _ => Err(Unstored::Particular),
        };
        row.inspect_err(|reason| self.site.reader.unstored(*reason)).ok()
    }

    async fn taken<C: Line>(&self, row: &M) -> Result<Candidate, Unstored> {
        let key = row.id();
        let id = KeyBytes::of(&key);
        if self.asked.is_some_and(|asked| asked != id) {
            return Err(Unstored::Particular);
        }
        let mut before = self.before.clone();
        if before.is_empty() {
            // Nobody else sees the row yet: whoever changes it does so after this.
            before = self.seeded::<C>(move |subject| subject.found_row(id)).await?;
            self.check_declared(&before)?;
        }
        let named = self.named();
        let tags = self.site.subject(&named).found_row(id);
        let table = self.site.identity.database.table(&self.site.state.table);
        let is_late = before.iter().all(|(tag, _)| *tag != table.row(id));
        let (site, row) = (self.site, Arc::new((self.copy)(row)));
        let load = move || {
            let head = Head { state: site.state, kind: Kind::Detail, options: Options::new() };
            keep_row::<M>(&head, Some(&row), &key).with_life(&site).loaded(row_codec::<M>())
        };
        let key = self.site.key(id, Kind::Detail);
        let late = is_late.then(|| second_look(table, id));
        Ok(Candidate::new(&self.site.reader, GivenRow { key, tags, late, load: Box::new(load) }, before))
    }

    /// The tokens of tags, and notes beside the table after them.
    async fn seeded<C: Line>(
        &self,
        tags: impl FnOnce(&Subject<'_>) -> Vec<Tag> + Send,
    ) -> Result<Vec<SeededTag>, Unstored> {
        let (tags, declared) = {
            let named = self.named();
            let subject = self.site.subject(&named);
            let tags = tags(&subject);
            let declared = subject.declared(&tags);
            (tags, declared)
        };
        let reader = self.site.reader;
        let seeds = call::<C, _>(&self.site, move || reader.seed_declared(&tags, &declared)).await;
        seeds.ok_or(Unstored::StoreFailed)
    }

    /// Whether the database says, under the structure that was read with these tokens, that the row is what everybody reads.
    fn check_declared(&self, seeds: &[SeededTag]) -> Result<(), Unstored> {
        let identity = self.site.identity;
        let is_known = structures_of(identity, seeds).iter().any(|structure| is_current(identity, structure));
        let catalogue = catalogue_of(identity).filter(|_| is_known);
        let gives_back = |table: &str| catalogue.as_ref().is_some_and(|known| known.gives_back_for_all(table));
        if gives_back(&self.site.state.table) { Ok(()) } else { Err(Unstored::Declared) }
    }

    /// A row is read by a query that names its table once.
    fn named(&self) -> [String; 1] {
        [self.site.state.table.clone()]
    }
}
