//! Decides whether a setting changes the meaning of later SQL on its connection.

use super::cursor::Cursor;
use super::effect::{Dialect, Effect, SettingEffect};
use super::token::Lexeme;

/// The effect of the SET, RESET, DISCARD or USE that goes on with `cursor`; MySQL's SET is elsewhere.
pub(super) fn effect(word: &str, mut cursor: Cursor<'_>) -> Effect {
    let is_harmless = match (word, cursor.dialect) {
        ("set", Dialect::Postgres) => is_harmless_set(&mut cursor),
        ("reset", Dialect::Postgres) => is_harmless_name(&mut cursor, HARMLESS_SETTINGS) && cursor.is_at_end(),
        // Of the binary log, the replica, the query cache.
        ("reset", _) => return Effect::Unknown,
        // Tables without a database are another one's from now on.
        ("use", _) => return Effect::Session(SettingEffect::Attach),
        _ => false,
    };
    if is_harmless { Effect::Read } else { Effect::Session(SettingEffect::Particular) }
}

/// Whether `token` is the value `wanted`, as a text or a word.
pub(super) fn is_value(token: Option<Lexeme<'_>>, wanted: &str) -> bool {
    matches!(token, Some(Lexeme::Text(value) | Lexeme::Word(value)) if value.eq_ignore_ascii_case(wanted))
}

/// Moves over a name without a schema, and tells whether it is one of `names`.
pub(super) fn is_harmless_name(cursor: &mut Cursor<'_>, names: &[&str]) -> bool {
    match cursor.take() {
        Some(Lexeme::Word(name) | Lexeme::Name { raw: name, .. }) => {
            names.iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
        }
        _ => false,
    }
}

fn is_harmless_set(cursor: &mut Cursor<'_>) -> bool {
    // A setting of an extension may be named `transaction.x`.
    let is_setting = cursor.ahead(1) == Some(Lexeme::Mark(b'.'));
    if !is_setting && cursor.take_any(&["constraints", "transaction"]) {
        return true;
    }
    if cursor.take_word("session") && cursor.take_word("characteristics") {
        return cursor.take_word("as") && cursor.take_word("transaction");
    }
    cursor.take_word("local");
    if cursor.take_word("time") {
        return cursor.take_word("zone") && is_last_value(cursor, &["utc"]);
    }
    if cursor.take_word("names") {
        return is_last_value(cursor, &UTF8);
    }
    let mut name = *cursor;
    cursor.take();
    if !cursor.take_mark(b'=') && !cursor.take_word("to") {
        return false;
    }
    let is_named = |wanted: &str| is_harmless_name(&mut name.clone(), &[wanted]);
    if is_named("client_encoding") {
        is_last_value(cursor, &UTF8)
    } else if is_named("timezone") {
        is_last_value(cursor, &["utc"])
    } else {
        is_harmless_name(&mut name, HARMLESS_SETTINGS)
    }
}

fn is_last_value(cursor: &mut Cursor<'_>, wanted: &[&str]) -> bool {
    let value = cursor.take();
    cursor.is_at_end() && wanted.iter().any(|wanted| is_value(value, wanted))
}

const UTF8: [&str; 2] = ["utf8", "utf-8"];

/// Settings of PostgreSQL that change how a statement is run and not what it answers.
pub(crate) const HARMLESS_SETTINGS: &[&str] = &[
    "application_name",
    "backend_flush_after",
    "client_min_messages",
    "commit_delay",
    "commit_siblings",
    "constraint_exclusion",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "cursor_tuple_fraction",
    "deadlock_timeout",
    "debug_pretty_print",
    "default_statistics_target",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "effective_cache_size",
    "effective_io_concurrency",
    "enable_bitmapscan",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_incremental_sort",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_memoize",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_parallel_append",
    "enable_parallel_hash",
    "enable_partition_pruning",
    "enable_partitionwise_aggregate",
    "enable_partitionwise_join",
    "enable_seqscan",
    "enable_sort",
    "enable_tidscan",
    "force_parallel_mode",
    "from_collapse_limit",
    "geqo",
    "geqo_threshold",
    "hash_mem_multiplier",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "jit",
    "jit_above_cost",
    "join_collapse_limit",
    "lock_timeout",
    "log_duration",
    "log_error_verbosity",
    "log_lock_waits",
    "log_min_duration_statement",
    "log_min_error_statement",
    "log_min_messages",
    "log_statement",
    "log_temp_files",
    "logical_decoding_work_mem",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "plan_cache_mode",
    "random_page_cost",
    "seq_page_cost",
    "statement_timeout",
    "synchronous_commit",
    "tcp_keepalives_count",
    "tcp_keepalives_idle",
    "tcp_keepalives_interval",
    "tcp_user_timeout",
    "temp_buffers",
    "track_activities",
    "track_functions",
    "track_io_timing",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_timeout",
    "vacuum_cost_delay",
    "vacuum_cost_limit",
    "wal_compression",
    "work_mem",
];
