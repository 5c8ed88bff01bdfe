//! Writes through a manager on a file of SQLite.

use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

fn database() -> (tempfile::TempPath, String) {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let url = path.display().to_string();
    (path, url)
}

fn create(start: i32) -> String {
    format!(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, shelf INTEGER NOT NULL, title TEXT NOT NULL);
         INSERT INTO sqlite_sequence VALUES ('posts', {start} - 1)"
    )
}

crate::writes::manager_writes!(
    diesel::SqliteConnection,
    SyncConnectionWrapper<diesel::SqliteConnection>,
    database(),
    create,
    5000
);
