//! Makes a database of PostgreSQL as new: under another name, without sessions, empty.
//!
//! A new one costs a copy of the template, two checkpoints, and the first connection's look through all catalogs.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::servers::{Renewal, connect};

pub(super) const RENEWAL: Renewal = Renewal { rename, empty };

/// Sessions of the server, not of a database that is renewed: to begin one costs as much as the rest.
static IDLE: Mutex<Vec<PgConnection>> = Mutex::new(Vec::new());

fn rename(url: &str, database: &str, name: &str) -> QueryResult<bool> {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut conn = idle.map_or_else(|| quiet(url), Ok)?;
    end_sessions(&mut conn, database)?;
    let is_plain = diesel::sql_query(IS_PLAIN).bind::<Text, _>(database).get_result::<Fact>(&mut conn)?.holds;
    if is_plain {
        conn.batch_execute(&format!("ALTER DATABASE {database} RENAME TO {name}"))?;
    }
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    Ok(is_plain)
}

/// Ends every session and waits until they are gone. The server's own waiting is done by tenths of a second.
fn end_sessions(conn: &mut PgConnection, database: &str) -> QueryResult<()> {
    let start = Instant::now();
    loop {
        let end = "SELECT count(pg_terminate_backend(pid)) AS count FROM pg_stat_activity WHERE datname = $1";
        let ended: Sessions = diesel::sql_query(end).bind::<Text, _>(database).get_result(conn)?;
        // The server refuses the new name if it still sees one.
        if ended.count == 0 || start.elapsed() > Duration::from_secs(5) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn empty(url: &str) -> QueryResult<bool> {
    let mut conn = quiet(url)?;
    conn.batch_execute(EMPTY)?;
    Ok(diesel::sql_query(IS_EMPTY).get_result::<Fact>(&mut conn)?.holds)
}

/// A connection that no cache is told of.
fn quiet(url: &str) -> QueryResult<PgConnection> {
    let mut conn: PgConnection = connect(url)?;
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    Ok(conn)
}

#[derive(QueryableByName)]
struct Sessions {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Fact {
    #[diesel(sql_type = Bool)]
    holds: bool,
}

/// The schema is made as `initdb` makes it, which depends on the server's version.
const EMPTY: &str = "
    SET client_min_messages = warning;
    SET lock_timeout = '5s';
    DROP SCHEMA IF EXISTS public CASCADE;
    DO $$ BEGIN
        IF current_setting('server_version_num')::int >= 150000 THEN
            CREATE SCHEMA public AUTHORIZATION pg_database_owner;
            GRANT USAGE ON SCHEMA public TO PUBLIC;
        ELSE
            CREATE SCHEMA public;
            GRANT ALL ON SCHEMA public TO PUBLIC;
        END IF;
    END $$;";

/// Whether the server keeps nothing about a database: no settings, rights or transactions that outlive a session.
const IS_PLAIN: &str = "
    SELECT own.datacl IS NULL AND own.datconnlimit = -1 AND NOT own.datistemplate
        AND own.datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = own.oid)
        AND NOT EXISTS (SELECT FROM pg_shdepend WHERE dbid = own.oid)
        AND NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = own.datname)
        AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE datoid = own.oid)
        AND NOT EXISTS (SELECT FROM pg_subscription WHERE subdbid = own.oid) AS holds
    FROM pg_database AS own WHERE datname = $1";

/// Whether nothing is left outside of the schema. Objects that come with the server have numbers below 16384; catalogs
/// that have no rows at first have no pages either, and to ask for their size is cheaper.
const IS_EMPTY: &str = "
    SELECT (
        SELECT sum(pg_relation_size(oid)) = 0 FROM unnest('{
            pg_event_trigger, pg_publication, pg_foreign_data_wrapper, pg_foreign_server, pg_largeobject_metadata,
            pg_default_acl, pg_transform, pg_seclabel
        }'::regclass[]) AS catalog (oid)
    ) AND NOT EXISTS (
        SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname <> 'public'
            AND nspname NOT LIKE 'pg\\_temp\\_%' AND nspname NOT LIKE 'pg\\_toast\\_temp\\_%'
        UNION ALL SELECT FROM pg_type WHERE oid >= 16384
        UNION ALL SELECT FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT FROM pg_am WHERE oid >= 16384
        UNION ALL SELECT FROM pg_cast WHERE oid >= 16384
        UNION ALL SELECT FROM pg_extension WHERE oid >= 16384
        UNION ALL SELECT FROM pg_language WHERE oid >= 16384
    ) AND (SELECT count(*) FROM pg_proc WHERE proacl IS NOT NULL)
        = (SELECT count(*) FROM pg_init_privs WHERE classoid = 'pg_proc'::regclass) AS holds";
