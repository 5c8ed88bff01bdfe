//! What tests on servers rely on: each has a database of its own, and leaves nothing behind.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

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

#[cfg(any(feature = "mysql", feature = "postgres"))]
#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}
