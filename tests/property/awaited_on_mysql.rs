//! The programs of `property` over awaited connections to MariaDB.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]
#![allow(dead_code, reason = "the other targets of the programs plant more, and refresh over pools that block")]

tests::mysql_suite! {
    fn random_programs_over_awaited_connections_to_mysql();

    mod check;
    mod computed;
    #[path = "database/mysql.rs"]
    mod database;
    mod form;
    mod generate;
    mod jobs;
    #[path = "../line/awaited/mod.rs"]
    mod line;
    mod models;
    mod on_server;
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
    mod search;
    mod site;
    mod world;
    mod writes;
}
