//! Tells a computation what a plain statement depends on, before it runs: on every write of the tables that it reads.

use cache_core::planted::{Mistake, is_planted};
use cache_core::protocol::read::Subject;
use cache_core::protocol::sharding::Sharding;
use cache_core::{Collecting, Fingerprint, ManagerTags, Tag, TagKind, Unkept, WeakCollecting};
use diesel::connection::DebugQuery;

use super::Tracker;
use super::running::Own;
use crate::catalogue::is_current;
use crate::catalogue::named::QueryTables;
use crate::identity::Identity;
use crate::identity::role::AtMiss;
use crate::model::declaration::tables;
use crate::scan::{self, Binds, Dialect, Effect, SelectText};

/// A plain statement that reads, before it is told to a computation: the stores may have to be called for that.
struct Planned {
    identity: Identity,
    looked: SelectText,
}

impl Tracker {
    /// The connection was given to the computation of `scope`. What is awaited on SQLite runs on threads which do not know
    /// of it: what runs on the connection from now on counts, until the computation is over.
    pub(crate) fn work_for(&mut self, scope: &Collecting) {
        if self.dialect == Dialect::Sqlite {
            self.computation = Some(scope.downgrade());
        }
    }

    /// Tells the computation that is under way of a statement that is about to run.
    #[cold]
    pub(super) fn collect(&mut self, query: &dyn DebugQuery) {
        let Some(scope) = Collecting::current() else { return };
        let planned = match &self.own {
            // What a manager reads is told where it is looked up.
            Own::Question | Own::Read => return,
            #[cfg(feature = "async-postgres")]
            Own::Beside => return,
            Own::Nothing if is_planted(Mistake::Statements) => return,
            Own::Write(_) => Err(Unkept::NotFollowed),
            Own::Nothing => self.plan(query),
        };
        match planned {
            Err(reason) => scope.refuse(reason),
            Ok(None) => {}
            Ok(Some(planned)) => self.tell(planned, scope),
        }
    }

    /// The same for the computation of `scope`, of which this thread does not know.
    #[cold]
    pub(super) fn collect_for(&mut self, scope: &Collecting, query: &dyn DebugQuery) -> WeakCollecting {
        scope.enter(|| self.collect(query));
        scope.downgrade()
    }

    /// Tells it at once, or where somebody awaits what is to be done in the stores, before the statement is sent.
    fn tell(&self, planned: Planned, scope: Collecting) {
        let tell = move || planned.tell(&scope).unwrap_or_else(|reason| scope.refuse(reason));
        #[cfg(feature = "async")]
        if let Some(errands) = &self.errands {
            return errands.add_collected(Box::new(tell));
        }
        tell();
    }

    /// What is to be told of a plain statement; `None`: nothing.
    fn plan(&mut self, query: &dyn DebugQuery) -> Result<Option<Planned>, Unkept> {
        let (mut looked, mut is_empty): (Option<SelectText>, _) = (None, false);
        scan::first_chunk(&query, &mut |sql| {
            looked = scan::read(sql, self.dialect);
            is_empty = is_check_of_pools(sql) || is_harmless_setting(sql, self.dialect);
            Binds::Unwanted
        });
        // What sets up a connection that is opened or taken for the computation gives nothing.
        if is_empty {
            return Ok(None);
        }
        let looked = looked.filter(|looked| looked.is_deterministic).ok_or(Unkept::NotFollowed)?;
        self.catch_up();
        if !is_planted(Mistake::Transactions) {
            self.may_be_kept()?;
        }
        let identity = self.whereabouts.reading().ok_or(Unkept::Unasked)?;
        match self.whereabouts.at_miss() {
            AtMiss::Store => Ok(Some(Planned { identity, looked })),
            AtMiss::Ask => Err(Unkept::Unasked),
            AtMiss::Pass => Err(Unkept::NotFollowed),
        }
    }

    /// Whether others are given what this connection reads now.
    fn may_be_kept(&self) -> Result<(), Unkept> {
        if self.stage.is_some() || !self.session.takes_effect_at_once() {
            return Err(Unkept::Transaction);
        }
        self.session.gate().map_err(|_| Unkept::NotFollowed)
    }
}

impl Planned {
    fn tell(&self, scope: &Collecting) -> Result<(), Unkept> {
        let identity = self.identity;
        // What the database declares is known as of tokens from before the statement.
        let structure = [Tag::root(), identity.database.tag()];
        let known = |tags: &[Tag]| -> Vec<bool> {
            let structures = scope.expect(tags, &[], None).structures(&identity.database);
            structures.iter().map(|each| each.iter().any(|structure| is_current(identity, structure))).collect()
        };
        let mut is_known = known(&structure);
        if is_known.contains(&false) {
            // Where tables lie in shards, whoever has read from these has asked for what lies beside them.
            let tables = self.looked.tables.iter().map(|name| identity.database.table(name).whole(TagKind::Any));
            let beside = known(&structure.into_iter().chain(tables).collect::<Vec<_>>());
            is_known.iter_mut().zip(beside).for_each(|(is_known, beside)| *is_known |= beside);
        }
        if is_known.contains(&false) {
            return Err(Unkept::Unasked);
        }
        let named = QueryTables::of(&self.looked, false).resolve(identity).map_err(|_| Unkept::NotFollowed)?;
        let tags = tags_of(identity, &named);
        drop(scope.expect(&tags, &tables().declared(identity.database, &tags), None));
        Ok(())
    }
}

/// Whether `sql` is what pools ask a connection that they hand out: it reads nothing, and nobody may have asked that connection
/// yet what its database declares.
fn is_check_of_pools(sql: &str) -> bool {
    matches!(sql.trim_end(), "SELECT 1" | "SELECT $1" | "SELECT ?")
}

/// Whether `sql` sets something that changes no answer, and gives nothing.
fn is_harmless_setting(sql: &str, dialect: Dialect) -> bool {
    let begins = |word: &str| sql.get(..word.len()).is_some_and(|first| first.eq_ignore_ascii_case(word));
    let sets = begins("set ") || (begins("pragma ") && sql.contains('='));
    let mut is_harmless = sets;
    if sets {
        scan::effects(sql, dialect, &mut |effect| is_harmless &= effect == Effect::Read);
    }
    is_harmless
}

/// What a plain statement depends on that names these tables.
fn tags_of(identity: Identity, named: &[String]) -> Vec<Tag> {
    let manager = ManagerTags::of(Fingerprint::of(&[b"plain"]));
    let Identity { database, space, .. } = identity;
    let table = named.first().map_or("", String::as_str);
    let sharding = Sharding::Whole;
    Subject { database, space, manager, table, named, tables: tables(), sharding }.plain()
}
