//! Lists the functions that are known, and what they do.
//!
//! The lists are sorted, for they are searched. A function is deterministic if its answer depends on its
//! arguments, and on nothing that a harmless session lets differ; it is harmless if nothing that a cached
//! read could see changes by it. One that is in no list of its dialect may do anything: an application
//! may have given it a body. Names that an application may well have taken are in lists of their own: a database has to
//! be asked for them before its answers are cached.

/// Keywords: what follows is no list of arguments.
#[rustfmt::skip]
pub(super) const KEYWORDS: &[&str] = &[
    "all", "and", "any", "array", "as", "asymmetric", "between", "by", "case", "columns",
    "conflict", "cube", "distinct", "else", "escape", "except", "exists", "filter", "for", "from",
    "group", "having", "ilike", "in", "insert", "intersect", "interval", "into", "is", "join",
    "lateral", "like", "limit", "materialized", "not", "offset", "on", "only", "operator", "or",
    "over", "partition", "returning", "rollup", "row", "select", "set", "sets", "similar", "some",
    "symmetric", "then", "to", "union", "using", "values", "when", "where", "with",
];

/// Keywords of MySQL, which may be functions elsewhere.
#[rustfmt::skip]
pub(super) const MYSQL_KEYWORDS: &[&str] = &[
    "against", "binary", "div", "index", "key", "match", "mod", "regexp", "rlike", "straight_join",
    "value", "xor",
];

/// Functions that change the session.
#[rustfmt::skip]
pub(super) const SESSION: &[&str] = &[
    "set_config", "set_curcfg", "set_limit",
];

/// Deterministic functions of all dialects, and types that take a length.
#[rustfmt::skip]
pub(super) const DETERMINISTIC: &[&str] = &[
    "abs", "acos", "asin", "atan", "atan2", "avg", "bit", "cast", "ceil", "ceiling", "char",
    "character", "coalesce", "concat", "concat_ws", "cos", "count", "cume_dist", "dec", "decimal",
    "degrees", "dense_rank", "exp", "first_value", "float", "floor", "json_array", "json_object",
    "lag", "last_value", "lead", "length", "ln", "log", "log10", "lower", "ltrim", "max", "min",
    "nchar", "nth_value", "ntile", "nullif", "numeric", "nvarchar", "octet_length", "percent_rank",
    "pi", "power", "radians", "replace", "round", "row_number", "rtrim", "sin", "sqrt", "substr",
    "substring", "sum", "tan", "trim", "upper", "varbinary", "varchar", "varying",
];

/// Deterministic functions of MySQL and MariaDB.
#[rustfmt::skip]
pub(super) const MYSQL_DETERMINISTIC: &[&str] = &[
    "ascii", "bin", "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor", "char_length",
    "character_length", "conv", "convert", "cot", "crc32", "date_add", "date_format", "date_sub",
    "datediff", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "elt", "export_set",
    "extract", "field", "find_in_set", "format", "from_base64", "from_days", "greatest",
    "group_concat", "hex", "hour", "if", "ifnull", "instr", "integer", "isnull",
    "json_array_append", "json_array_insert", "json_contains", "json_contains_path", "json_depth",
    "json_extract", "json_insert", "json_keys", "json_length", "json_merge_patch",
    "json_merge_preserve", "json_quote", "json_remove", "json_replace", "json_search", "json_set",
    "json_type", "json_unquote", "json_valid", "last_day", "lcase", "least", "left", "locate",
    "log2", "lpad", "make_set", "makedate", "md5", "microsecond", "mid", "minute", "month",
    "monthname", "oct", "ord", "period_add", "period_diff", "position", "pow", "quarter", "quote",
    "repeat", "reverse", "right", "rpad", "second", "sha", "sha1", "sha2", "sign", "signed",
    "soundex", "space", "st_area", "st_asgeojson", "st_astext", "st_buffer", "st_centroid",
    "st_contains", "st_distance", "st_geomfromtext", "st_intersects", "st_length", "st_within",
    "st_x", "st_y", "std", "stddev", "stddev_pop", "stddev_samp", "str_to_date", "strcmp",
    "substring_index", "timestampadd", "timestampdiff", "to_base64", "to_days", "truncate", "ucase",
    "unhex", "unsigned", "var_pop", "var_samp", "variance", "week", "weekday", "weekofyear",
    "weight_string", "year", "yearweek",
];

/// Deterministic functions of PostgreSQL.
#[rustfmt::skip]
pub(super) const POSTGRES_DETERMINISTIC: &[&str] = &[
    "acosd", "acosh", "array_agg", "array_append", "array_cat", "array_dims", "array_fill",
    "array_length", "array_lower", "array_ndims", "array_position", "array_positions",
    "array_prepend", "array_remove", "array_replace", "array_to_json", "array_to_string",
    "array_to_tsvector", "array_upper", "ascii", "asind", "asinh", "atan2d", "atand", "atanh",
    "bit_and", "bit_length", "bit_or", "bit_xor", "bool_and", "bool_or", "btrim", "cardinality",
    "cbrt", "char_length", "character_length", "chr", "convert_from", "convert_to", "corr", "cosd",
    "cosh", "cot", "cotd", "covar_pop", "covar_samp", "date", "date_part", "date_trunc",
    "daterange", "decode", "encode", "extract", "get_bit", "get_byte", "greatest", "grouping",
    "initcap", "int4range", "int8range", "json_agg", "json_array_elements",
    "json_array_elements_text", "json_array_length", "json_arrayagg", "json_build_array",
    "json_build_object", "json_each", "json_each_text", "json_exists", "json_extract_path",
    "json_extract_path_text", "json_object_agg", "json_object_keys", "json_objectagg",
    "json_populate_record", "json_populate_recordset", "json_query", "json_scalar",
    "json_serialize", "json_strip_nulls", "json_to_record", "json_to_recordset", "json_typeof",
    "json_value", "jsonb_agg", "jsonb_array_elements", "jsonb_array_elements_text",
    "jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_concat",
    "jsonb_contained", "jsonb_contains", "jsonb_each", "jsonb_each_text", "jsonb_exists",
    "jsonb_exists_all", "jsonb_exists_any", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_insert", "jsonb_object", "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists",
    "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first",
    "jsonb_populate_record", "jsonb_populate_recordset", "jsonb_pretty", "jsonb_set",
    "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof",
    "justify_days", "justify_hours", "justify_interval", "least", "left", "lower_inc", "lower_inf",
    "lpad", "make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "md5",
    "num_nonnulls", "num_nulls", "numrange", "overlay", "parse_ident", "percentile_cont",
    "percentile_disc", "phraseto_tsquery", "plainto_tsquery", "position", "quote_ident",
    "quote_literal", "quote_nullable", "range_agg", "range_intersect_agg", "regexp_match",
    "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table",
    "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "repeat",
    "reverse", "right", "row_to_json", "rpad", "set_bit", "set_byte", "setweight", "sha224",
    "sha256", "sha384", "sha512", "sind", "sinh", "split_part", "stddev", "stddev_pop",
    "stddev_samp", "string_agg", "string_to_array", "strpos", "tand", "tanh", "to_char", "to_date",
    "to_hex", "to_json", "to_jsonb", "to_number", "to_timestamp", "to_tsquery", "to_tsvector",
    "translate", "trunc", "ts_headline", "ts_rank", "ts_rank_cd", "tsrange", "tstzrange", "unnest",
    "upper_inc", "upper_inf", "var_pop", "var_samp", "variance", "websearch_to_tsquery", "xmlagg",
    "xmlconcat", "xmlelement", "xmlforest",
];

/// Deterministic functions of SQLite.
#[rustfmt::skip]
pub(super) const SQLITE_DETERMINISTIC: &[&str] = &[
    "glob", "group_concat", "hex", "ifnull", "iif", "instr", "json", "json_array_length",
    "json_extract", "json_group_array", "json_group_object", "json_insert", "json_patch",
    "json_quote", "json_remove", "json_replace", "json_set", "json_type", "json_valid", "jsonb",
    "jsonb_array", "jsonb_extract", "jsonb_group_array", "jsonb_group_object", "jsonb_insert",
    "jsonb_object", "jsonb_patch", "jsonb_remove", "jsonb_replace", "jsonb_set", "likelihood",
    "likely", "printf", "quote", "total", "typeof", "unicode", "unlikely", "zeroblob",
];

/// Deterministic functions that not every MySQL and MariaDB has, so that a database may have its own of the name.
#[rustfmt::skip]
pub(super) const MYSQL_TAKEN: &[&str] = &[
    "chr", "grouping", "json_arrayagg", "json_compact", "json_exists", "json_objectagg",
    "json_overlaps", "json_pretty", "json_query", "json_schema_valid", "json_value", "nvl", "nvl2",
    "rank", "regexp_instr", "regexp_like", "regexp_replace", "regexp_substr", "st_distance_sphere",
    "st_srid", "to_char", "to_number", "translate",
];

/// Deterministic functions of PostgreSQL whose names are easily taken, those that not every release has, and those of
/// its usual extensions.
#[rustfmt::skip]
pub(super) const POSTGRES_TAKEN: &[&str] = &[
    "abbrev", "array_reverse", "array_sort", "bit_count", "broadcast", "crc32", "crc32c", "div",
    "dmetaphone", "every", "factorial", "family", "format", "gcd", "host", "hostmask", "inet_merge",
    "inet_same_family", "isempty", "isfinite", "lcm", "levenshtein", "masklen", "metaphone",
    "min_scale", "mod", "mode", "netmask", "network", "numnode", "range_merge", "rank",
    "regexp_count", "regexp_instr", "regexp_like", "regexp_substr", "scale", "set_masklen", "sign",
    "similarity", "soundex", "st_area", "st_asgeojson", "st_astext", "st_buffer", "st_centroid",
    "st_contains", "st_distance", "st_dwithin", "st_geomfromtext", "st_intersects", "st_length",
    "st_makeenvelope", "st_makepoint", "st_point", "st_setsrid", "st_within", "st_x", "st_y",
    "starts_with", "string_to_table", "strip", "trim_array", "trim_scale", "unaccent", "unistr",
    "width_bucket", "word_similarity",
];

/// Deterministic functions that not every build of SQLite has, or whose names are easily taken.
#[rustfmt::skip]
pub(super) const SQLITE_TAKEN: &[&str] = &[
    "acosh", "asinh", "atanh", "cosh", "format", "if", "json_error_position", "json_pretty", "log2",
    "median", "mod", "percentile", "percentile_cont", "percentile_disc", "pow", "rank", "sign",
    "sinh", "soundex", "string_agg", "tanh", "trunc", "unhex", "unistr", "unistr_quote",
];

/// Functions of MySQL and MariaDB that depend on the time, the session or the server.
#[rustfmt::skip]
pub(super) const MYSQL_HARMLESS: &[&str] = &[
    "adddate", "addtime", "aes_decrypt", "aes_encrypt", "any_value", "benchmark", "bin_to_uuid",
    "compress", "connection_id", "convert_tz", "curdate", "current_date", "current_role",
    "current_time", "current_timestamp", "current_user", "curtime", "database", "date", "datetime",
    "default", "found_rows", "from_unixtime", "get_format", "get_lock", "inet6_aton", "inet6_ntoa",
    "inet_aton", "inet_ntoa", "is_free_lock", "is_ipv4", "is_ipv6", "is_used_lock", "is_uuid",
    "json_table", "last_insert_id", "load_file", "localtime", "localtimestamp", "maketime",
    "master_pos_wait", "name_const", "now", "point", "polygon", "rand", "random_bytes",
    "release_all_locks", "release_lock", "row_count", "schema", "sec_to_time", "session_user",
    "sleep", "statement_digest", "statement_digest_text", "subdate", "subtime", "sysdate",
    "system_user", "time", "time_format", "time_to_sec", "timediff", "timestamp", "to_seconds",
    "uncompress", "uncompressed_length", "unix_timestamp", "user", "utc_date", "utc_time",
    "utc_timestamp", "uuid", "uuid_short", "uuid_to_bin", "validate_password_strength", "version",
];

/// Functions of PostgreSQL that depend on who asks, and with which settings.
#[rustfmt::skip]
pub(super) const POSTGRES_PERSONAL: &[&str] = &[
    "current_catalog", "current_database", "current_role", "current_schema", "current_schemas",
    "current_setting", "current_user", "has_any_column_privilege", "has_column_privilege",
    "has_database_privilege", "has_function_privilege", "has_schema_privilege",
    "has_sequence_privilege", "has_table_privilege", "pg_has_role", "session_user",
];

/// Functions of PostgreSQL that depend on the time, the session or the server; sequences are not cached.
#[rustfmt::skip]
pub(super) const POSTGRES_HARMLESS: &[&str] = &[
    "age", "any_value", "array_sample", "array_shuffle", "clock_timestamp", "col_description",
    "crypt", "current_date", "current_query", "current_time", "current_timestamp", "currval",
    "decrypt", "digest", "encrypt", "enum_first", "enum_last", "enum_range", "format_type",
    "gen_random_bytes", "gen_random_uuid", "gen_salt", "generate_series", "generate_subscripts",
    "has_language_privilege", "has_server_privilege", "has_tablespace_privilege",
    "has_type_privilege", "hashtext", "hmac", "inet_client_addr", "inet_client_port",
    "inet_server_addr", "inet_server_port", "json_table", "lastval", "localtime", "localtimestamp",
    "nextval", "normalize", "now", "obj_description", "pg_advisory_lock", "pg_advisory_lock_shared",
    "pg_advisory_unlock", "pg_advisory_unlock_all", "pg_advisory_unlock_shared",
    "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared", "pg_backend_pid", "pg_blocking_pids",
    "pg_cancel_backend", "pg_client_encoding", "pg_collation_for", "pg_column_compression",
    "pg_column_size", "pg_conf_load_time", "pg_current_snapshot", "pg_current_wal_insert_lsn",
    "pg_current_wal_lsn", "pg_current_xact_id", "pg_current_xact_id_if_assigned",
    "pg_database_size", "pg_describe_object", "pg_encoding_to_char", "pg_export_snapshot",
    "pg_filenode_relation", "pg_function_is_visible", "pg_get_constraintdef", "pg_get_expr",
    "pg_get_function_arguments", "pg_get_function_identity_arguments", "pg_get_function_result",
    "pg_get_functiondef", "pg_get_indexdef", "pg_get_keywords", "pg_get_partkeydef",
    "pg_get_ruledef", "pg_get_serial_sequence", "pg_get_statisticsobjdef", "pg_get_triggerdef",
    "pg_get_userbyid", "pg_get_viewdef", "pg_index_column_has_property", "pg_indexes_size",
    "pg_is_in_recovery", "pg_is_other_temp_schema", "pg_is_wal_replay_paused",
    "pg_last_committed_xact", "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp", "pg_listening_channels", "pg_lock_status", "pg_my_temp_schema",
    "pg_notification_queue_usage", "pg_notify", "pg_opclass_is_visible", "pg_operator_is_visible",
    "pg_options_to_table", "pg_partition_ancestors", "pg_partition_root", "pg_partition_tree",
    "pg_postmaster_start_time", "pg_relation_filenode", "pg_relation_filepath",
    "pg_relation_is_updatable", "pg_relation_size", "pg_safe_snapshot_blocking_pids",
    "pg_sequence_last_value", "pg_sequence_parameters", "pg_size_bytes", "pg_size_pretty",
    "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_snapshot_xmax", "pg_snapshot_xmin",
    "pg_stat_get_activity", "pg_stat_get_dead_tuples", "pg_stat_get_live_tuples",
    "pg_stat_get_numscans", "pg_table_is_visible", "pg_table_size", "pg_tablespace_location",
    "pg_tablespace_size", "pg_terminate_backend", "pg_timezone_names", "pg_total_relation_size",
    "pg_trigger_depth", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared", "pg_type_is_visible",
    "pg_typeof", "pg_visible_in_snapshot", "pg_wal_lsn_diff", "pg_xact_commit_timestamp",
    "pg_xact_status", "point", "random", "random_normal", "setseed", "setval", "shobj_description",
    "statement_timestamp", "text", "time", "timeofday", "timestamp", "to_regclass",
    "to_regnamespace", "to_regoper", "to_regproc", "to_regprocedure", "to_regrole", "to_regtype",
    "transaction_timestamp", "ts_debug", "ts_delete", "ts_filter", "ts_lexize", "ts_parse",
    "ts_token_type", "tsquery_phrase", "tsvector_to_array", "txid_current",
    "txid_current_if_assigned", "txid_current_snapshot", "txid_snapshot_xmax", "txid_snapshot_xmin",
    "txid_status", "txid_visible_in_snapshot", "uuid_extract_timestamp", "uuid_extract_version",
    "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v3", "uuid_generate_v4",
    "uuid_generate_v5", "uuid_nil", "uuidv4", "uuidv7", "version", "xmlcomment", "xmlexists",
    "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable", "xpath", "xpath_exists",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::word::Folded;

    #[test]
    fn lists_can_be_searched() {
        for list in [
            DETERMINISTIC,
            KEYWORDS,
            MYSQL_DETERMINISTIC,
            MYSQL_HARMLESS,
            MYSQL_KEYWORDS,
            MYSQL_TAKEN,
            POSTGRES_DETERMINISTIC,
            POSTGRES_HARMLESS,
            POSTGRES_PERSONAL,
            POSTGRES_TAKEN,
            SESSION,
            SQLITE_DETERMINISTIC,
            SQLITE_TAKEN,
        ] {
            assert!(list.is_sorted_by(|name, next| name < next));
            assert!(list.iter().all(|name| Folded::new(name).as_str() == *name));
        }
    }
}
