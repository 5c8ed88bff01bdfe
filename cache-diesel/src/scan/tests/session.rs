//! Statements that change the session.

use super::{Case, check, said};

#[test]
fn what_diesel_sets_changes_nothing() {
    check(DIESEL, said);
}

#[test]
fn a_setting_is_harmless_only_if_listed() {
    check(SETTINGS, said);
}

#[test]
fn a_pragma_is_harmless_only_if_listed() {
    check(PRAGMAS, said);
}

pub(super) const DIESEL: &[Case] = &[
    ("p", "SET TIME ZONE 'UTC'", "read"),
    ("p", "SET CLIENT_ENCODING TO 'UTF8'", "read"),
    ("m", "SET time_zone = '+00:00';", "read"),
    ("m", "SET character_set_client = 'utf8mb4'", "read"),
    ("m", "SET character_set_connection = 'utf8mb4'", "read"),
    ("m", "SET character_set_results = 'utf8mb4'", "read"),
    ("m", "SET sql_mode=(SELECT CONCAT(@@sql_mode, ',PIPES_AS_CONCAT'))", "read"),
];

pub(super) const SETTINGS: &[Case] = &[
    ("p", "SET statement_timeout = 0", "read"),
    ("p", "SET LOCAL lock_timeout TO '1s'", "read"),
    ("p", "SET SESSION \"application_name\" = 'a'", "read"),
    ("p", "SET TIME ZONE 'Europe/Berlin'", "particular"),
    ("p", "SET timezone = 'utc'", "read"),
    ("p", "SET client_encoding = 'sjis'", "particular"),
    ("p", "SET NAMES 'utf8'", "read"),
    ("p", "SET search_path TO a, b", "particular"),
    ("p", "SET ROLE a", "particular"),
    ("p", "SET LOCAL ROLE a", "particular"),
    ("p", "SET SESSION AUTHORIZATION a", "particular"),
    ("p", "SET app.tenant = '1'", "particular"),
    ("p", "SET transaction.tenant = '1'", "particular"),
    ("p", "SET constraints.tenant = '1'", "particular"),
    ("p", "SET session.tenant = '1'", "particular"),
    ("p", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "read"),
    ("p", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "read"),
    ("p", "SET CONSTRAINTS ALL DEFERRED", "read"),
    ("p", "SET", "particular"),
    ("p", "RESET statement_timeout", "read"),
    ("p", "RESET ALL", "particular"),
    ("p", "RESET ROLE", "particular"),
    ("p", "DISCARD ALL", "particular"),
    ("m", "USE a", "attach"),
    ("m", "RESET QUERY CACHE", "unknown"),
    ("m", "SET autocommit = 0", "autocommit false"),
    ("m", "SET @@autocommit = 1", "autocommit true"),
    ("m", "SET @@session.autocommit := OFF", "autocommit false"),
    ("m", "SET SESSION `autocommit` = ON", "autocommit true"),
    ("m", "SET LOCAL autocommit = 'on', unique_checks = 0", "autocommit true"),
    ("m", "SET sql_mode = '', autocommit = 0", "autocommit false; particular"),
    ("m", "SET autocommit = DEFAULT", "unknown; Savepoint"),
    ("m", "SET @@session . autocommit = 0", "unknown; Savepoint; particular"),
    ("m", "SET @@session.`autocommit` = 0", "unknown; Savepoint; particular"),
    ("m", "SET autocommit = 1 - 1", "unknown; Savepoint"),
    ("m", "SET CHARACTER SET utf8, autocommit = 0", "autocommit false; particular"),
    ("m", "SET GLOBAL autocommit = 0", "unknown"),
    ("m", "SET @@GLOBAL.a = 0", "unknown"),
    ("m", "SET PERSIST a = 0", "unknown"),
    ("m", "SET GLOBAL a = 0, autocommit = 0", "unknown; Savepoint; autocommit false; particular"),
    ("m", "SET @a = 1", "particular"),
    ("m", "SET GLOBAL a = 0, GLOBAL b = 0, SESSION unique_checks = 0", "unknown"),
    ("m", "SET @a = my_func()", "unknown; particular"),
    ("m", "SET NAMES utf8mb4", "read"),
    ("m", "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'", "particular"),
    ("m", "SET NAMES latin1", "particular"),
    ("m", "SET time_zone = 'SYSTEM'", "particular"),
    ("m", "SET sql_mode = ''", "particular"),
    ("m", "SET wait_timeout = 5, SESSION foreign_key_checks = OFF", "read"),
    ("m", "SET SESSION transaction_isolation = 'READ-COMMITTED'", "read"),
    ("m", "SET SESSION transaction_isolation = 'READ-UNCOMMITTED'", "particular"),
    ("m", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "read"),
    ("m", "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "particular"),
    ("m", "SET GLOBAL TRANSACTION READ ONLY", "unknown"),
    ("m", "SET PASSWORD = 'a'", "unknown"),
    ("m", "SET STATEMENT max_statement_time = 1 FOR DELETE FROM t", "unknown; Savepoint; particular"),
    ("m", "SET ROLE a", "particular"),
];

pub(super) const PRAGMAS: &[Case] = &[
    ("s", "PRAGMA foreign_keys = ON", "read"),
    ("s", "PRAGMA main.journal_mode(WAL)", "read"),
    ("s", "PRAGMA wal_checkpoint(TRUNCATE);", "read"),
    ("s", "PRAGMA busy_timeout = 2000; PRAGMA synchronous = NORMAL", "read; read"),
    ("s", "PRAGMA table_info('t')", "read"),
    ("s", "PRAGMA user_version", "read"),
    ("s", "PRAGMA user_version = 5", "particular"),
    ("s", "PRAGMA encoding", "read"),
    ("s", "PRAGMA encoding = 'UTF-16le'", "particular"),
    ("s", "PRAGMA read_uncommitted = 1", "particular"),
    ("s", "PRAGMA case_sensitive_like(1)", "particular"),
    ("s", "PRAGMA \"case_sensitive_like\" = 1", "particular"),
    ("s", "PRAGMA writable_schema = ON", "particular"),
    ("s", "PRAGMA 'foreign_keys'", "particular"),
    ("s", "PRAGMA nonsense", "particular"),
    ("s", "PRAGMA", "particular"),
    ("mp", "PRAGMA foreign_keys = ON", "unknown"),
    ("s", "ATTACH 'a.db' AS a", "attach"),
    ("s", "DETACH DATABASE a", "attach"),
    ("mp", "ATTACH 'a.db' AS a", "unknown"),
];
