//! Asks a database what it declares by itself.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use crate::catalogue::{AskedColumn, FactRow};

/// A row of the answer, of whatever backend.
#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    said: String,
}

impl From<Row> for FactRow {
    fn from(Row { kind, name, said }: Row) -> Self {
        Self { kind, name, said }
    }
}

#[cfg(feature = "mysql")]
pub(super) mod mysql {
    use std::collections::HashSet;

    use diesel::mysql::Mysql;
    use diesel::result::QueryResult;

    use super::{AskedColumn, FactRow, Row};
    use crate::backend::line::Line;
    use crate::catalogue::pairs_of;
    use crate::scan::{self, Dialect};

    /// Functions that a server brings along win against such as are stored under their names; what it lacks may be stored.
    const SQL: &str = "SELECT 'own' AS kind, LOWER(ROUTINE_NAME) AS name, '' AS said FROM information_schema.ROUTINES \
                       WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA = DATABASE()";

    /// What collations that end with `_bin` compare as well are trailing spaces: only these two mind them. Letters of another
    /// character set may be equal once they are converted.
    fn bytes(pairs: &str) -> String {
        format!(
            "SELECT 'bytes' AS kind, LOWER(TABLE_NAME) AS name, COLUMN_NAME AS said FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND (LOWER(TABLE_NAME), COLUMN_NAME) IN ({pairs}) \
             GROUP BY LOWER(TABLE_NAME), COLUMN_NAME \
             HAVING MIN(DATA_TYPE = 'varbinary' \
                 OR DATA_TYPE IN ('longtext', 'mediumtext', 'text', 'tinytext', 'varchar') \
                 AND COLLATION_NAME IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin')) = 1"
        )
    }

    fn declared(pairs: &str) -> String {
        format!(
            "SELECT 'column' AS kind, LOWER(TABLE_NAME) AS name, CONCAT(COLUMN_NAME, CHAR(10 USING utf8mb4), \
             COLUMN_TYPE, IFNULL(CONCAT(' COLLATE ', COLLATION_NAME), '')) AS said FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND (LOWER(TABLE_NAME), COLUMN_NAME) IN ({pairs})"
        )
    }

    pub(in crate::backend) async fn ask<C: Line<Backend = Mysql>>(
        conn: &mut C::Conn,
        columns: &[AskedColumn],
    ) -> QueryResult<Vec<FactRow>> {
        let listed: HashSet<&str> = scan::listed(Dialect::Mysql).collect();
        let mut rows: Vec<Row> = C::rows(conn, SQL.to_owned()).await?;
        rows.retain(|row| listed.contains(row.name.as_str()));
        if let Some(pairs) = pairs_of(columns) {
            rows.extend(C::rows::<Row>(conn, bytes(&pairs)).await?);
        }
        if let Some(pairs) = pairs_of(columns.iter().filter(|asked| asked.is_stated)) {
            rows.extend(C::rows::<Row>(conn, declared(&pairs)).await?);
        }
        Ok(rows.into_iter().map(FactRow::from).collect())
    }
}

#[cfg(feature = "sqlite")]
pub(super) mod sqlite {
    use diesel::result::QueryResult;
    use diesel::sqlite::Sqlite;

    use super::{AskedColumn, FactRow, Row};
    use crate::backend::line::Line;
    use crate::catalogue::{listed_functions, pairs_of};
    use crate::scan::Dialect;

    const DEFINITIONS: &str = "SELECT 'definition' AS kind, lower(name) AS name, sql AS said FROM sqlite_master \
                               WHERE sql IS NOT NULL AND (type = 'view' OR sql LIKE 'create virtual%') \
                               UNION ALL SELECT DISTINCT 'later', lower(tbl_name), '' FROM sqlite_master \
                               WHERE type = 'trigger'";

    /// Tables with a column besides the key that others refer to, and follow when it changes: they may write back. Where the
    /// database cannot be asked, every table counts that is referred to so.
    const FOLLOWED: [&str; 2] = [
        "SELECT DISTINCT 'later' AS kind, lower(f.\"table\") AS name, '' AS said \
         FROM sqlite_master t, pragma_foreign_key_list(t.name) f \
         WHERE t.type = 'table' AND f.on_update IN ('CASCADE', 'SET DEFAULT', 'SET NULL') AND f.\"to\" IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM pragma_table_info(f.\"table\") c WHERE c.pk > 0 AND lower(c.name) = lower(f.\"to\"))",
        "SELECT 'later' AS kind, lower(p.name) AS name, '' AS said FROM sqlite_master p WHERE p.type = 'table' \
         AND EXISTS (SELECT 1 FROM sqlite_master WHERE sql LIKE '%references%' AND sql LIKE '%update%')",
    ];

    /// What the program registered itself. Old builds count what they have of JSON as that, and some cannot be asked.
    fn functions() -> String {
        let listed = listed_functions(Dialect::Sqlite);
        format!(
            "SELECT DISTINCT 'own' AS kind, lower(name) AS name, '' AS said FROM pragma_function_list \
             WHERE builtin = 0 AND lower(name) NOT LIKE 'json%' AND lower(name) IN ({listed})"
        )
    }

    /// Columns that keep nothing but text and bytes, in tables whose text names no collation but the one that compares
    /// bytes. `LIKE` goes by a setting.
    fn bytes(pairs: &str) -> String {
        let sql = WORD_ENDS.iter().fold("lower(t.sql)".to_owned(), |sql, end| {
            format!("replace({sql}, 'collate binary' || char({end}), char({end}))")
        });
        format!(
            "SELECT 'bytes' AS kind, lower(t.name) AS name, c.name AS said \
             FROM sqlite_master t, pragma_table_xinfo(t.name) c \
             WHERE t.type = 'table' AND instr(lower(t.sql), 'create table') = 1 AND instr({sql}, 'collate') = 0 \
             AND (instr(lower(c.type), 'char') OR instr(lower(c.type), 'clob') OR instr(lower(c.type), 'text')) \
             AND NOT instr(lower(c.type), 'int') AND (lower(t.name), c.name) IN (VALUES {pairs})"
        )
    }

    /// What may stand behind the name of a collation: a tab, a line's end, a blank, a bracket, a comma.
    const WORD_ENDS: [u8; 6] = [9, 10, 13, 32, 41, 44];

    fn declared(pairs: &str) -> String {
        format!(
            "SELECT 'column' AS kind, lower(t.name) AS name, c.name || char(10) || CASE WHEN t.type = 'view' \
             THEN 'a column of a view' WHEN instr(lower(t.sql), 'collate') \
             THEN c.type || ', and the definition of the table says COLLATE' ELSE 'the type ' || c.type END AS said \
             FROM sqlite_master t, pragma_table_xinfo(t.name) c \
             WHERE t.type IN ('table', 'view') AND (lower(t.name), c.name) IN (VALUES {pairs})"
        )
    }

    pub(in crate::backend) async fn ask<C: Line<Backend = Sqlite>>(
        conn: &mut C::Conn,
        columns: &[AskedColumn],
    ) -> QueryResult<Vec<FactRow>> {
        let bytes = pairs_of(columns).map(|pairs| bytes(&pairs));
        let declared = pairs_of(columns.iter().filter(|asked| asked.is_stated)).map(|pairs| declared(&pairs));
        let parts: Vec<String> = [Some(DEFINITIONS.to_owned()), bytes, declared].into_iter().flatten().collect();
        let definitions = parts.join(" UNION ALL ");
        let mut rows: Vec<Row> = match C::rows(conn, format!("{definitions} UNION ALL {}", functions())).await {
            Ok(rows) => rows,
            Err(_) => C::rows(conn, definitions).await?,
        };
        rows.extend(match C::rows::<Row>(conn, FOLLOWED[0].to_owned()).await {
            Ok(rows) => rows,
            Err(_) => C::rows(conn, FOLLOWED[1].to_owned()).await?,
        });
        Ok(rows.into_iter().map(FactRow::from).collect())
    }
}

#[cfg(feature = "postgres")]
pub(super) mod postgres {
    use diesel::pg::Pg;
    use diesel::result::QueryResult;

    use super::{AskedColumn, FactRow, Row};
    use crate::backend::line::Line;
    use crate::catalogue::{listed_functions, pairs_of};
    use crate::scan::Dialect;

    /// One statement for all of it. Triggers before a row is written have done their work when it is given back, unless
    /// others wait for the commit; rules and triggers after it have not, nor has what follows a column besides the key. What
    /// extensions bring along is taken for what it is called; what comes with the server has no dependencies written down.
    const SQL: &str = "
        WITH extended AS (
            SELECT objid FROM pg_catalog.pg_depend
            WHERE classid = 'pg_catalog.pg_proc'::regclass AND deptype = 'e'
        ), policy AS (
            SELECT p.oid, c.oid AS relid, lower(c.relname::text) AS name, pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS rule
            FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
            WHERE c.relrowsecurity AND p.polcmd IN ('r', '*') AND p.polqual IS NOT NULL
        ), shown AS (
            SELECT r.oid, c.oid AS relid, lower(c.relname::text) AS name
            FROM pg_catalog.pg_rewrite r
            JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE r.ev_type = '1' AND n.nspname NOT IN ('information_schema', 'pg_catalog')
        ), source AS (
            SELECT 'pg_catalog.pg_policy'::regclass AS classid, oid, name, 'guard' AS reads, 'calls' AS calls, 0::oid AS itself
            FROM policy
            UNION ALL
            SELECT 'pg_catalog.pg_rewrite'::regclass, oid, name, 'view', 'view calls', relid FROM shown
            UNION ALL
            SELECT 'pg_catalog.pg_proc'::regclass, f.oid, f.oid::text, 'function reads', 'function calls', 0::oid
            FROM pg_catalog.pg_proc f WHERE f.oid >= 16384 AND f.oid NOT IN (SELECT objid FROM extended)
        ), used AS (
            SELECT DISTINCT s.name, s.reads, s.calls, d.refclassid, d.refobjid
            FROM source s JOIN pg_catalog.pg_depend d ON d.classid = s.classid AND d.objid = s.oid
            WHERE d.refobjid <> s.itself
        ), called AS (
            SELECT u.name, u.calls, f.oid FROM used u JOIN pg_catalog.pg_proc f ON f.oid = u.refobjid
            WHERE u.refclassid = 'pg_catalog.pg_proc'::regclass
            UNION
            SELECT u.name, u.calls, o.oprcode::oid FROM used u JOIN pg_catalog.pg_operator o ON o.oid = u.refobjid
            WHERE u.refclassid = 'pg_catalog.pg_operator'::regclass
        )
        SELECT u.reads AS kind, u.name AS name, lower(c.relname::text) AS said
        FROM used u JOIN pg_catalog.pg_class c ON c.oid = u.refobjid AND c.relkind IN ('f', 'm', 'p', 'r', 'v')
        WHERE u.refclassid = 'pg_catalog.pg_class'::regclass
        UNION ALL
        SELECT calls, name, oid::text FROM called WHERE oid NOT IN (SELECT objid FROM extended)
        UNION ALL
        SELECT DISTINCT CASE
                WHEN f.provolatile = 'i' OR l.lanname = 'internal' THEN 'function trusted'
                WHEN l.lanname <> 'sql' THEN 'function opaque'
                WHEN f.prosrc = '' THEN 'function known'
                ELSE 'function sql'
            END, f.oid::text, CASE WHEN l.lanname = 'sql' THEN f.prosrc ELSE '' END
        FROM called u JOIN pg_catalog.pg_proc f ON f.oid = u.oid JOIN pg_catalog.pg_language l ON l.oid = f.prolang
        UNION ALL
        SELECT 'guarded', lower(relname::text), '' FROM pg_catalog.pg_class
        WHERE relrowsecurity AND pg_catalog.row_security_active(oid)
        UNION ALL
        SELECT 'rule', name, rule FROM policy
        UNION ALL
        SELECT 'part', lower(c.relname::text), lower(p.relname::text) FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind IN ('f', 'p', 'r')
        JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
        UNION ALL
        SELECT 'later', lower(c.relname::text), '' FROM pg_catalog.pg_class c
        WHERE EXISTS (
                SELECT 1 FROM pg_catalog.pg_trigger t
                WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 > 0
                    AND (t.tgtype & 2 = 0 OR EXISTS (SELECT 1 FROM pg_catalog.pg_trigger WHERE tgdeferrable AND NOT tgisinternal))
            ) OR EXISTS (
                SELECT 1 FROM pg_catalog.pg_rewrite r
                WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3') AND r.ev_enabled <> 'D'
            ) OR EXISTS (
                SELECT 1 FROM pg_catalog.pg_constraint f
                WHERE f.confrelid = c.oid AND f.contype = 'f' AND f.confupdtype IN ('c', 'd', 'n')
                    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indexrelid = f.conindid AND i.indisprimary)
            )
        UNION ALL
        SELECT DISTINCT 'own', f.proname::text, '' FROM pg_catalog.pg_proc f
        JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
        WHERE n.nspname NOT IN ('information_schema', 'pg_catalog') AND f.oid NOT IN (SELECT objid FROM extended)
            AND f.proname IN ";

    /// Labels of an enum, and texts that are neither padded nor compared by a collation that takes others for equal, also
    /// as a domain. Old servers have no such collations, and no column that says so. Foreign tables compare elsewhere.
    const BYTES: &str = "
        UNION ALL
        SELECT 'bytes', lower(c.relname::text), a.attname::text";
    const DECLARED: &str = "
        UNION ALL
        SELECT DISTINCT 'column', lower(c.relname::text), concat(a.attname::text, chr(10),
            pg_catalog.format_type(a.atttypid, a.atttypmod), ' COLLATE \"' || l.collname::text || '\"',
            CASE WHEN (to_jsonb(l) ->> 'collisdeterministic')::boolean THEN '' ELSE ', nondeterministic' END)";
    const COLUMNS: &str = "
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('f', 'm', 'p', 'r', 'v')
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
        WHERE NOT a.attisdropped AND n.nspname NOT IN ('information_schema', 'pg_catalog')
            AND (lower(c.relname::text), a.attname::text) IN";
    const ALL_BYTES: &str = "
        GROUP BY 2, 3
        HAVING bool_and(c.relkind <> 'f' AND (t.typtype = 'e' OR (t.oid IN (25, 1043) OR t.typbasetype IN (25, 1043))
            AND coalesce((to_jsonb(l) ->> 'collisdeterministic')::boolean, l.oid IS NOT NULL)))";

    pub(in crate::backend) async fn ask<C: Line<Backend = Pg>>(
        conn: &mut C::Conn,
        columns: &[AskedColumn],
    ) -> QueryResult<Vec<FactRow>> {
        let listed = listed_functions(Dialect::Postgres);
        let bytes = pairs_of(columns).map(|pairs| format!("{BYTES}{COLUMNS} (VALUES {pairs}) {ALL_BYTES}"));
        let declared = pairs_of(columns.iter().filter(|asked| asked.is_stated));
        let declared = declared.map(|pairs| format!("{DECLARED}{COLUMNS} (VALUES {pairs})"));
        let columns = [bytes, declared].into_iter().flatten().collect::<String>();
        let rows: Vec<Row> = C::rows(conn, format!("{SQL} ({listed}) {columns}")).await?;
        Ok(rows.into_iter().map(FactRow::from).collect())
    }
}
