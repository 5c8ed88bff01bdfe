//! Looks into the caches of the shop, for the people who run it.

use std::process::ExitCode;

use cache_diesel::Cache;
use cache_diesel::manage::Manage;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use crate::database;
use crate::models::{Category, Product};
use crate::options::Options;

/// Carries out the command that `arguments` are.
pub(crate) fn run(options: &Options, arguments: &[String]) -> ExitCode {
    let cache = options.redis.as_deref().map_or_else(|| Ok(Cache::memory()), Cache::from_url);
    if let Err(error) = cache.and_then(cache_diesel::install) {
        eprintln!("{error}");
        return ExitCode::from(2);
    }
    let file = options.database.clone().unwrap_or_else(|| ":memory:".to_owned());
    let open = move || -> ConnectionResult<SqliteConnection> {
        let mut conn = SqliteConnection::establish(&file)?;
        conn.batch_execute(database::SETTINGS).map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    };
    let (products, categories) = (Product::cached(), Category::cached());
    let by_name = |conn: &mut SqliteConnection| -> QueryResult<usize> {
        Ok(Category::cached().every().order_by(crate::models::categories::name).load(conn)?.len())
    };
    Manage::new(open).manager(&products).manager(&categories).list(&categories, "by-name", by_name).run(arguments)
}
