//! The behaviour suite on PostgreSQL, and what only such a server shows.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::postgres_suite! { fn behaviour_on_postgres(); }

#[cfg(feature = "postgres")]
#[path = "../behaviour/database/postgres.rs"]
mod database;
#[cfg(feature = "postgres")]
#[path = "../behaviour/unusual/postgres.rs"]
mod dialect;
#[cfg(feature = "postgres")]
#[path = "../behaviour/kept.rs"]
mod kept;
#[cfg(feature = "postgres")]
#[path = "../line/blocking.rs"]
mod line;
#[cfg(feature = "postgres")]
#[path = "../behaviour/run.rs"]
mod run;
#[cfg(feature = "postgres")]
#[path = "../behaviour/suite.rs"]
mod suite;

#[cfg(feature = "postgres")]
mod commits;
#[cfg(feature = "postgres")]
mod compared;
#[cfg(feature = "postgres")]
#[path = "../behaviour/deferred.rs"]
mod deferred;
#[cfg(feature = "postgres")]
mod functions;
#[cfg(feature = "postgres")]
mod given;
#[cfg(feature = "postgres")]
mod looked_up;
#[cfg(feature = "postgres")]
mod multi_connection;
#[cfg(feature = "postgres")]
mod policies;
#[cfg(feature = "postgres")]
mod pools;
#[cfg(feature = "postgres")]
#[path = "../behaviour/returning.rs"]
mod returning;
#[cfg(feature = "postgres")]
#[path = "test_transactions.rs"]
mod server_test_transactions;
#[cfg(feature = "postgres")]
mod sessions;
#[cfg(feature = "postgres")]
#[path = "../behaviour/stages.rs"]
mod stages;
#[cfg(feature = "postgres")]
mod statements;
#[cfg(feature = "postgres")]
mod tables;
#[cfg(feature = "postgres")]
#[path = "../behaviour/unusual/cases.rs"]
mod unusual;

#[cfg(feature = "postgres")]
use suite::*;
