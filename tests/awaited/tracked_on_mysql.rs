//! The library's own connections to MariaDB: when plain writes count.

use cache_diesel::AsyncMysqlConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::on_mysql::{Scene, remarks};
use crate::some::polled;
use crate::{LIFE, wait_until};

async fn retitle(conn: &mut AsyncMysqlConnection, title: &str) -> QueryResult<usize> {
    diesel::update(remarks::table.find(1)).set(remarks::title.eq(title)).execute(conn).await
}

impl Scene {
    fn tracked(&self) -> AsyncMysqlConnection {
        self.runtime.block_on(AsyncMysqlConnection::establish(self.database.url())).unwrap()
    }
}

#[test]
fn plain_writes_and_transactions_count_when_their_futures_are_ready() {
    let mut scene = Scene::new();
    let mut conn = scene.tracked();
    assert_eq!(scene.read(), "Old");
    scene.runtime.block_on(retitle(&mut conn, "By Diesel")).unwrap();
    assert_eq!(scene.read(), "By Diesel");
    scene.runtime.block_on(conn.batch_execute("UPDATE remarks SET title = 'Batch'")).unwrap();
    assert_eq!(scene.read(), "Batch");
    scene.runtime.block_on(conn.transaction(async |conn| retitle(conn, "Committed").await)).unwrap();
    assert_eq!(scene.read(), "Committed");
    let undone = scene.runtime.block_on(conn.transaction::<(), Error, _>(async |conn| {
        retitle(conn, "Undone").await?;
        Err(Error::RollbackTransaction)
    }));
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(scene.read(), "Committed");
    // MariaDB gives rows back from an INSERT.
    let insert = diesel::sql_query("REPLACE INTO remarks VALUES (1, 'Given') RETURNING id, title");
    assert_eq!(scene.runtime.block_on(insert.execute(&mut conn)).unwrap(), 0);
    assert_eq!(scene.read(), "Given");
}

#[test]
fn a_write_may_be_dropped_at_any_poll() {
    let mut scene = Scene::new();
    for times in 0.. {
        let mut conn = scene.tracked();
        scene.read();
        let done = scene.runtime.block_on(polled(times, retitle(&mut conn, &format!("After {times}"))));
        // The connection may find the answer of the statement before, and fail.
        let _ = scene.runtime.block_on(conn.batch_execute("SELECT 1"));
        wait_until(LIFE * 6, || scene.read() == scene.held());
        if done.is_some() {
            assert!(times > 0, "it was never dropped");
            return;
        }
    }
}
