//! Writes of every form.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;

use crate::database::{self, DatabaseConn};
use crate::form::{self, Form};
use crate::jobs::JobChange;
use crate::line::prelude::*;
use crate::models::{Change, Product, products};
use crate::people::PersonChange;
use crate::rows::{Row, Verb, write_name};
use crate::scene::Scene;
use crate::world::{self, cache_name};

#[derive(Clone, Debug)]
pub enum Write {
    /// One row of any table.
    Row(Verb, Row),
    /// A product, through the model with fewer columns.
    Name(Verb, Product),
    /// Several products at once.
    Products(Way, Vec<Product>),
    /// `INSERT .. ON CONFLICT .. DO UPDATE`.
    Upsert(Target, Product),
    Update(Way, Which, Change),
    UpdateKey(i32, i32),
    /// Of jobs, by Diesel.
    Jobs(JobChange),
    /// Of people, places and seats, by Diesel, by key.
    People(PersonChange),
    Delete(Way, Which),
    /// One statement, by `sql_query`.
    Sql(String),
    /// The same, with two numbers that are bound.
    Bound(&'static str, i32, i32),
    /// Several statements, by `batch_execute`.
    Batch(String),
    /// The same, and tables are made, changed or dropped.
    Structure(&'static str),
}

/// By whom a statement is run.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Diesel,
    /// `manager.insert`, or `manager.write(..)`.
    Manager,
    /// `manager.insert(..).get_results`.
    Returning,
}

/// What an upsert meets.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Id,
    IdNothing,
    Slug,
}

#[derive(Clone, Copy, Debug)]
pub enum Which {
    All,
    Category(i32),
    Id(i32),
    Slug(&'static str),
}

impl Write {
    /// Whether it changes tables themselves.
    pub fn is_of_structure(&self) -> bool {
        matches!(self, Self::Structure(_))
    }

    pub fn run(&self, conn: &mut DatabaseConn) -> QueryResult<()> {
        let result = form::during(self.form(), || self.perform(conn));
        Scene::current().note_end(&result);
        result
    }

    /// Whether Diesel's builder makes it, with a value of a type that is looked up.
    pub fn looks_up(&self) -> bool {
        matches!(self, Self::Jobs(_))
            || matches!(self, Self::Row(_, Row::Job(_)) if matches!(self.form(), Form::PlainInsert | Form::PlainUpsert))
    }

    fn form(&self) -> Form {
        match self {
            Self::Row(verb, _) => verb.form(),
            Self::Name(verb, _) => verb.form_of_name(),
            Self::Products(Way::Diesel, _) | Self::Upsert(Target::IdNothing, _) => Form::PlainInsert,
            Self::Products(Way::Manager, _) => Form::Insert,
            Self::Products(Way::Returning, _) => Form::InsertReturning,
            Self::Upsert(..) => Form::PlainUpsert,
            Self::Update(Way::Diesel, ..) | Self::Delete(Way::Diesel, _) | Self::UpdateKey(..) | Self::Jobs(_) => {
                Form::PlainChange
            }
            Self::People(change) if matches!(change.way(), Way::Diesel) => Form::PlainChange,
            Self::Update(..) | Self::Delete(..) | Self::People(_) => Form::Statement,
            Self::Sql(_) | Self::Batch(_) | Self::Bound(..) => Form::Text,
            Self::Structure(_) => Form::Structure,
        }
    }

    fn perform(&self, conn: &mut DatabaseConn) -> QueryResult<()> {
        match self {
            Self::Row(verb, row) => row.write(*verb, conn),
            Self::Name(verb, product) => write_name(product, *verb, conn),
            Self::Products(way, rows) => insert(*way, rows, conn),
            Self::Upsert(target, row) => database::upsert(*target, row, conn),
            Self::Update(way, which, change) => update(*way, *which, change, conn),
            Self::UpdateKey(old, new) => {
                diesel::update(products::table.find(old)).set(products::id.eq(new)).execute(conn)
            }
            Self::Jobs(change) => change.run(conn),
            Self::People(change) => change.run(conn),
            Self::Delete(way, which) => delete(*way, *which, conn),
            Self::Sql(sql) => diesel::sql_query(sql).execute(conn),
            Self::Bound(sql, one, two) => {
                diesel::sql_query(*sql).bind::<Integer, _>(one).bind::<Integer, _>(two).execute(conn)
            }
            Self::Batch(sql) => return conn.batch_execute(sql),
            Self::Structure(sql) => {
                world::note_structure();
                return conn.batch_execute(sql);
            }
        }
        .map(drop)
    }
}

fn insert(way: Way, rows: &[Product], conn: &mut DatabaseConn) -> QueryResult<usize> {
    match way {
        Way::Diesel => diesel::insert_into(products::table).values(rows).execute(conn),
        Way::Manager => Product::cached_in(cache_name()).insert(rows).execute(conn),
        Way::Returning => database::insert_all_returning(rows, conn),
    }
}

/// Runs a statement, by Diesel or the manager.
macro_rules! run {
    ($way:expr, $conn:expr, $statement:expr) => {
        match $way {
            Way::Diesel => $statement.execute($conn),
            Way::Manager | Way::Returning => Product::cached_in(cache_name()).write($statement).execute($conn),
        }
    };
}

fn update(way: Way, which: Which, change: &Change, conn: &mut DatabaseConn) -> QueryResult<usize> {
    use products::dsl as p;
    match which {
        Which::All => run!(way, conn, diesel::update(p::products).set(change)),
        Which::Category(id) => run!(way, conn, diesel::update(p::products.filter(p::category_id.eq(id))).set(change)),
        Which::Id(id) => run!(way, conn, diesel::update(p::products.find(id)).set(change)),
        Which::Slug(slug) => run!(way, conn, diesel::update(p::products.filter(p::slug.eq(slug))).set(change)),
    }
}

fn delete(way: Way, which: Which, conn: &mut DatabaseConn) -> QueryResult<usize> {
    use products::dsl as p;
    match which {
        Which::All => run!(way, conn, diesel::delete(p::products)),
        Which::Category(id) => run!(way, conn, diesel::delete(p::products.filter(p::category_id.eq(id)))),
        Which::Id(id) => run!(way, conn, diesel::delete(p::products.find(id))),
        Which::Slug(slug) => run!(way, conn, diesel::delete(p::products.filter(p::slug.eq(slug)))),
    }
}
