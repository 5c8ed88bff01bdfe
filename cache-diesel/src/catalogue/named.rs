//! Decides which tables count for a query that names some: those, and what the database declares to be looked at with them.

use std::sync::Arc;

use cache_core::Bypass;

use crate::catalogue::{catalogue_of, has_functions};
use crate::identity::Identity;
use crate::scan::{Called, SelectText};
use crate::warning;

/// Tables, as often as they are named. All reads of one query share them.
pub(crate) type TableNames = Arc<[String]>;

/// What the statements of a read name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryTables {
    /// Tables, as often as they are named.
    tables: TableNames,
    /// Functions that are believed by their names.
    called: Arc<Called>,
    /// Whether the caller vouches for all functions.
    is_vouched: bool,
}

impl QueryTables {
    /// What was found out of a text; `is_vouched`: the caller vouches for its functions.
    pub(crate) fn of(looked: &SelectText, is_vouched: bool) -> Self {
        Self { tables: Arc::clone(&looked.tables), called: Arc::clone(&looked.called), is_vouched }
    }

    /// Adds what another statement of the same read names.
    pub(crate) fn merge(&mut self, other: Self) {
        self.tables = self.tables.iter().chain(&*other.tables).cloned().collect();
        if !other.called.names().is_empty() {
            Arc::make_mut(&mut self.called).merge(&other.called);
        }
    }

    /// Whether the statements do nothing but read, whatever functions the database has of its own.
    pub(crate) fn is_mere_read(&self) -> bool {
        self.is_vouched || self.called.names().is_empty() || !has_functions()
    }

    /// Every table whose writes count for the read, in the database that `identity` stands for: those that are named, and
    /// those that the database declares to be looked at with them. Or why the read is not cached.
    pub(crate) fn resolve(self, identity: Identity) -> Result<TableNames, Bypass> {
        let Self { tables, called, is_vouched } = self;
        let Some(catalogue) = catalogue_of(identity) else {
            let is_believed = is_vouched || !called.is_any_easily_taken();
            return if is_believed { Ok(tables) } else { Err(Bypass::NotDeterministic) };
        };
        let is_own = |name: &String| catalogue.functions().binary_search(name).is_ok();
        if !is_vouched && called.names().iter().any(is_own) {
            return Err(Bypass::NotDeterministic);
        }
        let reached: Vec<_> = tables.iter().filter_map(|table| catalogue.reached_by(table)).collect();
        if let Some(table) = reached.iter().find_map(|reached| reached.opaque.as_deref()).filter(|_| !is_vouched) {
            warning::opaque_policy(table);
            return Err(Bypass::NotFollowed);
        }
        if reached.is_empty() {
            return Ok(tables);
        }
        Ok(tables.iter().chain(reached.into_iter().flat_map(|reached| &reached.tables)).cloned().collect())
    }
}
