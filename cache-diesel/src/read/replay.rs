//! Copies a query for another thread: its text, with values of its own.

use core::fmt;
use core::marker::PhantomData;
use std::sync::Arc;

use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, CollectedQuery, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

use crate::backend::{CacheBackend, sql_text};

/// A query of the SQL type `ST` as it was printed, and the values that were bound to it.
pub struct Replay<DB: CacheBackend, ST> {
    collected: Arc<CollectedQuery<DB::Binds>>,
    sql_type: PhantomData<fn() -> ST>,
}

impl<DB: CacheBackend, ST> Clone for Replay<DB, ST> {
    fn clone(&self) -> Self {
        Self { collected: Arc::clone(&self.collected), sql_type: PhantomData }
    }
}

impl<DB: CacheBackend, ST> Replay<DB, ST> {
    /// What `query` asks; `None`: that cannot be told without its connection.
    pub(crate) fn of<Query: QueryFragment<DB>>(query: &Query) -> Option<Self> {
        let sql = sql_text::<DB, Query>(query).ok()?;
        let is_static = QueryFragment::<DB>::is_safe_to_cache_prepared(query, &DB::default()).ok()?;
        let collected = Arc::new(CollectedQuery::new(sql, is_static, DB::binds_of(query)?));
        Some(Self { collected, sql_type: PhantomData })
    }
}

impl<DB: CacheBackend, ST> QueryFragment<DB> for Replay<DB, ST> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        DB::walk_collected(&self.collected, pass)
    }
}

impl<DB: CacheBackend, ST> Query for Replay<DB, ST> {
    type SqlType = ST;
}

impl<DB: CacheBackend, ST, C> RunQueryDsl<C> for Replay<DB, ST> {}

/// Any text has this type.
impl<DB: CacheBackend, ST> QueryId for Replay<DB, ST> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: CacheBackend, ST> fmt::Debug for Replay<DB, ST> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Replay").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use diesel::prelude::*;
    use diesel::query_dsl::LoadQuery;
    use diesel::sqlite::Sqlite;

    use super::*;

    diesel::table! {
        products (id) { id -> Integer, title -> Text, }
    }

    #[derive(Queryable, Selectable)]
    #[diesel(table_name = products)]
    struct Product {
        #[expect(dead_code, reason = "read from rows")]
        id: i32,
    }

    fn loads<Query: LoadQuery<'static, SqliteConnection, Product> + Send>(_: &Query) {}

    #[test]
    fn a_query_goes_elsewhere_with_values_of_its_own() {
        let title = String::from("Lamp");
        let query = products::table.filter(products::title.eq(title.as_str())).select(Product::as_select());
        let replay: Replay<Sqlite, diesel::dsl::AsSelect<Product, Sqlite>> = Replay::of(&query).unwrap();
        loads(&replay);
        let printed = |query: String| query.split(" -- ").next().map(str::to_owned);
        assert_eq!(
            printed(diesel::debug_query::<Sqlite, _>(&replay).to_string()),
            printed(diesel::debug_query::<Sqlite, _>(&query).to_string())
        );
        let mut binds = [String::new(), String::new()];
        Sqlite::write_binds(&query, &mut binds[0]).unwrap();
        Sqlite::write_binds(&replay, &mut binds[1]).unwrap();
        assert!(binds[1].contains("Lamp"), "{binds:?}");
    }
}
