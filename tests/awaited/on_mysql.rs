//! Plain statements on connections of MariaDB: when they count.

use std::time::Duration;

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, RunQueryDsl};
use tests::servers::{self, Database};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::{LIFE, install, wait_until};

diesel::table! { remarks (id) { id -> Integer, title -> Text, } }

#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
struct Remark {
    id: i32,
    title: String,
}

pub struct Scene {
    // Connections are closed before their database is dropped.
    reader: MysqlConnection,
    pub runtime: Runtime,
    pub database: Database,
}

impl Scene {
    pub fn new() -> Self {
        let database = servers::mysql::fresh_database();
        install();
        let mut reader = MysqlConnection::establish(database.url()).unwrap();
        reader
            .batch_execute(
                "CREATE TABLE remarks (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
                 INSERT INTO remarks VALUES (1, 'Old'), (2, 'Other');",
            )
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { reader, runtime, database }
    }

    fn conn(&self) -> AsyncMysqlConnection {
        self.runtime.block_on(AsyncMysqlConnection::establish(self.database.url())).unwrap()
    }

    pub fn read(&mut self) -> String {
        Remark::cached().get(1).first(&mut self.reader).unwrap().title.clone()
    }

    /// What the database holds now.
    pub fn held(&mut self) -> String {
        diesel::RunQueryDsl::first(remarks::table.find(1).select(remarks::title), &mut self.reader).unwrap()
    }

    /// A write that nobody waits for any more, and which is done.
    fn dropped_write(&mut self) -> AsyncMysqlConnection {
        let mut lock = MysqlConnection::establish(self.database.url()).unwrap();
        lock.batch_execute("BEGIN; UPDATE remarks SET title = 'Old' WHERE id = 1").unwrap();
        let mut conn = self.conn();
        let write = async { timeout(Duration::from_millis(200), retitle(&mut conn, "New")).await };
        self.runtime.block_on(write).unwrap_err();
        assert_eq!(self.read(), "Old");
        lock.batch_execute("ROLLBACK").unwrap();
        wait_until(Duration::from_secs(10), || self.held() == "New");
        conn
    }
}

async fn retitle(conn: &mut AsyncMysqlConnection, title: &str) -> QueryResult<usize> {
    diesel::update(remarks::table.find(1)).set(remarks::title.eq(title)).execute(conn).await
}

#[test]
fn a_write_counts_at_its_end() {
    let mut scene = Scene::new();
    let mut conn = scene.conn();
    assert_eq!(scene.read(), "Old");
    scene.runtime.block_on(retitle(&mut conn, "New")).unwrap();
    assert_eq!(scene.read(), "New");
    scene.runtime.block_on(conn.transaction(async |conn| retitle(conn, "Newer").await)).unwrap();
    assert_eq!(scene.read(), "Newer");
}

#[test]
fn a_write_whose_future_was_dropped_counts_with_the_next_end_of_its_connection() {
    let mut scene = Scene::new();
    let mut conn = scene.dropped_write();
    // The connection finds the answer of the statement before, and fails.
    scene.runtime.block_on(remarks::table.count().get_result::<i64>(&mut conn)).unwrap_err();
    assert_eq!(scene.read(), "New");
}

#[test]
fn a_write_whose_future_was_dropped_counts_within_the_life_of_an_intent() {
    let mut scene = Scene::new();
    let conn = scene.dropped_write();
    wait_until(LIFE * 2, || scene.read() == "New");
    drop(conn);
}
