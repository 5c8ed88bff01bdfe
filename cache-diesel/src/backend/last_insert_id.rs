//! Reads the rows of inserts and saves on MySQL by a second statement.

use diesel::connection::LoadConnection;
use diesel::dsl::{AsSelect, Find, Select};
use diesel::expression::{Expression, SqlLiteral};
use diesel::mysql::Mysql;
use diesel::query_builder::{
    AsChangeset, AsQuery, InsertStatement, IntoUpdateTarget, QueryFragment, QueryId, UpdateStatement,
};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::{ExecuteDsl, FindDsl, SelectDsl};
use diesel::result::{Error, OptionalExtension, QueryResult};
use diesel::sql_types::{self, Text};
use diesel::{
    Column, Insertable, QuerySource, QueryableByName, RunQueryDsl, Selectable, SelectableHelper, Table, sql_query,
};

use crate::backend::sql_text;
use crate::model::CachedModel;
use crate::read::Blocking;
use crate::write::{FetchInserted, FetchSaved, InsertWrite, SaveWrite};

#[cfg(feature = "async")]
mod awaited;

/// A SQL type that `AUTO_INCREMENT` numbers.
#[diagnostic::on_unimplemented(
    message = "a row with a key of the SQL type `{Self}` cannot be given back by an insert on MySQL",
    label = "MySQL has no RETURNING",
    note = "only keys that AUTO_INCREMENT made can be asked for: use `execute`, and `get` the row by the key that you gave it"
)]
pub trait AutoIncrement: sql_types::SqlType + sql_types::SingleValue {}

macro_rules! auto_increment {
    ($($sql_type:ty),*) => {
        $(#[diagnostic::do_not_recommend]
        impl AutoIncrement for $sql_type {}
        #[diagnostic::do_not_recommend]
        impl AutoIncrement for sql_types::Unsigned<$sql_type> {})*
    };
}

auto_increment!(sql_types::BigInt, sql_types::Integer, sql_types::SmallInt, sql_types::TinyInt);

type PrimaryKey<M> = <<M as CachedModel>::Table as Table>::PrimaryKey;
type LastInsertId<M> = SqlLiteral<<PrimaryKey<M> as Expression>::SqlType>;
type Inserted<M> = Find<<M as CachedModel>::Table, LastInsertId<M>>;
type Insert<M, New> =
    InsertStatement<<M as CachedModel>::Table, <New as Insertable<<M as CachedModel>::Table>>::Values>;
type Where<M> = <Find<<M as CachedModel>::Table, <M as CachedModel>::Id> as IntoUpdateTarget>::WhereClause;
type Update<'row, M> = UpdateStatement<<M as CachedModel>::Table, Where<M>, <&'row M as AsChangeset>::Changeset>;

#[diagnostic::do_not_recommend]
impl<'query, C, New, M> FetchInserted<'query, New, M, Mysql, Blocking> for C
where
    C: LoadConnection<Backend = Mysql>,
    M: CachedModel + Selectable<Mysql, SelectExpression: QueryId>,
    M::Table: QuerySource + FindDsl<LastInsertId<M>> + QueryFragment<Mysql>,
    New: Insertable<M::Table>,
    PrimaryKey<M>: Column + Expression<SqlType: AutoIncrement>,
    Insert<M, New>: ExecuteDsl<C, Mysql>,
    Inserted<M>: SelectDsl<AsSelect<M, Mysql>>,
    Select<Inserted<M>, AsSelect<M, Mysql>>: LoadQuery<'query, C, M> + QueryFragment<Mysql> + QueryId,
{
    /// The insert is undone if its row cannot be given back.
    fn fetch_inserted<'conn>(&'conn mut self, write: InsertWrite<M, New>) -> QueryResult<Vec<M>>
    where
        'query: 'conn,
    {
        let insert = |conn: &mut C, new| {
            conn.transaction(|conn| {
                sql_query(FORGET_EARLIER).execute(conn)?;
                let count = ExecuteDsl::execute(diesel::insert_into(M::table()).values(new), conn)?;
                if count == 0 {
                    return Ok(Vec::new());
                }
                let numbered: Vec<Numbered> = RunQueryDsl::load(sql_query(numbered_columns::<M>()?), conn)?;
                let query = FindDsl::find(M::table(), diesel::dsl::sql(NEW_KEY));
                let rows = RunQueryDsl::load(SelectDsl::select(query, M::as_select()), conn)?;
                given_back(rows, count, &numbered)
            })
        };
        write.run(self, insert)
    }
}

/// A key that the statement itself gives leaves the number of an earlier insert.
const FORGET_EARLIER: &str = "SELECT LAST_INSERT_ID(0)";

const NEW_KEY: &str = "NULLIF(LAST_INSERT_ID(), 0)";

/// Asks which column is numbered: the number may be another one's than the key's.
fn numbered_columns<M: CachedModel<Table: QueryFragment<Mysql>>>() -> QueryResult<String> {
    let table = sql_text::<Mysql, _>(&M::table())?;
    Ok(format!("SHOW COLUMNS FROM {table} WHERE Extra LIKE '%auto_increment%'"))
}

/// The rows that an insert of `count` rows has numbered, if it is them that were read.
fn given_back<M>(rows: Vec<M>, count: usize, numbered: &[Numbered]) -> QueryResult<Vec<M>>
where
    M: CachedModel<Table: Table<PrimaryKey: Column>>,
{
    let is_key = |column: &Numbered| column.name.eq_ignore_ascii_case(<PrimaryKey<M> as Column>::NAME);
    if count > 1 || rows.is_empty() || !numbered.iter().any(is_key) {
        return Err(Error::QueryBuilderError(NOT_GIVEN_BACK.into()));
    }
    Ok(rows)
}

/// A column that `AUTO_INCREMENT` numbers.
#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = Text, column_name = "Field")]
    name: String,
}

const NOT_GIVEN_BACK: &str = "MySQL has no RETURNING: an insert can give back one row whose key AUTO_INCREMENT made; \
                              nothing was inserted, use `execute` for this one";

#[diagnostic::do_not_recommend]
impl<'query, 'row, C, M> FetchSaved<'query, 'row, M, Mysql, Blocking> for C
where
    C: LoadConnection<Backend = Mysql>,
    M: CachedModel + Selectable<Mysql, SelectExpression: QueryId>,
    &'row M: AsChangeset<Target = M::Table>,
    Find<M::Table, M::Id>: IntoUpdateTarget<Table = M::Table> + SelectDsl<AsSelect<M, Mysql>>,
    Update<'row, M>: AsQuery + ExecuteDsl<C, Mysql>,
    Select<Find<M::Table, M::Id>, AsSelect<M, Mysql>>: LoadQuery<'query, C, M> + QueryFragment<Mysql> + QueryId,
{
    fn fetch_saved<'conn>(&'conn mut self, write: SaveWrite<'row, M>) -> QueryResult<Option<M>>
    where
        'query: 'conn,
        'row: 'conn,
    {
        write.run(self, |conn, row| {
            let statement = diesel::update(FindDsl::find(M::table(), row.id())).set(row);
            if ExecuteDsl::execute(statement, conn)? == 0 {
                return Ok(None);
            }
            let query = SelectDsl::select(FindDsl::find(M::table(), row.id()), M::as_select());
            RunQueryDsl::get_result(query, conn).optional()
        })
    }
}
