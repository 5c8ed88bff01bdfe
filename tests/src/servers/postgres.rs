//! Creates and drops databases and users of PostgreSQL.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::servers::pool::Pool;
use crate::servers::{Database, Server, connect};

mod renewal;

static SERVER: Server = Server {
    name: "PostgreSQL",
    variable: "CACHE_DIESEL_POSTGRES_URL",
    create,
    create_user,
    drop,
    renewal: Some(renewal::RENEWAL),
    pool: Pool::new(),
};

/// Creates a database on the server of `CACHE_DIESEL_POSTGRES_URL`.
///
/// # Panics
///
/// Panics if the variable is not set, or the server refuses.
pub fn fresh_database() -> Database {
    Database::lend(&SERVER)
}

fn create(url: &str, database: &str) -> QueryResult<()> {
    execute(url, &[format!("CREATE DATABASE {database} TEMPLATE template0")])
}

fn create_user(url: &str, _database: &str, user: &str) -> QueryResult<()> {
    execute(
        url,
        &[
            format!("CREATE ROLE {user} LOGIN PASSWORD '{user}'"),
            format!("GRANT USAGE ON SCHEMA public TO {user}"),
            format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {user}"),
            format!("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {user}"),
            format!("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {user}"),
            format!("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO {user}"),
        ],
    )
}

fn drop(url: &str, database: &str, users: &[String]) -> QueryResult<()> {
    execute(url, &[format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")])?;
    users.iter().try_for_each(|user| execute(url, &[format!("DROP ROLE {user}")]))
}

/// One statement after the other: a database cannot be created in a transaction.
fn execute(url: &str, statements: &[String]) -> QueryResult<()> {
    let mut conn: PgConnection = connect(url)?;
    statements.iter().try_for_each(|statement| conn.batch_execute(statement))
}
