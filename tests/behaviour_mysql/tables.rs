//! The suite once more, with its entries in tables of a database on the same server.

use diesel::prelude::*;

use crate::kept::FILE;
use crate::run::{run_modules, run_with};

/// What tables may get wrong: the others say more of SQL and of types than of where entries are.
const MODULES: [&str; 2] = ["suite::granularity", "suite::lists"];

/// One database for all shops, which have others. `CACHE_DIESEL_TEST_WHOLE=1` runs the whole suite.
#[test]
fn behaviour_on_tables() {
    let database = tests::servers::mysql::fresh_database();
    cache_diesel::create_cache_tables(&mut MysqlConnection::establish(database.url()).unwrap()).unwrap();
    let told = [(FILE, database.url())];
    match std::env::var("CACHE_DIESEL_TEST_WHOLE") {
        Ok(_) => run_with("tables", &told),
        Err(_) => run_modules(&MODULES, "tables", &told),
    }
}
