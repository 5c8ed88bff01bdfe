//! The behaviour suite on MariaDB, and what only such a server shows.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::mysql_suite! { fn behaviour_on_mysql(); }

#[cfg(feature = "mysql")]
#[path = "../behaviour/database/mysql.rs"]
mod database;
#[cfg(feature = "mysql")]
#[path = "../behaviour/unusual/mysql.rs"]
mod dialect;
#[cfg(feature = "mysql")]
#[path = "../behaviour/kept.rs"]
mod kept;
#[cfg(feature = "mysql")]
#[path = "../line/blocking.rs"]
mod line;
#[cfg(feature = "mysql")]
#[path = "../behaviour/run.rs"]
mod run;
#[cfg(feature = "mysql")]
#[path = "../behaviour/suite.rs"]
mod suite;

#[cfg(feature = "mysql")]
mod compared;
#[cfg(feature = "mysql")]
mod inserts;
#[cfg(feature = "mysql")]
#[path = "test_transactions.rs"]
mod server_test_transactions;
#[cfg(feature = "mysql")]
#[path = "transactions.rs"]
mod server_transactions;
#[cfg(feature = "mysql")]
#[path = "../behaviour/stages.rs"]
mod stages;
#[cfg(feature = "mysql")]
mod statements;
#[cfg(feature = "mysql")]
mod tables;
#[cfg(feature = "mysql")]
#[path = "../behaviour/unusual/cases.rs"]
mod unusual;

#[cfg(feature = "mysql")]
use suite::*;
