//! `after_save` and `after_delete`: what a model has called once a write through its manager is committed.

use std::cell::RefCell;
use std::rc::Rc;

use cache_diesel::prelude::*;
use cache_diesel::{Saved, treat_as_committed};
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::{Conn, NUMBERED_KEY, try_in};
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! {
    notes (id) {
        id -> Integer,
        text -> Text,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "note", after_save = on_save, after_save = on_row, after_delete = on_delete, negative_timeout = 30)]
struct Note {
    id: i32,
    text: String,
}

/// What was told: the call, the key, the number of rows.
type Told = (&'static str, Option<i32>, usize);
type Listener = Rc<dyn Fn(Told)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
    static ROWS: RefCell<Vec<Option<Note>>> = const { RefCell::new(Vec::new()) };
}

fn on_save(saved: &Saved<Note>) {
    tell(("save", saved.id().copied(), saved.row_count()));
}

fn on_row(saved: &Saved<Note>) {
    ROWS.with_borrow_mut(|rows| rows.push(saved.row().cloned()));
}

fn on_delete(deleted: &Saved<Note>) {
    tell(("delete", deleted.id().copied(), deleted.row_count()));
}

fn tell(told: Told) {
    let listener = LISTENER.with_borrow(Clone::clone);
    if let Some(listener) = listener {
        listener(told);
    }
}

/// What this thread was told since it was asked last.
struct Log(Rc<RefCell<Vec<Told>>>);

impl Log {
    fn new() -> Self {
        let told = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&told);
        LISTENER.set(Some(Rc::new(move |told| log.borrow_mut().push(told))));
        Self(told)
    }

    fn take(&self) -> Vec<Told> {
        self.0.take()
    }
}

fn note(id: i32, text: &str) -> Note {
    Note { id, text: text.into() }
}

fn board() -> Shop {
    Shop::with_tables(&format!(
        "CREATE TABLE notes (id {NUMBERED_KEY}, text VARCHAR(255) NOT NULL UNIQUE);
         INSERT INTO notes VALUES (1, 'one'), (2, 'two'), (3, 'three');"
    ))
}

fn manager(shop: &Shop) -> NoteManager {
    Note::cached_in(&shop.name)
}

fn save(shop: &Shop, conn: &mut Conn, id: i32, text: &str) -> QueryResult<usize> {
    manager(shop).save(&note(id, text)).execute(conn)
}

fn saved(id: i32) -> Told {
    ("save", Some(id), 1)
}

#[test]
fn o3_every_write_through_the_manager_is_told_of() {
    let (shop, log) = (board(), Log::new());
    let mut conn = shop.conn();
    let notes = manager(&shop);
    notes.insert(vec![note(4, "four"), note(5, "five")]).execute(&mut conn).unwrap();
    assert_eq!(log.take(), [("save", None, 2)]);
    notes.save(&note(1, "uno")).execute(&mut conn).unwrap();
    notes.save(&note(2, "due")).get_result(&mut conn).unwrap();
    assert_eq!(log.take(), [saved(1), saved(2)]);
    notes.write(diesel::update(notes::table).set(notes::text.eq(notes::text))).execute(&mut conn).unwrap();
    assert_eq!(log.take(), [("save", None, 5)]);
    notes.delete(3).execute(&mut conn).unwrap();
    notes.write(diesel::delete(notes::table.filter(notes::id.gt(3)))).execute(&mut conn).unwrap();
    assert_eq!(log.take(), [("delete", Some(3), 1), ("delete", None, 2)]);
}

#[test]
fn every_hook_is_given_the_row_as_it_was_written_and_a_panic_of_one_is_no_other_ones() {
    let shop = board();
    let mut conn = shop.conn();
    conn.transaction(|conn| save(&shop, conn, 1, "uno").and_then(|_| save(&shop, conn, 1, "eins"))).unwrap();
    assert_eq!(ROWS.take(), [Some(note(1, "uno")), Some(note(1, "eins"))]);
    LISTENER.set(Some(Rc::new(|_| panic!("on purpose"))));
    save(&shop, &mut conn, 2, "due").unwrap();
    assert_eq!(ROWS.take(), [Some(note(2, "due"))]);
    assert_eq!(shop.cache.statistics().hook_panic_count, 1);
    // Nobody knows the rows of a statement that gives none back.
    LISTENER.set(None);
    manager(&shop).write(diesel::update(notes::table).set(notes::text.eq(notes::text))).execute(&mut conn).unwrap();
    assert_eq!(ROWS.take(), [None]);
}

#[test]
fn o3_a_new_row_that_is_given_back_is_told_of_by_its_key() {
    let shop = Shop::with_tables(&format!("CREATE TABLE notes (id {NUMBERED_KEY}, text VARCHAR(255) NOT NULL)"));
    let (mut conn, log) = (shop.conn(), Log::new());
    let row = manager(&shop).insert(notes::text.eq("one")).get_result(&mut conn).unwrap();
    assert_eq!(log.take(), [saved(row.id)]);
    conn.transaction(|conn| {
        let row = manager(&shop).insert(notes::text.eq("two")).get_result(conn)?;
        assert_eq!(log.take(), []);
        diesel::QueryResult::Ok(row.id)
    })
    .map(|id| assert_eq!(log.take(), [saved(id)]))
    .unwrap();
}

#[test]
fn what_writes_nothing_and_what_is_plain_is_not_told_of() {
    let (shop, log) = (board(), Log::new());
    let mut conn = shop.conn();
    assert_eq!(save(&shop, &mut conn, 9, "nine"), Ok(0));
    assert_eq!(manager(&shop).delete(9).execute(&mut conn), Ok(0));
    assert_eq!(manager(&shop).insert(Vec::<Note>::new()).execute(&mut conn), Ok(0));
    assert!(save(&shop, &mut conn, 1, "two").is_err());
    diesel::update(notes::table).set(notes::text.eq(notes::text)).execute(&mut conn).unwrap();
    assert_eq!(log.take(), []);
}

#[test]
fn t3_hooks_wait_for_the_outermost_commit_and_keep_their_order() {
    let (shop, log) = (board(), Log::new());
    let mut conn = shop.conn();
    conn.transaction(|conn| {
        save(&shop, conn, 2, "due")?;
        conn.transaction(|conn| manager(&shop).delete(1).execute(conn))?;
        save(&shop, conn, 3, "tre")?;
        assert_eq!(log.take(), []);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(log.take(), [saved(2), ("delete", Some(1), 1), saved(3)]);
    save(&shop, &mut conn, 2, "deux").unwrap();
    assert_eq!(log.take(), [saved(2)]);
}

#[test]
fn t4_hooks_are_never_called_after_a_rollback() {
    let (shop, log) = (board(), Log::new());
    let mut conn = shop.conn();
    let rolled_back = conn.transaction(|conn| {
        save(&shop, conn, 1, "uno")?;
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!((rolled_back, log.take()), (Err(Error::RollbackTransaction), vec![]));
    conn.transaction(|conn| {
        save(&shop, conn, 1, "uno")?;
        let inner = conn.transaction(|conn| {
            save(&shop, conn, 2, "due")?;
            Err::<(), Error>(Error::RollbackTransaction)
        });
        assert_eq!(inner, Err(Error::RollbackTransaction));
        save(&shop, conn, 3, "tre")
    })
    .unwrap();
    assert_eq!(log.take(), [saved(1), saved(3)]);
    conn.batch_execute("BEGIN").unwrap();
    save(&shop, &mut conn, 1, "one").unwrap();
    conn.batch_execute("ROLLBACK").unwrap();
    conn.batch_execute("BEGIN").unwrap();
    save(&shop, &mut conn, 2, "due").unwrap();
    assert_eq!(log.take(), []);
    conn.batch_execute("COMMIT").unwrap();
    assert_eq!(log.take(), [saved(2)]);
}

#[test]
fn t10_after_a_failure_in_a_transaction_what_is_told_of_is_what_was_committed() {
    for in_savepoint in [false, true] {
        let (shop, log) = (board(), Log::new());
        let mut conn = shop.conn();
        // Whether it is committed is up to the database.
        let _ = conn.transaction(|conn| {
            save(&shop, conn, 1, "uno")?;
            let failed = if in_savepoint {
                try_in(conn, |conn| save(&shop, conn, 2, "three"))
            } else {
                save(&shop, conn, 2, "three")
            };
            assert!(failed.is_err());
            Ok::<(), Error>(())
        });
        let text: String = notes::table.find(1).select(notes::text).first(&mut shop.conn()).unwrap();
        let expected = if text == "uno" { vec![saved(1)] } else { vec![] };
        assert_eq!(log.take(), expected, "{in_savepoint}");
    }
}

#[test]
fn t3_hooks_see_what_is_committed_through_the_cache_and_past_it() {
    for in_transaction in [false, true] {
        let shop = Rc::new(board());
        let mut conn = shop.conn();
        let notes = manager(&shop);
        notes.get(1).first(&mut conn).unwrap();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let (inner, log) = (Rc::clone(&shop), Rc::clone(&seen));
        LISTENER.set(Some(Rc::new(move |(_, id, _)| {
            let read = || manager(&inner).get(id.unwrap());
            let mut other = inner.conn();
            let mut log = log.borrow_mut();
            log.push(read().query().first::<Note>(&mut other).unwrap().text);
            log.push(read().first(&mut other).unwrap().text.clone());
        })));
        if in_transaction {
            conn.transaction(|conn| save(&shop, conn, 1, "uno")).unwrap();
        } else {
            save(&shop, &mut conn, 1, "uno").unwrap();
        }
        LISTENER.set(None);
        assert_eq!(*seen.borrow(), ["uno", "uno"]);
        assert!(notes.get(1).entry(&mut conn).unwrap().is_hit(), "what the hook read is cached");
    }
}

#[test]
fn a_hook_that_panics_is_counted_and_stops_nobody() {
    let shop = board();
    let mut conn = shop.conn();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    LISTENER.set(Some(Rc::new(move |told| {
        log.borrow_mut().push(told);
        assert_ne!(told.1, Some(1), "a hook that fails");
    })));
    conn.transaction(|conn| {
        save(&shop, conn, 1, "uno")?;
        save(&shop, conn, 2, "due")
    })
    .unwrap();
    assert_eq!(save(&shop, &mut conn, 1, "one"), Ok(1));
    assert_eq!(*seen.borrow(), [saved(1), saved(2), saved(1)]);
    assert_eq!(shop.cache.statistics().hook_panic_count, 2);
    assert_eq!(manager(&shop).get(1).first(&mut conn).unwrap().text, "one");
}

crate::line::only_blocking! {
    #[test]
    fn t14_in_a_test_transaction_hooks_are_called_as_if_it_were_none() {
        let (shop, log) = (board(), Log::new());
        let mut conn = crate::test_transactions::on_stage(&shop);
        save(&shop, &mut conn, 1, "uno").unwrap();
        assert_eq!(log.take(), [saved(1)]);
        conn.transaction(|conn| {
            save(&shop, conn, 2, "due")?;
            assert_eq!(log.take(), []);
            let inner = conn.transaction(|conn| {
                save(&shop, conn, 1, "un")?;
                Err::<(), Error>(Error::RollbackTransaction)
            });
            assert_eq!(inner, Err(Error::RollbackTransaction));
            Ok::<(), Error>(())
        })
        .unwrap();
        assert_eq!(log.take(), [saved(2)]);
        treat_as_committed(&mut conn).unwrap();
        let rolled_back = conn.transaction(|conn| {
            save(&shop, conn, 3, "tre")?;
            Err::<(), Error>(Error::RollbackTransaction)
        });
        assert_eq!((rolled_back, log.take()), (Err(Error::RollbackTransaction), vec![]));
    }
}

#[test]
fn t15_without_a_tracker_hooks_are_called_outside_of_transactions_only() {
    let (shop, log) = (board(), Log::new());
    let mut conn = shop.untracked();
    save(&shop, &mut conn, 1, "uno").unwrap();
    assert_eq!(log.take(), [saved(1)]);
    conn.transaction(|conn| save(&shop, conn, 2, "due")).unwrap();
    assert_eq!(log.take(), []);
}
