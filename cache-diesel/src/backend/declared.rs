//! Asks a database what it declares by itself.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use crate::catalogue::Told;

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

impl From<Row> for Told {
    fn from(Row { kind, name, said }: Row) -> Self {
        Self { kind, name, said }
    }
}

#[cfg(feature = "mysql")]
pub(super) mod mysql {
    use std::collections::HashSet;

    use diesel::connection::LoadConnection;
    use diesel::mysql::Mysql;
    use diesel::result::QueryResult;
    use diesel::{RunQueryDsl, sql_query};

    use super::{Row, Told};
    use crate::scan::{self, Dialect};

    /// Functions that a server brings along win against such as are stored under their names; what it lacks may be stored.
    const SQL: &str = "SELECT 'own' AS kind, LOWER(ROUTINE_NAME) AS name, '' AS said FROM information_schema.ROUTINES \
                       WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA = DATABASE()";

    pub(in crate::backend) fn ask<C: LoadConnection<Backend = Mysql>>(conn: &mut C) -> QueryResult<Vec<Told>> {
        let listed: HashSet<&str> = scan::listed(Dialect::Mysql).collect();
        let rows: Vec<Row> = sql_query(SQL).load(conn)?;
        Ok(rows.into_iter().filter(|row| listed.contains(row.name.as_str())).map(Told::from).collect())
    }
}

#[cfg(feature = "sqlite")]
pub(super) mod sqlite {
    use diesel::connection::LoadConnection;
    use diesel::result::QueryResult;
    use diesel::sqlite::Sqlite;
    use diesel::{RunQueryDsl, sql_query};

    use super::{Row, Told};
    use crate::catalogue::listed_functions;
    use crate::scan::Dialect;

    const DEFINITIONS: &str = "SELECT 'definition' AS kind, lower(name) AS name, sql AS said FROM sqlite_master \
                               WHERE sql IS NOT NULL AND (type = 'view' OR sql LIKE 'create virtual%')";

    /// What the program registered itself. Old builds count what they have of JSON as that, and some cannot be asked.
    fn functions() -> String {
        let listed = listed_functions(Dialect::Sqlite);
        format!(
            "SELECT DISTINCT 'own' AS kind, lower(name) AS name, '' AS said FROM pragma_function_list \
             WHERE builtin = 0 AND lower(name) NOT LIKE 'json%' AND lower(name) IN ({listed})"
        )
    }

    pub(in crate::backend) fn ask<C: LoadConnection<Backend = Sqlite>>(conn: &mut C) -> QueryResult<Vec<Told>> {
        let whole: QueryResult<Vec<Row>> = sql_query(format!("{DEFINITIONS} UNION ALL {}", functions())).load(conn);
        let rows = whole.or_else(|_| sql_query(DEFINITIONS).load(conn))?;
        Ok(rows.into_iter().map(Told::from).collect())
    }
}

#[cfg(feature = "postgres")]
pub(super) mod postgres {
    use diesel::connection::LoadConnection;
    use diesel::pg::Pg;
    use diesel::result::QueryResult;
    use diesel::{RunQueryDsl, sql_query};

    use super::{Row, Told};
    use crate::catalogue::listed_functions;
    use crate::scan::Dialect;

    /// One statement for all of it. What extensions bring along is taken for what it is called; what comes with the server
    /// has no dependencies written down.
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
        SELECT DISTINCT 'own', f.proname::text, '' FROM pg_catalog.pg_proc f
        JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
        WHERE n.nspname NOT IN ('information_schema', 'pg_catalog') AND f.oid NOT IN (SELECT objid FROM extended)
            AND f.proname IN ";

    pub(in crate::backend) fn ask<C: LoadConnection<Backend = Pg>>(conn: &mut C) -> QueryResult<Vec<Told>> {
        let listed = listed_functions(Dialect::Postgres);
        let rows: Vec<Row> = sql_query(format!("{SQL} ({listed})")).load(conn)?;
        Ok(rows.into_iter().map(Told::from).collect())
    }
}
