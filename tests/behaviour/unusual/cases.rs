//! Runs tables of unusual statements as plain SQL: whatever was cached before gives what the database says afterwards.

mod common;
mod reads;

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::SimpleConnection;
use diesel::sql_query;

use crate::database::Conn;
use crate::dialect::{self, ELSEWHERE, MORE, STATEMENTS};
use crate::harness::Shop;
use crate::line::prelude::*;
use crate::presence::Alone;

/// A row of the table: statements that are run one after the other on one tracked connection.
#[derive(Clone, Copy)]
pub struct Case {
    name: &'static str,
    texts: &'static [&'static str],
    kind: Kind,
    /// What the database is given before anything is read.
    setup: &'static str,
    /// Only `batch_execute` takes it: it has several statements, gives rows, or cannot be prepared.
    is_batch: bool,
    /// One of the statements fails.
    fails: bool,
    /// The tables that the work is announced with; none if it is not.
    named: &'static [&'static str],
}

/// What the statements of a row do, and what is promised to stay in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// They change rows, and anything may go.
    Feared,
    /// They change no row, and everything stays.
    Harmless,
    /// They change no row that is read, and anything may go.
    Odd,
    /// They change rows, and the entries of other tables stay.
    Understood,
}

/// They change rows, and anything may go.
pub const fn feared(name: &'static str, texts: &'static [&'static str]) -> Case {
    Case::of(Kind::Feared, name, texts)
}

/// They change no row, and everything stays.
pub const fn harmless(name: &'static str, texts: &'static [&'static str]) -> Case {
    Case::of(Kind::Harmless, name, texts)
}

/// They change no row that is read, and anything may go.
pub const fn odd(name: &'static str, texts: &'static [&'static str]) -> Case {
    Case::of(Kind::Odd, name, texts)
}

/// They change rows, and the entries of other tables stay.
pub const fn understood(name: &'static str, texts: &'static [&'static str]) -> Case {
    Case::of(Kind::Understood, name, texts)
}

impl Case {
    const fn of(kind: Kind, name: &'static str, texts: &'static [&'static str]) -> Self {
        Self { name, texts, kind, setup: "", is_batch: false, fails: false, named: &[] }
    }

    pub const fn after(self, setup: &'static str) -> Self {
        Self { setup, ..self }
    }

    /// Whether nothing but the rows has to be put back afterwards.
    fn changes_rows_only(&self) -> bool {
        self.setup.is_empty() && matches!(self.kind, Kind::Harmless | Kind::Understood)
    }

    pub const fn in_batch(self) -> Self {
        Self { is_batch: true, ..self }
    }

    pub const fn failing(self) -> Self {
        Self { fails: true, ..self }
    }

    pub const fn naming(self, named: &'static [&'static str]) -> Self {
        Self { named, ..self }
    }
}

/// How a statement is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Batch,
    Query,
}

impl Way {
    fn run(self, conn: &mut Conn, sql: &str) -> QueryResult<()> {
        match self {
            Self::Batch => conn.batch_execute(sql),
            Self::Query => sql_query(sql).execute(conn).map(drop),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({:?}): {:?}", self.name, self.kind, self.texts)
    }
}

/// Runs every row in every way that it allows; those that failed are named together.
fn check_all(cases: &[Case]) {
    let mut shop = Shop::new();
    let mut failures = Vec::new();
    let mut is_new = false;
    for case in cases {
        let ways: &[Way] = if case.is_batch { &[Way::Batch] } else { &[Way::Query, Way::Batch] };
        for way in ways {
            if !is_new {
                dialect::renew(&mut shop);
                shop.untracked().batch_execute(reads::SCHEMA).unwrap();
            }
            let result = catch_unwind(AssertUnwindSafe(|| check(&shop, case, *way)));
            is_new = result.is_ok() && case.changes_rows_only();
            if let Err(panic) = result {
                let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                failures.push(format!("{way:?}: {case}: {}", text.unwrap_or_default()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check(shop: &Shop, case: &Case, way: Way) {
    let mut keeper = shop.untracked();
    if !case.setup.is_empty() {
        keeper.batch_execute(case.setup).unwrap();
    }
    let (mut other, mut conn) = (shop.conn(), shop.conn());
    shop.cache.clear().unwrap();
    reads::everything(shop, &mut other);
    assert_eq!(reads::everything(shop, &mut other), 0, "every read is cached");
    let before = reads::rows(&mut keeper);
    run(shop, case, way, &mut conn);
    let is_changed = reads::rows(&mut keeper) != before;
    let unrelated = reads::unrelated(shop, &mut other);
    let cost = reads::everything(shop, &mut other);
    if !case.fails && case.kind != Kind::Odd {
        assert_eq!(is_changed, case.kind != Kind::Harmless, "whether rows changed");
    }
    match case.kind {
        Kind::Understood => assert_eq!(unrelated, 0, "the entries of another table stay"),
        Kind::Harmless => assert_eq!(unrelated + cost, 0, "every entry stays"),
        Kind::Feared | Kind::Odd => {}
    }
    assert!(!is_changed || cost > 0, "something was written");
    assert_eq!(reads::everything(shop, &mut other), 0, "what was read is cached again");
    reads::everything(shop, &mut conn);
    reads::everything(shop, &mut conn);
    if case.changes_rows_only() {
        reads::put_back(&mut keeper, before);
    }
}

fn run(shop: &Shop, case: &Case, way: Way, conn: &mut Conn) {
    let work = |conn: &mut Conn| {
        let results: Vec<QueryResult<()>> =
            case.texts.iter().map(|text| way.run(conn, &dialect::completed(text, shop))).collect();
        assert_eq!(results.iter().any(Result::is_err), case.fails, "{results:?}");
    };
    if case.named.is_empty() {
        work(conn);
    } else {
        let named = |conn: &mut Conn| {
            work(conn);
            QueryResult::Ok(())
        };
        cache_diesel::writes(conn, case.named, named).unwrap();
    }
}

#[test]
fn statements_that_every_database_has() {
    check_all(common::STATEMENTS);
}

#[test]
fn statements_that_this_database_has() {
    check_all(STATEMENTS);
}

#[test]
fn more_statements_that_this_database_has() {
    check_all(MORE);
}

#[test]
fn statements_that_reach_other_databases() {
    let _alone = Alone::wait();
    check_all(ELSEWHERE);
}
