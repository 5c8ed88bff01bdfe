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

fn rename(url: &str, database: &str, name: &str) -> QueryResult<()> {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut conn = idle.map_or_else(|| quiet(url), Ok)?;
    end_sessions(&mut conn, database)?;
    conn.batch_execute(&format!("ALTER DATABASE {database} RENAME TO {name}"))?;
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    Ok(())
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
    Ok(diesel::sql_query(IS_AS_NEW).get_result::<State>(&mut conn)?.is_as_new)
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
struct State {
    #[diesel(sql_type = Bool)]
    is_as_new: bool,
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

/// Whether nothing is left outside of the schema: neither objects that belong to no schema, nor rights, nor settings of
/// the database. Objects that come with the server have numbers below 16384.
const IS_AS_NEW: &str = "
    SELECT NOT EXISTS (
        SELECT FROM pg_namespace
        WHERE oid >= 16384 AND nspname <> 'public' AND nspname NOT LIKE 'pg\\_temp\\_%' AND nspname NOT LIKE 'pg\\_toast\\_temp\\_%'
        UNION ALL SELECT FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT FROM pg_type WHERE oid >= 16384
        UNION ALL SELECT FROM pg_operator WHERE oid >= 16384
        UNION ALL SELECT FROM pg_collation WHERE oid >= 16384 AND collnamespace <> 'pg_catalog'::regnamespace
        UNION ALL SELECT FROM pg_am WHERE oid >= 16384
        UNION ALL SELECT FROM pg_cast WHERE oid >= 16384
        UNION ALL SELECT FROM pg_event_trigger
        UNION ALL SELECT FROM pg_extension WHERE oid >= 16384
        UNION ALL SELECT FROM pg_foreign_data_wrapper
        UNION ALL SELECT FROM pg_foreign_server
        UNION ALL SELECT FROM pg_language WHERE oid >= 16384
        UNION ALL SELECT FROM pg_largeobject_metadata
        UNION ALL SELECT FROM pg_publication
        UNION ALL SELECT FROM pg_transform
        UNION ALL SELECT FROM pg_default_acl
        UNION ALL SELECT FROM pg_seclabel
        UNION ALL SELECT FROM (
            SELECT oid, proacl FROM pg_proc EXCEPT ALL
            SELECT objoid, initprivs FROM pg_init_privs WHERE classoid = 'pg_proc'::regclass
        ) AS function WHERE proacl IS NOT NULL OR oid >= 16384
        UNION ALL SELECT FROM pg_database AS own
        LEFT JOIN pg_db_role_setting AS setting ON setting.setdatabase = own.oid
        LEFT JOIN pg_shdepend AS dependent ON dependent.dbid = own.oid
        LEFT JOIN pg_prepared_xacts AS prepared ON prepared.database = own.datname
        LEFT JOIN pg_replication_slots AS slot ON slot.datoid = own.oid
        LEFT JOIN pg_subscription AS subscription ON subscription.subdbid = own.oid
        WHERE own.datname = current_database() AND NOT (
            own.datacl IS NULL AND own.datconnlimit = -1 AND NOT own.datistemplate
            AND own.datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)
            AND setting IS NULL AND dependent IS NULL AND prepared IS NULL AND slot IS NULL AND subscription IS NULL
        )
    ) AS is_as_new";
