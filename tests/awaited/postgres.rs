//! A database of PostgreSQL with notes, read by a blocking connection and written by awaited ones.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use tests::servers::{self, Database};
use tokio::runtime::Runtime;

use crate::install;

diesel::table! { notes (id) { id -> Integer, title -> Text, } }

#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
pub struct Note {
    pub id: i32,
    pub title: String,
}

pub struct Board {
    // Connections are closed before their database is dropped.
    reader: Mutex<PgConnection>,
    runtime: Runtime,
    database: Database,
}

impl Board {
    pub fn new() -> Self {
        // The connections that make it are none of the program's.
        let database = servers::postgres::fresh_database();
        install();
        let mut reader = PgConnection::establish(database.url()).unwrap();
        reader
            .batch_execute(
                "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
                 INSERT INTO notes VALUES (1, 'Old'), (2, 'Other');",
            )
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { reader: Mutex::new(reader), runtime, database }
    }

    fn reader(&self) -> MutexGuard<'_, PgConnection> {
        self.reader.lock().unwrap()
    }

    /// Does something with the connection that reads.
    pub fn with_reader<T>(&self, work: impl FnOnce(&mut PgConnection) -> T) -> T {
        work(&mut self.reader())
    }

    pub fn url(&self) -> &str {
        self.database.url()
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub async fn conn(&self) -> AsyncPgConnection {
        AsyncPgConnection::establish(self.url()).await.unwrap()
    }

    /// A connection whose writes are awaited with what they mean for the cache.
    pub async fn tracked(&self) -> cache_diesel::AsyncPgConnection {
        cache_diesel::AsyncPgConnection::establish(self.url()).await.unwrap()
    }

    /// A connection that was not opened by its URL.
    pub async fn nameless(&self) -> AsyncPgConnection {
        let (client, connection) = tokio_postgres::connect(self.url(), tokio_postgres::NoTls).await.unwrap();
        AsyncPgConnection::try_from_client_and_connection(client, connection).await.unwrap()
    }

    /// The same, tracked.
    #[allow(dead_code, reason = "another suite uses less of it")]
    pub async fn tracked_nameless(&self) -> cache_diesel::AsyncPgConnection {
        let (client, connection) = tokio_postgres::connect(self.url(), tokio_postgres::NoTls).await.unwrap();
        cache_diesel::AsyncPgConnection::try_from_client_and_connection(client, connection).await.unwrap()
    }

    /// A session that holds the row until its transaction ends.
    pub fn lock(&self, id: i32) -> PgConnection {
        let mut conn = PgConnection::establish(self.url()).unwrap();
        conn.batch_execute(&format!("BEGIN; SELECT FROM notes WHERE id = {id} FOR UPDATE")).unwrap();
        conn
    }

    /// Waits until a statement waits for a lock.
    pub async fn somebody_waits_for_a_lock(&self) {
        let mut conn = PgConnection::establish(self.url()).unwrap();
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..2_000 {
            if diesel::dsl::sql::<diesel::sql_types::BigInt>(waiting).get_result::<i64>(&mut conn).unwrap() > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nobody waits for a lock");
    }

    /// What a read through the cache gives now. It stores that, if it may.
    pub fn read(&self, id: i32) -> String {
        Note::cached().get(id).first(&mut *self.reader()).unwrap().title.clone()
    }

    pub fn is_hit(&self, id: i32) -> bool {
        Note::cached().get(id).entry(&mut *self.reader()).unwrap().is_hit()
    }

    /// What the database holds now.
    pub fn held(&self, id: i32) -> String {
        notes::table.find(id).select(notes::title).first(&mut *self.reader()).unwrap()
    }

    pub fn batch(&self, sql: &str) {
        self.reader().batch_execute(sql).unwrap();
    }

    /// Each commit that writes takes so long.
    pub fn slow_commits(&self, pause: Duration) {
        self.batch(&format!(
            "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_sleep({}); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER pause AFTER UPDATE ON notes
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION pause();",
            pause.as_secs_f64()
        ));
    }
}
