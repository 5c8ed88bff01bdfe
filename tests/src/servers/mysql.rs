//! Creates and drops databases and users of MariaDB.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text, Unsigned};

use crate::servers::pool::Pool;
use crate::servers::{Database, Server, connect};

static SERVER: Server = Server {
    name: "MariaDB",
    variable: "CACHE_DIESEL_MYSQL_URL",
    create,
    create_user,
    drop,
    // A database is a directory here; it costs what its tables cost, which would have to be dropped as well.
    renewal: None,
    pool: Pool::new(),
};

/// Creates a database on the server of `CACHE_DIESEL_MYSQL_URL`.
///
/// # Panics
///
/// Panics if the variable is not set, or the server refuses.
pub fn fresh_database() -> Database {
    Database::lend(&SERVER)
}

fn create(url: &str, database: &str) -> QueryResult<()> {
    connect::<MysqlConnection>(url)?.batch_execute(&format!("CREATE DATABASE {database}"))
}

fn create_user(url: &str, database: &str, user: &str) -> QueryResult<()> {
    let mut conn: MysqlConnection = connect(url)?;
    conn.batch_execute(&format!("CREATE USER '{user}'@'%' IDENTIFIED BY '{user}'"))?;
    conn.batch_execute(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO '{user}'@'%'"))
}

fn drop(url: &str, database: &str, users: &[String]) -> QueryResult<()> {
    let mut conn: MysqlConnection = connect(url)?;
    end_sessions(&mut conn, database)?;
    // A transaction that is prepared outlives its session, and would be waited for until tomorrow.
    conn.batch_execute("SET SESSION lock_wait_timeout = 20")?;
    conn.batch_execute(&format!("DROP DATABASE IF EXISTS {database}"))?;
    users.iter().try_for_each(|user| conn.batch_execute(&format!("DROP USER '{user}'@'%'")))
}

/// An open transaction would hold its tables against being dropped.
fn end_sessions(conn: &mut MysqlConnection, database: &str) -> QueryResult<()> {
    let sessions: Vec<Session> = diesel::sql_query("SELECT id FROM information_schema.processlist WHERE db = ?")
        .bind::<Text, _>(database)
        .load(conn)?;
    for session in sessions {
        // It may have ended by itself.
        let _ = conn.batch_execute(&format!("KILL {}", session.id));
    }
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Session {
    #[diesel(sql_type = Unsigned<BigInt>)]
    id: u64,
}
