//! Asks a server of PostgreSQL for its identity.

use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{Bool, Text};

use crate::backend::line::Line;
use crate::identity::answer::{ServerAnswer, ServerRole};
use crate::identity::process::here;

/// The number that a server's data was given when it was made: standbys have it, and whoever takes over from it. That
/// of the database is another one when it is dropped and made again.
const NAMED: &str = "(SELECT system_identifier::text FROM pg_catalog.pg_control_system())";

/// Where a role may not ask for it: the moment at which the server started, which tells it from others until it is
/// started again. That of a standby is another one.
const STARTED: &str = "'since ' || EXTRACT(EPOCH FROM pg_catalog.pg_postmaster_start_time())::text";

#[derive(QueryableByName)]
struct PostgresServer {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    server: String,
    #[diesel(sql_type = Bool)]
    follows: bool,
    /// Whether the server's number may be asked for.
    #[diesel(sql_type = Bool)]
    is_open: bool,
}

/// What all connections to the database `name` have in common.
pub(super) fn database_called(name: &str) -> String {
    format!("postgres:{name}")
}

/// Asks with one statement, and with others where it is refused.
pub(super) async fn ask<C: Line<Backend = Pg>>(conn: &mut C::Conn) -> QueryResult<ServerAnswer> {
    let refused = match ask_for::<C>(NAMED, "true", conn).await {
        Ok(said) => return Ok(answer(said)),
        Err(refused) => refused,
    };
    let may_ask = "pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')";
    match ask_for::<C>(STARTED, may_ask, conn).await {
        // It failed for another reason, which will pass.
        Ok(PostgresServer { is_open: true, .. }) => Err(refused),
        Ok(said) => Ok(answer(said)),
        // Nothing tells it from others: its entries are this process's alone.
        Err(_) => ask_for::<C>("''", "false", conn).await.map(|said| answer(PostgresServer { server: here(), ..said })),
    }
}

async fn ask_for<C: Line<Backend = Pg>>(
    server: &str,
    is_open: &str,
    conn: &mut C::Conn,
) -> Result<PostgresServer, Error> {
    let sql = format!(
        "SELECT pg_catalog.current_database()::text AS name, session_user || ' ' || current_user AS account, \
         {server} || ' ' || (SELECT oid::text FROM pg_catalog.pg_database \
                             WHERE datname = pg_catalog.current_database()) AS server, \
         pg_catalog.pg_is_in_recovery() AS follows, {is_open} AS is_open"
    );
    C::rows(conn, sql).await?.pop().ok_or(Error::NotFound)
}

fn answer(said: PostgresServer) -> ServerAnswer {
    ServerAnswer {
        server: said.server,
        database: Some(database_called(&said.name)),
        account: said.account,
        standing: ServerRole::of_follower(said.follows),
    }
}
