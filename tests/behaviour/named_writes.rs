//! Work that names the tables it writes: they are invalidated, and no more than they, whatever its statements are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use cache_diesel::{Event, writes};
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::{Conn, RETITLE_TRIGGER};
use crate::harness::{Shop, categories, products};
use crate::line::prelude::*;
use crate::transactions::{new, title};

diesel::table! {
    logs (id) {
        id -> Integer,
    }
}

/// A shop in which an insert of a log renames the first product.
fn triggered() -> (Shop, Conn, Conn) {
    let shop = Shop::with_tables("CREATE TABLE logs (id INTEGER PRIMARY KEY)");
    shop.conn().batch_execute(RETITLE_TRIGGER).unwrap();
    let reader = shop.warm();
    let writer = shop.conn();
    (shop, reader, writer)
}

const LOG: &str = "INSERT INTO logs VALUES (1)";

fn log(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute(LOG)
}

#[test]
fn s1_a_raw_write_that_names_its_tables_ends_their_entries_and_leaves_others() {
    let shop = Shop::new();
    let (mut reader, mut writer) = (shop.warm(), shop.conn());
    let not_understood = |conn: &mut Conn| conn.batch_execute("CREATE TABLE more (id INTEGER PRIMARY KEY)");
    writes(&mut writer, ["more"], not_understood).unwrap();
    assert_eq!(shop.read_everything(&mut reader), 0);
    let (told, here) = (Arc::new(Mutex::new(Vec::new())), std::thread::current().id());
    let heard = Arc::clone(&told);
    shop.cache.listen("writes", move |event| {
        // Other tests write too, and every cache hears of it.
        if let Event::Invalidated { tables, is_wide, .. } = event
            && std::thread::current().id() == here
        {
            heard.lock().unwrap().push((tables.join(", "), *is_wide));
        }
    });
    writes(&mut writer, ["categories"], |conn| conn.batch_execute("CREATE TABLE yet_more (id INTEGER)")).unwrap();
    assert!(shop.category_cost(&mut reader) > 0);
    assert_eq!((shop.row_cost(&mut reader, 1), shop.count_cost(&mut reader)), (0, 0));
    let told = told.lock().unwrap();
    assert!(!told.is_empty() && told.iter().all(|told| *told == ("categories".to_owned(), false)), "{told:?}");
}

#[test]
fn s2_a_raw_write_that_names_none_ends_everything() {
    let shop = Shop::new();
    let (mut reader, mut writer) = (shop.warm(), shop.conn());
    writer.batch_execute("CREATE TABLE more (id INTEGER PRIMARY KEY)").unwrap();
    assert!(shop.row_cost(&mut reader, 1) > 0 && shop.category_cost(&mut reader) > 0);
    shop.read_everything(&mut reader);
    let refused = writes(&mut writer, [""; 0], |_| -> QueryResult<()> { panic!("it is not called") });
    assert!(refused.unwrap_err().to_string().contains("at least one table"));
    assert_eq!(shop.read_everything(&mut reader), 0);
}

#[test]
fn s6_what_a_trigger_writes_is_named_on_the_call() {
    for named in 0..3 {
        let (shop, mut reader, mut writer) = triggered();
        match named {
            0 => writes(&mut writer, ["products"], log),
            1 => writes(&mut writer, products::table, log),
            _ => writes(&mut writer, (categories::table, products::table), |conn| {
                diesel::insert_into(logs::table).values(logs::id.eq(1)).execute(conn).map(drop)
            }),
        }
        .unwrap();
        assert_eq!(title(&shop, &mut reader, 1), new());
        shop.read_everything(&mut reader);
        assert_eq!(shop.read_everything(&mut reader), 0);
    }
}

#[test]
fn w9_names_are_taken_in_any_letters_and_refused_with_quotes_or_a_schema() {
    let (shop, mut reader, mut writer) = triggered();
    for name in ["main.products", "\"products\"", "`products`", "[products]", "", " products"] {
        let refused = writes(&mut writer, vec!["logs", name], |_| -> QueryResult<()> { panic!("it is not called") });
        assert!(
            matches!(&refused, Err(Error::QueryBuilderError(error)) if error.to_string().contains(&format!("`{name}`")))
        );
    }
    assert_eq!(shop.read_everything(&mut reader), 0);
    let names: &[String] = &["Products".into(), "nobody_knows_this".into()];
    writes(&mut writer, names, log).unwrap();
    assert_eq!(title(&shop, &mut reader, 1), new());
}

#[test]
fn s1_in_a_transaction_it_counts_after_the_commit() {
    let (shop, mut reader, mut writer) = triggered();
    writer
        .transaction(|conn| {
            writes(conn, ["products"], log)?;
            assert_eq!(shop.read_everything(&mut reader), 0);
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(title(&shop, &mut reader, 1), new());
}

#[test]
fn s1_a_transaction_in_it_counts_too() {
    let (shop, mut reader, mut writer) = triggered();
    writes(&mut writer, ["products"], |conn| conn.transaction(log)).unwrap();
    assert_eq!(title(&shop, &mut reader, 1), new());
}

#[test]
fn t2_a_rollback_leaves_entries_valid() {
    let (shop, mut reader, mut writer) = triggered();
    let undone = writer.transaction(|conn| {
        writes(conn, ["products"], log)?;
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(shop.read_everything(&mut reader), 0);
    let undone = writer.transaction(|conn| {
        writes(conn, ["categories"], |conn| {
            conn.transaction(|conn| {
                log(conn)?;
                Err::<(), Error>(Error::RollbackTransaction)
            })
        })
        .unwrap_err();
        Ok::<(), Error>(())
    });
    assert_eq!((undone, title(&shop, &mut reader, 1)), (Ok(()), (0, "Lamp".into())));
}

#[test]
fn what_fails_or_panics_in_it_has_happened() {
    let (shop, mut reader, mut writer) = triggered();
    let failed = writes(&mut writer, ["products"], |conn| {
        log(conn)?;
        Err::<(), Error>(Error::NotFound)
    });
    assert_eq!((failed, title(&shop, &mut reader, 1)), (Err(Error::NotFound), new()));
    let (shop, mut reader, mut writer) = triggered();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        writes(&mut writer, ["products"], |conn| -> QueryResult<()> {
            log(conn)?;
            panic!("on purpose");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(title(&shop, &mut reader, 1), new());
    // It is over: what is not understood widens again.
    shop.read_everything(&mut reader);
    writer.batch_execute("CREATE TABLE more (id INTEGER)").unwrap();
    assert!(shop.category_cost(&mut reader) > 0);
}

#[test]
fn one_in_the_other_counts_for_both() {
    let (shop, mut reader, mut writer) = triggered();
    writes(&mut writer, ["categories"], |conn| {
        writes(conn, ["logs"], |conn| conn.batch_execute("CREATE TABLE more (id INTEGER)"))?;
        assert!(shop.category_cost(&mut reader) > 0, "the statement has returned");
        assert_eq!(shop.row_cost(&mut reader, 1), 0);
        writes(conn, ["products"], log)?;
        assert_eq!(title(&shop, &mut reader, 1), new());
        QueryResult::Ok(())
    })
    .unwrap();
    assert!(shop.category_cost(&mut reader) > 0);
    shop.read_everything(&mut reader);
    assert_eq!(shop.read_everything(&mut reader), 0);
}

#[test]
fn what_is_understood_counts_for_its_own_table_as_well() {
    let (shop, mut reader, mut writer) = triggered();
    writes(&mut writer, ["logs"], |conn| {
        shop.products().delete(2).execute(conn)?;
        conn.batch_execute("UPDATE categories SET name = 'Other'")
    })
    .unwrap();
    assert!(shop.products().get(2).first(&mut reader).is_err());
    assert!(shop.category_cost(&mut reader) > 0);
    assert_eq!(shop.row_cost(&mut reader, 1), 0);
    writes(&mut writer, ["categories"], |conn| shop.products().delete(3).execute(conn)).unwrap();
    assert!(shop.category_cost(&mut reader) > 0, "what is named counts for a manager's write too");
}

#[test]
fn f14_on_a_connection_without_a_tracker_it_is_seen_all_the_same() {
    let (shop, mut reader, _) = triggered();
    writes(&mut shop.untracked(), ["products"], log).unwrap();
    assert_eq!(title(&shop, &mut reader, 1), new());
}

#[test]
fn in_a_test_transaction_it_counts_for_the_connection_at_once() {
    let (shop, mut reader, mut writer) = triggered();
    writer.test_transaction(|conn| {
        cache_diesel::treat_as_committed(conn)?;
        assert_eq!(shop.products().get(1).first(conn)?.title, "Lamp");
        writes(conn, ["products"], log)?;
        assert_eq!(shop.products().get(1).first(conn)?.title, "New");
        QueryResult::Ok(())
    });
    assert_eq!(shop.read_everything(&mut reader), 0);
}
