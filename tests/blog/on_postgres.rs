//! The example `blog` on PostgreSQL: the same handlers, with columns of the type `uuid`.

#![allow(clippy::unwrap_used, dead_code, reason = "tests, and parts of a program that shows more than they ask")]

tests::postgres_suite! {
    fn the_blog_on_postgres();

    mod database;
    mod run;

    #[path = "../../examples/blog/src/answer.rs"]
    mod answer;
    #[path = "../../examples/blog/src/blog.rs"]
    mod blog;
    #[path = "../../examples/blog/src/cached/mod.rs"]
    mod cached;
    #[path = "../../examples/blog/src/collection.rs"]
    mod collection;
    #[path = "../../examples/blog/src/compare.rs"]
    mod compare;
    #[path = "../../examples/blog/src/models.rs"]
    mod models;
    #[path = "../../examples/blog/src/plain/mod.rs"]
    mod plain;
    #[path = "../../examples/blog/src/request.rs"]
    mod request;
    #[path = "../../examples/blog/src/schema.rs"]
    mod schema;
    #[path = "../../examples/blog/src/statements.rs"]
    mod statements;
    #[path = "../../examples/blog/src/writes.rs"]
    mod writes;
}
