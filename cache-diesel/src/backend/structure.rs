//! Asks a database for what its structure does to rows by itself: it is compared with what models declare.

use diesel::result::QueryResult;

use crate::backend::declared::Row;
use crate::backend::line::Line;
use crate::catalogue::FactRow;

async fn rows<C: Line>(conn: &mut C::Conn, sql: &str) -> QueryResult<Vec<FactRow>>
where
    Row: diesel::deserialize::QueryableByName<C::Backend>,
{
    let rows: Vec<Row> = C::rows(conn, sql.to_owned()).await?;
    Ok(rows.into_iter().map(FactRow::from).collect())
}

#[cfg(feature = "mysql")]
pub(super) mod mysql {
    use diesel::mysql::Mysql;

    use super::{FactRow, Line, QueryResult, rows};

    const SQL: [&str; 8] = [
        "SELECT 'cascade' AS kind, LOWER(TABLE_NAME) AS name, CONCAT(CONSTRAINT_NAME, CHAR(10 USING utf8mb4), \
         LOWER(REFERENCED_TABLE_NAME), CHAR(10 USING utf8mb4), DELETE_RULE) AS said \
         FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() \
         AND (DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR UPDATE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))",
        "SELECT 'trigger' AS kind, LOWER(EVENT_OBJECT_TABLE) AS name, CONCAT(TRIGGER_NAME, CHAR(10 USING utf8mb4), \
         ACTION_STATEMENT) AS said FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
        "SELECT 'shows' AS kind, LOWER(TABLE_NAME) AS name, CONCAT('CREATE VIEW v AS ', VIEW_DEFINITION) AS said \
         FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()",
        "SELECT 'computed' AS kind, LOWER(TABLE_NAME) AS name, LOWER(COLUMN_NAME) AS said \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND GENERATION_EXPRESSION <> ''",
        "SELECT 'engine' AS kind, LOWER(t.TABLE_NAME) AS name, t.ENGINE AS said FROM information_schema.TABLES t \
         JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = DATABASE() \
         AND t.TABLE_TYPE = 'BASE TABLE' AND COALESCE(e.TRANSACTIONS, '') <> 'YES'",
        "SELECT 'collated' AS kind, LOWER(TABLE_NAME) AS name, CONCAT(LOWER(COLUMN_NAME), CHAR(10 USING utf8mb4), \
         COLUMN_TYPE, ' COLLATE ', COLLATION_NAME) AS said FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = DATABASE() AND COLLATION_NAME IS NOT NULL \
         AND COLLATION_NAME NOT IN ('binary', 'utf8mb4_0900_bin', 'utf8mb4_nopad_bin')",
        "SELECT 'unseen' AS kind, LOWER(TABLE_NAME) AS name, 'SHOW VIEW' AS said FROM information_schema.VIEWS \
         WHERE TABLE_SCHEMA = DATABASE() AND COALESCE(VIEW_DEFINITION, '') = ''",
        UNSEEN_TRIGGERS,
    ];

    /// A user is shown the triggers of those tables alone on which he may make some. What the catalogue tells of privileges
    /// are the user's own; a user who is shown those of others may do anything.
    const UNSEEN_TRIGGERS: &str = "SELECT 'unseen' AS kind, '' AS name, 'TRIGGER' AS said FROM information_schema.TABLES t \
         WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' \
         AND NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER') \
         AND NOT EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES \
             WHERE PRIVILEGE_TYPE = 'TRIGGER' AND DATABASE() LIKE TABLE_SCHEMA) \
         AND NOT EXISTS (SELECT 1 FROM information_schema.TABLE_PRIVILEGES p WHERE p.PRIVILEGE_TYPE = 'TRIGGER' \
             AND p.TABLE_SCHEMA = t.TABLE_SCHEMA AND p.TABLE_NAME = t.TABLE_NAME) LIMIT 1";

    pub(in crate::backend) async fn ask<C: Line<Backend = Mysql>>(conn: &mut C::Conn) -> QueryResult<Vec<FactRow>> {
        let mut all = Vec::new();
        for sql in SQL {
            all.extend(rows::<C>(conn, sql).await?);
        }
        Ok(all)
    }
}

#[cfg(feature = "sqlite")]
pub(super) mod sqlite {
    use diesel::sqlite::Sqlite;

    use super::{FactRow, Line, QueryResult, rows};

    const SQL: &str = "
        SELECT DISTINCT 'cascade' AS kind, lower(t.name) AS name,
            f.\"from\" || char(10) || lower(f.\"table\") || char(10) || f.on_delete AS said
        FROM sqlite_master t, pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table' AND (f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')
            OR f.on_update IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))
        UNION ALL
        SELECT 'trigger', lower(tbl_name), name || char(10) || sql FROM sqlite_master WHERE type = 'trigger'
        UNION ALL
        SELECT 'virtual', lower(name), sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'create virtual%'
        UNION ALL
        SELECT 'computed', lower(t.name), lower(c.name) FROM sqlite_master t, pragma_table_xinfo(t.name) c
        WHERE t.type = 'table' AND c.hidden IN (2, 3)
        UNION ALL
        SELECT DISTINCT 'collated', lower(t.name), lower(c.name) || char(10) || x.type || ' COLLATE ' || c.coll
        FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) c, pragma_table_xinfo(t.name) x
        WHERE t.type = 'table' AND c.key AND c.name = x.name AND upper(c.coll) <> 'BINARY'";

    pub(in crate::backend) async fn ask<C: Line<Backend = Sqlite>>(conn: &mut C::Conn) -> QueryResult<Vec<FactRow>> {
        rows::<C>(conn, SQL).await
    }
}

#[cfg(feature = "postgres")]
pub(super) mod postgres {
    use diesel::pg::Pg;

    use super::{FactRow, Line, QueryResult, rows};

    /// Triggers of the server's own functions, and those of extensions, write no table of a program's. A foreign key to a
    /// table with parts is repeated for each part, and a trigger of it too.
    const SQL: &str = "
        SELECT 'cascade' AS kind, lower(c.relname::text) AS name,
            concat(f.conname::text, chr(10), lower(p.relname::text), chr(10),
                CASE f.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE '' END) AS said
        FROM pg_catalog.pg_constraint f
        JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_class p ON p.oid = f.confrelid
        WHERE f.contype = 'f' AND (f.confdeltype IN ('c', 'd', 'n') OR f.confupdtype IN ('c', 'd', 'n'))
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint whole
                WHERE whole.oid::text = to_jsonb(f) ->> 'conparentid' AND whole.conrelid = f.conrelid)
        UNION ALL
        SELECT CASE WHEN l.lanname NOT IN ('plpgsql', 'sql') THEN 'trigger opaque'
                WHEN coalesce(to_jsonb(t) ->> 'tgparentid', '0') <> '0' THEN 'trigger of whole' ELSE 'trigger' END,
            lower(c.relname::text), concat(t.tgname::text, chr(10), f.prosrc)
        FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid JOIN pg_catalog.pg_language l ON l.oid = f.prolang
        WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND f.oid >= 16384 AND NOT EXISTS (
            SELECT 1 FROM pg_catalog.pg_depend
            WHERE classid = 'pg_catalog.pg_proc'::regclass AND deptype = 'e' AND objid = f.oid)
        UNION ALL
        SELECT 'trigger', lower(c.relname::text), concat(r.rulename::text, chr(10), pg_catalog.pg_get_ruledef(r.oid))
        FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE r.ev_type IN ('2', '3', '4') AND r.ev_enabled <> 'D'
            AND n.nspname NOT IN ('information_schema', 'pg_catalog')
        UNION ALL
        SELECT 'computed', lower(c.relname::text), lower(a.attname::text) FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        WHERE a.attnum > 0 AND coalesce(to_jsonb(a) ->> 'attgenerated', '') <> ''
        UNION ALL
        SELECT 'foreign', lower(relname::text), '' FROM pg_catalog.pg_class WHERE relkind = 'f'";

    pub(in crate::backend) async fn ask<C: Line<Backend = Pg>>(conn: &mut C::Conn) -> QueryResult<Vec<FactRow>> {
        rows::<C>(conn, SQL).await
    }
}
