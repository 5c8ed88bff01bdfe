//! Returns the rows of writes on databases with RETURNING.

use diesel::connection::{DefaultLoadingMode, LoadConnection};
use diesel::dsl::{AsSelect, Find, Returning};
use diesel::query_builder::{AsChangeset, AsQuery, InsertStatement, IntoUpdateTarget, Query, UpdateStatement};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::FindDsl;
use diesel::result::QueryResult;
use diesel::{Insertable, QuerySource, RunQueryDsl, Selectable, SelectableHelper};

use crate::model::CachedModel;
use crate::read::Blocking;
use crate::write::{
    FetchInserted, FetchSaved, FetchWritten, GivesBack, InsertWrite, SaveWrite, StatementWrite, WrittenRows,
};

#[cfg(feature = "async")]
mod awaited;

type Insert<M, New> =
    InsertStatement<<M as CachedModel>::Table, <New as Insertable<<M as CachedModel>::Table>>::Values>;
type Where<M> = <Find<<M as CachedModel>::Table, <M as CachedModel>::Id> as IntoUpdateTarget>::WhereClause;
type Update<'row, M> = UpdateStatement<<M as CachedModel>::Table, Where<M>, <&'row M as AsChangeset>::Changeset>;

macro_rules! returning {
    ($backend:ty) => {
        #[diagnostic::do_not_recommend]
        impl<'query, C, New, M> FetchInserted<'query, New, M, $backend, Blocking> for C
        where
            C: LoadConnection<Backend = $backend>,
            M: CachedModel + Selectable<$backend>,
            M::Table: QuerySource,
            New: Insertable<M::Table>,
            Returning<Insert<M, New>, AsSelect<M, $backend>>: Query + LoadQuery<'query, C, M>,
        {
            fn fetch_inserted<'conn>(&'conn mut self, write: InsertWrite<M, New>) -> QueryResult<Vec<M>>
            where
                'query: 'conn,
            {
                let statement = |new| diesel::insert_into(M::table()).values(new).returning(M::as_returning());
                write.run(self, |conn, new| RunQueryDsl::load(statement(new), conn))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'query, 'row, C, M> FetchSaved<'query, 'row, M, $backend, Blocking> for C
        where
            C: LoadConnection<Backend = $backend>,
            M: CachedModel + Selectable<$backend>,
            &'row M: AsChangeset<Target = M::Table>,
            Find<M::Table, M::Id>: IntoUpdateTarget<Table = M::Table>,
            Update<'row, M>: AsQuery,
            Returning<Update<'row, M>, AsSelect<M, $backend>>: Query + LoadQuery<'query, C, M>,
        {
            fn fetch_saved<'conn>(&'conn mut self, write: SaveWrite<'row, M>) -> QueryResult<Option<M>>
            where
                'query: 'conn,
                'row: 'conn,
            {
                write.run(self, |conn, row| {
                    let statement =
                        diesel::update(FindDsl::find(M::table(), row.id())).set(row).returning(M::as_returning());
                    let mut rows = RunQueryDsl::load_iter::<M, DefaultLoadingMode>(statement, conn)?;
                    let row = rows.next().transpose()?;
                    // SQLite commits when it is asked for a row that is not there any more, and may fail then.
                    rows.next().transpose()?;
                    Ok(row)
                })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'query, C, Statement, M> FetchWritten<'query, Statement, M, $backend, Blocking> for C
        where
            C: LoadConnection<Backend = $backend>,
            M: CachedModel + Selectable<$backend>,
            Statement: GivesBack<AsSelect<M, $backend>, Giving: LoadQuery<'query, C, M>> + WrittenRows<$backend>,
        {
            fn fetch_written<'conn>(&'conn mut self, write: StatementWrite<M, Statement>) -> QueryResult<Vec<M>>
            where
                'query: 'conn,
            {
                write.run(self, |conn, statement| RunQueryDsl::load(statement.giving(M::as_returning()), conn))
            }
        }
    };
}

#[cfg(feature = "postgres")]
returning!(diesel::pg::Pg);
#[cfg(feature = "sqlite")]
returning!(diesel::sqlite::Sqlite);
