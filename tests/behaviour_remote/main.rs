//! The behaviour suite on SQLite, with entries on a simulated server: bytes under keys, over a link.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

#[path = "../behaviour/database/sqlite.rs"]
mod database;
#[path = "../behaviour/kept/remote.rs"]
mod kept;
#[path = "../behaviour/suite.rs"]
mod suite;

use suite::*;
