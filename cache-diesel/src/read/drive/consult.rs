//! Asks a database for its own declarations before an answer is stored: reads depend on them.

use cache_core::protocol::sharding::structures_in;
use cache_core::store::Seed;
use cache_core::{Missed, Tag, Token};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use crate::backend::CacheBackend;
use crate::backend::line::Line;
use crate::catalogue::{Catalogue, CatalogueQuery, FactRow, Structure, holds, is_current, keep, was_asked};
use crate::identity::Identity;
use crate::model::declaration::asked_columns;
use crate::read::drive::ask::may_store;
use crate::read::drive::calls::{seed, take_turn};
use crate::read::drive::gate::{is_in_transaction, look_at_gate};
use crate::read::report;
use crate::read::task::load::{Load, Turn, turn_alone};
use crate::read::task::{Site, Task, resolved};
use crate::setup::contradiction;
use crate::track::Question;

/// After a miss: who asks the database? What a read depends on is told by what the database declares.
pub(crate) async fn turn<C: Line, T: Task>(
    task: &mut T,
    site: Site<'static>,
    missed: Missed,
    conn: &mut C::Conn,
) -> QueryResult<Option<Turn<'static>>> {
    let cause = missed.cause;
    let consulted = consult::<C>(conn, &site).await;
    let mut named = resolved(task, &site)?;
    if consulted == Consulted::WithoutTokens {
        return Ok(turn_alone(task, site, &missed, named));
    }
    // What keeps it out of the cache may be gone.
    if named.is_err() && matches!(task.named(), Ok(Ok(_))) && has_changed::<C>(conn, &site).await {
        named = resolved(task, &site)?;
    }
    let turn = take_turn::<C, T>(task, site, missed, named).await;
    match &turn {
        Some(Turn::Query(load)) if !is_confirmed::<C>(load, conn).await => {}
        _ => return Ok(turn),
    }
    // By now it is known what has changed: nobody need go without an entry for it.
    drop(turn);
    let named = resolved(task, &site)?;
    Ok(take_turn::<C, T>(task, site, cause.into(), named).await)
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
pub(crate) async fn consult<C: Line>(conn: &mut C::Conn, site: &Site<'static>) -> Consulted {
    if was_asked(site.identity) {
        return Consulted::Done;
    }
    match seeds_of::<C>(site).await {
        Some(seeds) => {
            confirm::<C>(conn, site.identity, &seeds).await;
            Consulted::Done
        }
        None => Consulted::WithoutTokens,
    }
}

/// Whether the database declares something else by now than what is known of it: it is asked if its structure may have
/// changed.
pub(crate) async fn has_changed<C: Line>(conn: &mut C::Conn, site: &Site<'static>) -> bool {
    // Where there are no tokens, nothing is stored either.
    match seeds_of::<C>(site).await {
        Some(seeds) => !confirm::<C>(conn, site.identity, &seeds).await,
        None => false,
    }
}

/// Sees to it that it is known how the database compares what a model says is compared byte by byte, before a manager's
/// write goes by that. In a transaction nobody is asked: what it has changed may be rolled back.
pub(crate) async fn consult_writer<C: Line>(conn: &mut C::Conn) {
    let is_outside = matches!(C::transaction_depth(conn), Ok(None));
    let Ok(identity) = look_at_gate::<C>(conn, None) else { return };
    if is_outside && !holds(identity) && may_store::<C>(conn, identity).await.is_ok() {
        // No cache has these tokens: who reads asks for itself.
        ask::<C>(conn, identity, [Token::fresh(), Token::fresh()]).await;
    }
}

async fn seeds_of<C: Line>(site: &Site<'static>) -> Option<Vec<(Tag, Seed)>> {
    seed::<C>(site, site.subject(&[]).structure().into()).await
}

/// Whether what `load` depends on is what was taken for it; the database may be asked.
async fn is_confirmed<C: Line>(load: &Load<'static>, conn: &mut C::Conn) -> bool {
    match load.seeds() {
        Some(seeds) => confirm::<C>(conn, load.site().identity, seeds).await,
        None => true,
    }
}

/// Keeps what is about to be loaded from being stored, if it may depend on something else by now.
pub(crate) async fn confirm_load<C: Line>(load: &mut Load<'static>, conn: &mut C::Conn) {
    if load.may_store() && !is_confirmed::<C>(load, conn).await {
        load.store_nothing();
    }
}

/// Whether what is about to be loaded under `seeds` depends on what was taken for it: the database is asked anew if its
/// structure may have changed since.
pub(crate) async fn confirm<C: Line>(conn: &mut C::Conn, identity: Identity, seeds: &[(Tag, Seed)]) -> bool {
    let structures = structures_of(identity, seeds);
    match structures.first() {
        Some(_) if structures.iter().any(|structure| is_current(identity, structure)) => true,
        Some(first) => ask::<C>(conn, identity, *first).await,
        None => true,
    }
}

/// The tokens of what changes with the structure of the database; they were read before it is asked.
pub(crate) fn structures_of(identity: Identity, seeds: &[(Tag, Seed)]) -> Vec<Structure> {
    let known: Vec<(Tag, Token)> = seeds.iter().map(|(tag, seed)| (*tag, seed.token)).collect();
    structures_in(&identity.database, &known)
}

/// Asks; gives whether the answer is what was known before.
#[cold]
async fn ask<C: Line>(conn: &mut C::Conn, identity: Identity, structure: Structure) -> bool {
    let asking = CatalogueQuery::begin(identity.database);
    let told = {
        let mut question = Question::<C>::begin(conn);
        declared::<C>(question.conn()).await
    };
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

/// What the database declares. In a test transaction a statement that fails must not end it.
async fn declared<C: Line>(conn: &mut C::Conn) -> QueryResult<Vec<FactRow>> {
    if !is_in_transaction::<C>(conn) {
        return <C::Backend as CacheBackend>::declared::<C>(conn, asked_columns()).await;
    }
    C::run(conn, "SAVEPOINT cache_diesel_asks").await?;
    let told = <C::Backend as CacheBackend>::declared::<C>(conn, asked_columns()).await;
    let end = match told {
        Ok(_) => "RELEASE SAVEPOINT cache_diesel_asks",
        Err(_) => "ROLLBACK TO SAVEPOINT cache_diesel_asks",
    };
    C::run(conn, end).await?;
    told
}

/// Whether the next one may be answered.
fn is_lost(error: &Error) -> bool {
    use DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    matches!(error, Error::DatabaseError(ClosedConnection | UnableToSendCommand, _) | Error::BrokenTransactionManager)
}
