//! Runs the contract of stores over a file of SQLite, and what only a file goes through.

mod hurt;
mod near;
mod stamp;

use conformance::sqlite_file::SqliteFile;

conformance::store_contract!(sqlite_store, SqliteFile::new().subject());
conformance::slot_contract!(sqlite_slots, SqliteFile::new().subject());
conformance::shared_store_contract!(shared_sqlite_store, SqliteFile::new().subject());
conformance::store_contract!(lasting_store, SqliteFile::lasting().subject());
conformance::shared_store_contract!(shared_lasting_store, SqliteFile::lasting().subject());

#[test]
fn no_history_serves_what_was_changed() {
    conformance::histories::hold(|| SqliteFile::new().subject(), std::time::Duration::ZERO, 40);
}
