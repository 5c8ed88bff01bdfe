//! The programs of `property` on MariaDB.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::mysql_suite! {
    fn random_programs_on_mysql();

    mod ageing;
    mod check;
    mod computed;
    #[path = "database/mysql.rs"]
    mod database;
    mod form;
    mod generate;
    mod jobs;
    #[path = "../line/blocking.rs"]
    mod line;
    mod models;
    mod on_server;
    #[expect(dead_code, reason = "only some defects are planted on servers")]
    mod planted;
    mod pages;
    mod people;
    mod probe;
    mod program;
    #[path = "raw/mysql.rs"]
    mod raw;
    mod reads;
    mod rows;
    mod same;
    mod scene;
    #[expect(dead_code, reason = "mistakes are planted on SQLite alone")]
    mod search;
    mod site;
    mod world;
    mod writes;
}
