//! Names a query by its SQL and bound values, and lists the tags of its answer.

use std::sync::Arc;

use cache_core::protocol::read::Subject;
use cache_core::{Bypass, KeyBytes, Kind, Tag, Timeout};
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::model::comparison::Comparison;
use crate::read::shape::{QueryTables, Shape, shape_of};
use crate::read::task::Head;

/// A query that is named by its SQL and the values bound to it.
pub(crate) struct AskedQuery<Selected> {
    pub(crate) head: Head,
    pub(crate) id: KeyBytes,
    pub(crate) selected: Option<Selected>,
    dependency: QueryTags,
    pub(crate) shape: Arc<Shape>,
}

impl<Selected> AskedQuery<Selected> {
    pub(crate) fn new<DB>(head: Head, dependency: QueryTags, selected: Selected) -> QueryResult<Self>
    where
        DB: CacheBackend,
        Selected: QueryFragment<DB> + QueryId,
    {
        let shape = shape_of::<DB, _>(&selected)?;
        let id = shape.key_of::<DB, _>(&selected, dependency.suffix())?;
        Ok(Self { head, id, selected: Some(selected), dependency, shape })
    }

    /// The same with `owned` in place of the query.
    pub(crate) fn with<Owned>(&self, owned: Owned) -> AskedQuery<Owned> {
        self.with_query(Some(owned))
    }

    fn with_query<Owned>(&self, selected: Option<Owned>) -> AskedQuery<Owned> {
        AskedQuery {
            head: self.head,
            id: self.id,
            selected,
            dependency: self.dependency.clone(),
            shape: Arc::clone(&self.shape),
        }
    }

    /// The same.
    pub(crate) fn copied(&self) -> Self
    where
        Selected: Clone,
    {
        Self { selected: self.selected.clone(), ..self.with_query(None) }
    }

    pub(crate) fn named(&self) -> Result<QueryTables, Bypass> {
        self.shape.named(self.head.options.assume_deterministic)
    }

    pub(crate) fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        self.dependency.tags(subject)
    }

    pub(crate) fn timeout(&self) -> Timeout {
        self.head.options.timeout.unwrap_or_else(|| self.head.state.lives().of_lists())
    }
}

/// What a list depends on besides the tables that it names.
#[derive(Clone, Debug)]
pub(crate) struct QueryTags {
    pub(crate) suffix: Option<String>,
    pub(crate) scope: Option<ScopeValue>,
}

impl QueryTags {
    pub(crate) fn suffix(&self) -> Option<&str> {
        self.suffix.as_deref()
    }

    pub(crate) fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        match self.scope {
            None => subject.list(self.suffix()),
            Some(scope) => {
                let exact = || subject.database.table(subject.table).scope(scope.columns, scope.value);
                let is_exact = (scope.comparison)().is_exact(subject.space, subject.table);
                subject.scope(is_exact.then(exact))
            }
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        if self.scope.is_some() { Kind::Scope } else { Kind::List }
    }
}

/// The value that the rows of a scope share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScopeValue {
    pub(crate) columns: &'static [&'static str],
    pub(crate) value: KeyBytes,
    pub(crate) comparison: fn() -> Comparison,
}
