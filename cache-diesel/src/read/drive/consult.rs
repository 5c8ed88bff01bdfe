//! Asks a database for its own declarations before an answer is stored: reads depend on them.

use cache_core::store::Seed;
use cache_core::{Missed, Tag, Token};
use diesel::connection::LoadConnection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use crate::backend::CacheBackend;
use crate::catalogue::{Catalogue, CatalogueQuery, Structure, holds, is_current, keep, was_asked};
use crate::identity::Identity;
use crate::model::declaration::asked_columns;
use crate::read::drive::ask::may_store;
use crate::read::drive::gate::{gate_of, is_in_transaction, transaction_depth};
use crate::read::report;
use crate::read::task::{Load, Site, Task, Turn, resolved, take_turn, take_turn_by, turn_alone};
use crate::setup::contradiction;
use crate::track::questioning;

/// After a miss: who asks the database? What a read depends on is told by what the database declares.
pub(crate) fn turn<C, T>(
    task: &T,
    site: Site<'static>,
    missed: &Missed,
    conn: &mut C,
) -> QueryResult<Option<Turn<'static>>>
where
    C: LoadConnection<Backend: CacheBackend>,
    T: Task,
{
    let consulted = consult(conn, &site);
    let mut named = resolved(task, &site)?;
    if consulted == Consulted::WithoutTokens {
        return Ok(turn_alone(task, site, missed, named));
    }
    // What keeps it out of the cache may be gone.
    if named.is_err() && matches!(task.named(), Ok(Ok(_))) && has_changed(conn, &site) {
        named = resolved(task, &site)?;
    }
    let turn = take_turn_by(task, site, missed, named);
    match &turn {
        Some(Turn::Query(load)) if !is_confirmed(load, conn) => {}
        _ => return Ok(turn),
    }
    // By now it is known what has changed: nobody need go without an entry for it.
    drop(turn);
    take_turn(task, site, &missed.cause.into())
}

/// What came of seeing to it that a database was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consulted {
    /// It was, or cannot be.
    Done,
    /// The store gave no tokens, and need not be asked for others: nothing is stored.
    WithoutTokens,
}

/// Sees to it that the database was asked, once for each address: what a read depends on is told by it.
pub(crate) fn consult<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C, site: &Site<'_>) -> Consulted {
    if was_asked(site.identity) {
        return Consulted::Done;
    }
    match seeds_of(site) {
        Some(seeds) => {
            confirm(conn, site.identity, &seeds);
            Consulted::Done
        }
        None => Consulted::WithoutTokens,
    }
}

/// Whether the database declares something else by now than what is known of it: it is asked if its structure may have
/// changed.
pub(crate) fn has_changed<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C, site: &Site<'_>) -> bool {
    // Where there are no tokens, nothing is stored either.
    seeds_of(site).is_some_and(|seeds| !confirm(conn, site.identity, &seeds))
}

/// Sees to it that it is known how the database compares what a model says is compared byte by byte, before a manager's
/// write goes by that. In a transaction nobody is asked: what it has changed may be rolled back.
pub(crate) fn consult_writer<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) {
    let depth = transaction_depth(conn);
    let is_outside = matches!(depth, Ok(None));
    let Ok(identity) = gate_of(depth, conn.instrumentation()) else { return };
    if is_outside && !holds(identity) && may_store(conn, identity).is_ok() {
        // No cache has these tokens: who reads asks for itself.
        ask(conn, identity, [Token::fresh(), Token::fresh()]);
    }
}

fn seeds_of(site: &Site<'_>) -> Option<Vec<(Tag, Seed)>> {
    site.reader.seed(&[Tag::root(), site.identity.database.tag()])
}

/// Whether what `load` depends on is what was taken for it; the database may be asked.
fn is_confirmed<C: LoadConnection<Backend: CacheBackend>>(load: &Load<'_>, conn: &mut C) -> bool {
    load.seeds().is_none_or(|seeds| confirm(conn, load.identity(), seeds))
}

/// Keeps what is about to be loaded from being stored, if it may depend on something else by now.
pub(crate) fn confirm_load<C: LoadConnection<Backend: CacheBackend>>(load: &mut Load<'_>, conn: &mut C) {
    if load.may_store() && !is_confirmed(load, conn) {
        load.store_nothing();
    }
}

/// Whether what is about to be loaded under `seeds` depends on what was taken for it: the database is asked anew if its
/// structure may have changed since.
pub(crate) fn confirm<C>(conn: &mut C, identity: Identity, seeds: &[(Tag, Seed)]) -> bool
where
    C: LoadConnection<Backend: CacheBackend>,
{
    match structure_of(&[Tag::root(), identity.database.tag()], seeds) {
        Some(structure) => is_current(identity, &structure) || ask(conn, identity, structure),
        None => true,
    }
}

/// The tokens of both tags; they were read before the database is asked.
fn structure_of(tags: &[Tag; 2], seeds: &[(Tag, Seed)]) -> Option<Structure> {
    let token = |wanted: &Tag| -> Option<Token> { Some(seeds.iter().find(|(tag, _)| tag == wanted)?.1.token) };
    Some([token(&tags[0])?, token(&tags[1])?])
}

/// Asks; gives whether the answer is what was known before.
#[cold]
fn ask<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C, identity: Identity, structure: Structure) -> bool {
    let asking = CatalogueQuery::begin(identity.database);
    let told = questioning(conn, |conn| {
        // In a test transaction a statement that fails must not end it.
        if is_in_transaction(conn) {
            conn.transaction(|conn| C::Backend::declared(conn, asked_columns()))
        } else {
            C::Backend::declared(conn, asked_columns())
        }
    });
    match told {
        Ok(told) => {
            let catalogue = Catalogue::of(told);
            contradiction::report_new(&catalogue);
            keep(identity, structure, &asking, Some(catalogue))
        }
        Err(error) if is_lost(&error) => false,
        Err(error) => {
            report::not_asked(&error);
            keep(identity, structure, &asking, None)
        }
    }
}

/// Whether the next one may be answered.
fn is_lost(error: &Error) -> bool {
    use DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    matches!(error, Error::DatabaseError(ClosedConnection | UnableToSendCommand, _) | Error::BrokenTransactionManager)
}
