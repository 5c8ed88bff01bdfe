//! Writes of every form.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::models::{Change, Product, products};
use crate::rows::{Row, Verb, write_name};
use crate::world::CACHE;

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
    Delete(Way, Which),
    /// One statement, by `sql_query`.
    Sql(String),
    /// Several statements, by `batch_execute`.
    Batch(String),
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
    pub fn run(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        match self {
            Self::Row(verb, row) => row.write(*verb, conn),
            Self::Name(verb, product) => write_name(product, *verb, conn),
            Self::Products(way, rows) => insert(*way, rows, conn),
            Self::Upsert(target, row) => upsert(*target, row, conn),
            Self::Update(way, which, change) => update(*way, *which, change, conn),
            Self::UpdateKey(old, new) => {
                diesel::update(products::table.find(old)).set(products::id.eq(new)).execute(conn)
            }
            Self::Delete(way, which) => delete(*way, *which, conn),
            Self::Sql(sql) => diesel::sql_query(sql).execute(conn),
            Self::Batch(sql) => return conn.batch_execute(sql),
        }
        .map(drop)
    }
}

fn insert(way: Way, rows: &[Product], conn: &mut SqliteConnection) -> QueryResult<usize> {
    match way {
        Way::Diesel => diesel::insert_into(products::table).values(rows).execute(conn),
        Way::Manager => Product::cached_in(CACHE).insert(rows).execute(conn),
        Way::Returning => Product::cached_in(CACHE).insert(rows).get_results(conn).map(|rows| rows.len()),
    }
}

fn upsert(target: Target, row: &Product, conn: &mut SqliteConnection) -> QueryResult<usize> {
    let insert = diesel::insert_into(products::table).values(row);
    match target {
        Target::Id => insert.on_conflict(products::id).do_update().set(row).execute(conn),
        Target::IdNothing => insert.on_conflict(products::id).do_nothing().execute(conn),
        Target::Slug => {
            let set = (products::id.eq(excluded(products::id)), products::title.eq(excluded(products::title)));
            insert.on_conflict(products::slug).do_update().set(set).execute(conn)
        }
    }
}

/// Runs a statement, by Diesel or the manager.
macro_rules! run {
    ($way:expr, $conn:expr, $statement:expr) => {
        match $way {
            Way::Diesel => $statement.execute($conn),
            Way::Manager | Way::Returning => Product::cached_in(CACHE).write($statement).execute($conn),
        }
    };
}

fn update(way: Way, which: Which, change: &Change, conn: &mut SqliteConnection) -> QueryResult<usize> {
    use products::dsl as p;
    match which {
        Which::All => run!(way, conn, diesel::update(p::products).set(change)),
        Which::Category(id) => run!(way, conn, diesel::update(p::products.filter(p::category_id.eq(id))).set(change)),
        Which::Id(id) => run!(way, conn, diesel::update(p::products.find(id)).set(change)),
        Which::Slug(slug) => run!(way, conn, diesel::update(p::products.filter(p::slug.eq(slug))).set(change)),
    }
}

fn delete(way: Way, which: Which, conn: &mut SqliteConnection) -> QueryResult<usize> {
    use products::dsl as p;
    match which {
        Which::All => run!(way, conn, diesel::delete(p::products)),
        Which::Category(id) => run!(way, conn, diesel::delete(p::products.filter(p::category_id.eq(id)))),
        Which::Id(id) => run!(way, conn, diesel::delete(p::products.find(id))),
        Which::Slug(slug) => run!(way, conn, diesel::delete(p::products.filter(p::slug.eq(slug)))),
    }
}
