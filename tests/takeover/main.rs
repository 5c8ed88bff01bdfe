//! A server with a `MultiConnection` and models with neither `Clone` nor serde, before and after it was taken over: how many
//! lines that takes, and whether it goes on answering the same.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests, and a program that is none of ours")]

tests::postgres_suite! {
    fn a_server_is_taken_over();

    mod after;
    mod before;
    mod compared;
    mod lines;
    mod schema;
}
