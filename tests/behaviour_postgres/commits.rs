//! Ends of transactions that only a server shows: refused, handed over, lost.

use std::time::Duration;

use cache_core::ManualClock;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_query;
use diesel::sql_types::Integer;

use crate::database::Conn;
use crate::harness::{Moment, Shop, once_at, products};
use crate::kept::cache_at;
use crate::transactions::{retitle, title};

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

fn pid(conn: &mut Conn) -> i32 {
    sql_query("SELECT pg_backend_pid() AS pid").get_result::<Session>(conn).unwrap().pid
}

fn kill(killer: &mut Conn, pid: i32) {
    sql_query(format!("SELECT pg_terminate_backend({pid}, 5000)")).execute(killer).unwrap();
}

#[test]
fn t10_a_transaction_that_is_handed_over_takes_effect_when_somebody_commits_it() {
    for (end, expected) in [("COMMIT PREPARED", "New"), ("ROLLBACK PREPARED", "Lamp")] {
        let shop = Shop::new();
        let name = format!("{}_{}", shop.url().rsplit('/').next().unwrap(), expected);
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        sql_query("BEGIN").execute(&mut conn).unwrap();
        retitle(&mut conn, 1, "New").unwrap();
        sql_query(format!("PREPARE TRANSACTION '{name}'")).execute(&mut conn).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        sql_query(format!("{end} '{name}'")).execute(&mut shop.conn()).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, expected);
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        assert_eq!(shop.read_everything(&mut conn), 0);
    }
}

#[test]
fn t10_a_serialization_failure_at_the_commit_leaves_nothing_of_it() {
    let shop = Shop::new();
    let (mut other, mut first, mut second) = (shop.warm(), shop.conn(), shop.conn());
    let refused = first.build_transaction().serializable().run(|first| {
        products::table.count().get_result::<i64>(first)?;
        retitle(first, 1, "Undone")?;
        second.build_transaction().serializable().run(|second| {
            products::table.count().get_result::<i64>(second)?;
            let titles: Vec<String> = products::table.select(products::title).load(second)?;
            assert!(titles.contains(&"Lamp".into()));
            retitle(second, 2, "New")
        })?;
        assert_eq!(shop.products().get(1).first(&mut other)?.title, "Lamp");
        let titles: Vec<String> = products::table.select(products::title).load(first)?;
        assert!(titles.contains(&"Torch".into()));
        Ok::<(), Error>(())
    });
    let is_refused = matches!(refused, Err(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)));
    assert!(is_refused, "{refused:?}");
    assert_eq!([1, 2].map(|id| title(&shop, &mut other, id).1), ["Lamp", "New"]);
    shop.read_everything(&mut other);
    shop.read_everything(&mut first);
    assert_eq!(shop.read_everything(&mut first), 0);
}

#[test]
fn an_old_snapshot_fills_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.build_transaction()
        .repeatable_read()
        .run(|conn| {
            shop.row_cost(conn, 1);
            retitle(&mut other, 1, "New")?;
            assert_eq!(shop.products().get(1).first(conn)?.title, "Lamp", "it sees what was there when it began");
            shop.read_everything(conn);
            assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
            shop.read_everything(conn);
            QueryResult::Ok(())
        })
        .unwrap();
    assert_eq!(title(&shop, &mut other, 1), (0, "New".into()));
    shop.read_everything(&mut conn);
    shop.read_everything(&mut other);
}

#[test]
fn a_connection_that_is_ended_in_its_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut killer, mut conn) = (shop.warm(), shop.conn(), shop.conn());
    let ended = conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        let pid = pid(conn);
        kill(&mut killer, pid);
        retitle(conn, 2, "Undone")
    });
    assert!(ended.is_err());
    drop(conn);
    assert_eq!([1, 2].map(|id| title(&shop, &mut other, id).1), ["Lamp", "Torch"]);
    shop.read_everything(&mut other);
}

#[test]
fn t10_a_commit_whose_answer_is_lost_counts_as_running() {
    let clock = ManualClock::new();
    let builder = cache_at(&clock).intent_life(Duration::from_secs(10));
    let shop = Shop::with(builder);
    let (mut other, mut killer) = (shop.warm(), shop.conn());
    let target = std::sync::Arc::new(std::sync::atomic::AtomicI32::new(0));
    let seen = std::sync::Arc::clone(&target);
    let hook = once_at(Moment::Start, "COMMIT", move || {
        kill(&mut killer, seen.load(std::sync::atomic::Ordering::SeqCst));
    });
    let mut conn = shop.conn_with(hook);
    target.store(pid(&mut conn), std::sync::atomic::Ordering::SeqCst);
    assert!(conn.transaction(|conn| retitle(conn, 1, "Undone")).is_err());
    assert_eq!(title(&shop, &mut other, 1).1, "Lamp");
    shop.row_cost(&mut other, 1);
    clock.advance(Duration::from_secs(10));
    assert_eq!(shop.row_cost(&mut other, 1), 1, "what was filled meanwhile is not trusted for longer");
    shop.read_everything(&mut other);
}
