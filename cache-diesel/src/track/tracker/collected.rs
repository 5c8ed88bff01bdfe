//! Tells a computation what a plain statement depends on, before it runs: on every write of the tables that it reads.

use cache_core::protocol::read::Subject;
use cache_core::{Collecting, Fingerprint, ManagerTags, Tag, Unkept};
use diesel::connection::DebugQuery;

use super::Tracker;
use super::running::Own;
use crate::catalogue::is_current;
use crate::catalogue::named::QueryTables;
use crate::identity::Identity;
use crate::identity::role::AtMiss;
use crate::model::declaration::tables;
use crate::planted::{Mistake, is_planted};
use crate::scan::{self, Binds, Dialect, Effect, SelectText};

impl Tracker {
    /// Tells the computation that is under way of a statement that is about to run.
    #[cold]
    pub(super) fn collect(&mut self, query: &dyn DebugQuery) {
        let Some(scope) = Collecting::current() else { return };
        let told = match &self.own {
            // What a manager reads is told where it is looked up.
            Own::Question | Own::Read => return,
            Own::Nothing if is_planted(Mistake::Statements) => return,
            Own::Write(_) => Err(Unkept::NotFollowed),
            Own::Nothing => self.collect_plain(query, &scope),
        };
        told.unwrap_or_else(|reason| scope.refuse(reason));
    }

    fn collect_plain(&mut self, query: &dyn DebugQuery, scope: &Collecting) -> Result<(), Unkept> {
        let (mut looked, mut is_setting): (Option<SelectText>, _) = (None, false);
        scan::first_chunk(&query, &mut |sql| {
            looked = scan::read(sql, self.dialect);
            is_setting = is_harmless_setting(sql, self.dialect);
            Binds::Unwanted
        });
        // What sets up a connection that is opened for the computation gives nothing.
        if is_setting {
            return Ok(());
        }
        let looked = looked.filter(|looked| looked.is_deterministic).ok_or(Unkept::NotFollowed)?;
        self.catch_up();
        if self.stage.is_some() || !self.session.takes_effect_at_once() {
            return Err(Unkept::Transaction);
        }
        self.session.gate().map_err(|_| Unkept::NotFollowed)?;
        let identity = self.whereabouts.reading().ok_or(Unkept::Unasked)?;
        match self.whereabouts.at_miss() {
            AtMiss::Store => {}
            AtMiss::Ask => return Err(Unkept::Unasked),
            AtMiss::Pass => return Err(Unkept::NotFollowed),
        }
        // What the database declares is known as of tokens from before the statement.
        let structure = [Tag::root(), identity.database.tag()];
        let expected = scope.expect(&structure, &[], None);
        let is_known = expected.is_each(&|tokens| is_current(identity, tokens), &structure);
        drop(expected);
        if !is_known {
            return Err(Unkept::Unasked);
        }
        let named = QueryTables::of(&looked, false).resolve(identity).map_err(|_| Unkept::NotFollowed)?;
        let tags = tags_of(identity, &named);
        drop(scope.expect(&tags, &tables().declared(identity.database, &tags), None));
        Ok(())
    }
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
    Subject { database, space, manager, table, named, tables: tables() }.plain()
}
