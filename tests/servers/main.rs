//! What tests on servers rely on: each has a database of its own, and leaves nothing behind. What the library asks
//! servers for once, it asks here.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod checked;
mod database_store;
mod refused;
mod sessions;

#[cfg(any(feature = "mysql", feature = "postgres"))]
use diesel::{connection::SimpleConnection as _, prelude::*, sql_query, sql_types};

/// It is tested in the package `torture`, which plain `cargo test` does not build.
#[cfg(not(all(feature = "postgres", feature = "redis")))]
#[test]
#[ignore = "a whole package that needs PostgreSQL and Redis: run ./scripts/test"]
fn torture() {}

tests::postgres_tests! {
    fn a_fresh_postgres_database_is_empty_and_then_gone() {
        let database = tests::servers::postgres::fresh_database();
        let url = database.url().to_owned();
        let mut conn = PgConnection::establish(&url).unwrap();
        let tables = sql_query("SELECT count(*) AS count FROM pg_tables WHERE schemaname = current_schema()");
        assert_eq!(tables.clone().get_result::<Count>(&mut conn).unwrap().count, 0);

        conn.batch_execute("CREATE TABLE shelves (id INT PRIMARY KEY); BEGIN; INSERT INTO shelves VALUES (1)").unwrap();
        assert_eq!(tables.get_result::<Count>(&mut conn).unwrap().count, 1);
        drop(database);

        assert!(PgConnection::establish(&url).is_err());
    }

    fn a_postgres_database_is_as_new_whoever_had_it_before() {
        let _in_use = tests::servers::postgres::fresh_database();
        let state = |database: &tests::servers::Database| {
            let mut conn = PgConnection::establish(database.url()).unwrap();
            sql_query(STATE).get_result::<State>(&mut conn).unwrap()
        };
        let new = state(&tests::servers::postgres::fresh_database());
        for left in LEFT {
            let database = tests::servers::postgres::fresh_database();
            let mut conn = PgConnection::establish(database.url()).unwrap();
            conn.batch_execute(&left.replace("{name}", database.name())).unwrap();
            assert_ne!(state(&database), new, "{left}");
            let name = database.name().to_owned();
            drop(database);

            let next = tests::servers::postgres::fresh_database();
            assert_ne!(next.name(), name);
            assert_eq!(state(&next), new, "{left}");
        }
    }

    fn a_second_postgres_user_writes_what_it_does_not_own() {
        let mut database = tests::servers::postgres::fresh_database();
        let mut owner = PgConnection::establish(database.url()).unwrap();
        let user_url = database.create_user();
        owner.batch_execute("CREATE TABLE shelves (id SERIAL PRIMARY KEY)").unwrap();

        let mut user = PgConnection::establish(&user_url).unwrap();
        user.batch_execute("INSERT INTO shelves DEFAULT VALUES").unwrap();
        user.batch_execute("DROP TABLE shelves").unwrap_err();
        drop(database);

        assert!(PgConnection::establish(&user_url).is_err());
    }
}

tests::mysql_tests! {
    fn a_fresh_mysql_database_is_empty_and_then_gone() {
        let database = tests::servers::mysql::fresh_database();
        let url = database.url().to_owned();
        let mut conn = MysqlConnection::establish(&url).unwrap();
        let tables = sql_query("SELECT count(*) AS count FROM information_schema.tables WHERE table_schema = database()");
        assert_eq!(tables.clone().get_result::<Count>(&mut conn).unwrap().count, 0);

        conn.batch_execute("CREATE TABLE shelves (id INT PRIMARY KEY); BEGIN; INSERT INTO shelves VALUES (1)").unwrap();
        assert_eq!(tables.get_result::<Count>(&mut conn).unwrap().count, 1);
        drop(database);

        assert!(MysqlConnection::establish(&url).is_err());
    }

    fn a_second_mysql_user_writes_what_it_does_not_own() {
        let mut database = tests::servers::mysql::fresh_database();
        let mut owner = MysqlConnection::establish(database.url()).unwrap();
        let user_url = database.create_user();
        owner.batch_execute("CREATE TABLE shelves (id INT PRIMARY KEY)").unwrap();

        let mut user = MysqlConnection::establish(&user_url).unwrap();
        user.batch_execute("INSERT INTO shelves VALUES (1)").unwrap();
        user.batch_execute("DROP TABLE shelves").unwrap_err();
        drop(database);

        assert!(MysqlConnection::establish(&user_url).is_err());
    }
}

/// What a test may leave in a database.
#[cfg(feature = "postgres")]
const LEFT: &[&str] = &[
    "CREATE TABLE shelves (id SERIAL PRIMARY KEY, name TEXT UNIQUE); CREATE VIEW full_shelves AS TABLE shelves",
    "CREATE TYPE mood AS ENUM ('glad'); CREATE FUNCTION glad() RETURNS mood LANGUAGE sql AS $$ SELECT 'glad'::mood $$",
    "CREATE SCHEMA other; CREATE TABLE other.shelves (id INT)",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "ALTER DATABASE {name} SET lock_timeout = '7s'",
    "GRANT CREATE ON DATABASE {name} TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "REVOKE EXECUTE ON FUNCTION now() FROM PUBLIC",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
     CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note()",
    "CREATE FOREIGN DATA WRAPPER elsewhere",
    "SELECT lo_create(0)",
];

/// What of it can be seen there.
#[cfg(feature = "postgres")]
const STATE: &str = "SELECT concat_ws(
    ' ', current_setting('lock_timeout'),
    (SELECT string_agg(concat(nspname, nspowner, nspacl), ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_'),
    (SELECT datacl FROM pg_database WHERE datname = current_database()),
    (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_proc),
    (SELECT count(*) FROM pg_proc WHERE proacl IS NOT NULL), (SELECT count(*) FROM pg_default_acl),
    (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_event_trigger),
    (SELECT count(*) FROM pg_foreign_data_wrapper), (SELECT count(*) FROM pg_largeobject_metadata)
) AS state";

#[cfg(feature = "postgres")]
#[derive(Debug, PartialEq, QueryableByName)]
struct State {
    #[diesel(sql_type = sql_types::Text)]
    state: String,
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}
