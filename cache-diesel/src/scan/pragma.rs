//! Decides whether a PRAGMA changes the meaning of later SQL on its connection.

use super::cursor::Cursor;
use super::effect::{Effect, SettingEffect};
use super::session::is_harmless_name;
use super::token::Lexeme;

/// The effect of the `PRAGMA [schema.]name [= value | (value)]` that goes on with `cursor`.
pub(super) fn effect(mut cursor: Cursor<'_>) -> Effect {
    if cursor.ahead(1) == Some(Lexeme::Mark(b'.')) {
        cursor.take();
        cursor.take();
    }
    let mut name = cursor;
    cursor.take();
    let names = if cursor.is_at_end() { HARMLESS_TO_ASK } else { &[] };
    if is_harmless_name(&mut name.clone(), names) || is_harmless_name(&mut name, HARMLESS) {
        Effect::Read
    } else {
        Effect::Session(SettingEffect::Particular)
    }
}

/// Pragmas that change nothing unless they are given a value.
const HARMLESS_TO_ASK: &[&str] = &[
    "application_id",
    "encoding",
    "ignore_check_constraints",
    "legacy_alter_table",
    "read_uncommitted",
    "reverse_unordered_selects",
    "schema_version",
    "trusted_schema",
    "user_version",
    "writable_schema",
];

/// Pragmas that change no answer whatever they are given.
const HARMLESS: &[&str] = &[
    "analysis_limit",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "freelist_count",
    "fullfsync",
    "function_list",
    "hard_heap_limit",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "journal_mode",
    "journal_size_limit",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "module_list",
    "optimize",
    "page_count",
    "page_size",
    "pragma_list",
    "query_only",
    "quick_check",
    "recursive_triggers",
    "secure_delete",
    "shrink_memory",
    "soft_heap_limit",
    "synchronous",
    "table_info",
    "table_list",
    "table_xinfo",
    "temp_store",
    "threads",
    "wal_autocheckpoint",
    "wal_checkpoint",
];
