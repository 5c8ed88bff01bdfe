//! Statements come in, steps come out: each row of a table is one connection's afternoon.

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;
use cache_core::{Bypass, Ending};

use super::{Finish, Session, Step};
use crate::scan::{Dialect, effects};

/// One thing that happens on a connection.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Diesel's event before `BEGIN` or `SAVEPOINT`.
    Begin(u32),
    Commit(u32),
    Rollback(u32),
    /// A statement that ends well.
    Sql(&'static str),
    Fails(&'static str),
    Lost(&'static str),
    /// What a manager announces, without an exact result.
    Own(&'static str),
    Close,
}
use Act::{Begin, Close, Commit, Fails, Lost, Own, Rollback, Sql};

/// What was released, in order: the tables of each step, `*` for everything.
fn released(session: &mut Session, acts: &[Act]) -> Vec<String> {
    acts.iter().flat_map(|act| play(session, *act)).filter_map(described).collect()
}

fn described(step: Step) -> Option<String> {
    let Step::Release(changes, ending, _) = step else { return None };
    let mut tables: Vec<&str> = changes.tables().collect();
    if changes.is_wide() {
        tables.push("*");
    }
    let mark = if ending == Ending::Unknown { "?" } else { "" };
    Some(tables.join("+") + mark)
}

fn play(session: &mut Session, act: Act) -> Vec<Step> {
    let mut steps = Vec::new();
    match act {
        Begin(depth) => session.begin(depth),
        Commit(depth) => steps.extend(session.commit(depth)),
        Rollback(depth) => session.roll_back(depth),
        Sql(sql) => steps.extend(run(session, sql, Finish::Ok)),
        Fails(sql) => steps.extend(run(session, sql, Finish::Failed)),
        Lost(sql) => steps.extend(run(session, sql, Finish::Lost)),
        Own(table) => {
            session.announce(&changes_of(table));
            steps.extend(session.start());
            steps.extend(session.finish(Finish::Ok));
            steps.extend(session.settle_own(None));
        }
        Close => steps.extend(session.close()),
    }
    steps
}

fn run(session: &mut Session, sql: &str, finish: Finish) -> Vec<Step> {
    if !session.is_at_boundary() {
        effects(sql, Dialect::Sqlite, &mut |effect| session.read_along(effect, &Tables::default()));
        if sql.contains("RETURNING") {
            session.note_returning();
        }
    }
    let started = if session.is_at_boundary() { None } else { session.start() };
    started.into_iter().chain(session.finish(finish)).collect()
}

fn changes_of(table: &str) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.add(table, &Change::Change, &Tables::default());
    changes
}

const UPDATE_A: Act = Sql("UPDATE a SET x = 1");
const UPDATE_B: Act = Sql("UPDATE b SET x = 1");

#[test]
fn writes_take_effect_when_they_cannot_be_undone_any_more() {
    let cases: &[(&str, &[Act], &[&str])] = &[
        ("a statement by itself", &[UPDATE_A, Sql("SELECT 1"), UPDATE_B], &["a", "b"]),
        ("a failed one counts", &[Fails("UPDATE a SET x = 1")], &["a"]),
        ("a lost one may still run", &[Lost("UPDATE a SET x = 1")], &["a?"]),
        ("several in one text", &[Sql("UPDATE a SET x = 1; DELETE FROM b")], &["a+b"]),
        ("what is not understood", &[Sql("ALTER TABLE a ADD COLUMN y")], &["*"]),
        ("a transaction", &[Begin(1), Sql("BEGIN"), UPDATE_A, UPDATE_B, Commit(1), Sql("COMMIT")], &["a+b"]),
        ("a rollback", &[Begin(1), Sql("BEGIN"), UPDATE_A, Rollback(1), Sql("ROLLBACK"), UPDATE_B], &["b"]),
        (
            "a rollback of what may have committed by itself",
            &[Begin(1), Sql("BEGIN"), UPDATE_A, Sql("CREATE INDEX i ON a (x)"), Rollback(1), Sql("ROLLBACK")],
            &["a+*", "a+*"],
        ),
        (
            "a doubt from before the transaction is none",
            &[Sql("CREATE TABLE c (x)"), Begin(1), Sql("BEGIN"), UPDATE_A, Rollback(1), Sql("ROLLBACK")],
            &["*"],
        ),
        (
            "an inner transaction takes part in the outer one",
            &[
                Begin(1),
                Sql("BEGIN"),
                Begin(2),
                Sql("SAVEPOINT s"),
                UPDATE_A,
                Commit(2),
                Sql("RELEASE s"),
                Commit(1),
                Sql("COMMIT"),
            ],
            &["a"],
        ),
        (
            "a savepoint that is rolled back may count",
            &[
                Begin(1),
                Sql("BEGIN"),
                UPDATE_A,
                Begin(2),
                Sql("SAVEPOINT s"),
                UPDATE_B,
                Rollback(2),
                Sql("ROLLBACK TO s"),
                Commit(1),
                Sql("COMMIT"),
            ],
            &["a+b"],
        ),
        ("a BEGIN that fails", &[Begin(1), Fails("BEGIN IMMEDIATE"), UPDATE_A], &["a"]),
        (
            "a COMMIT that fails",
            &[Begin(1), Sql("BEGIN"), UPDATE_A, Commit(1), Fails("COMMIT"), Rollback(1), Sql("ROLLBACK"), UPDATE_B],
            &["a", "a", "b"],
        ),
        ("a COMMIT whose answer is lost", &[Begin(1), Sql("BEGIN"), UPDATE_A, Commit(1), Lost("COMMIT")], &["a?"]),
        (
            "an error inside: the database may have ended the transaction",
            &[
                Begin(1),
                Sql("BEGIN"),
                UPDATE_A,
                Fails("INSERT INTO b VALUES (1)"),
                UPDATE_A,
                Commit(1),
                Sql("COMMIT"),
                UPDATE_B,
            ],
            &["a+b", "a+b", "a+b", "b"],
        ),
        ("a raw transaction", &[Sql("BEGIN"), UPDATE_A, Sql("COMMIT"), UPDATE_B], &["a", "b"]),
        ("a raw rollback", &[Sql("BEGIN"), UPDATE_A, Sql("ROLLBACK"), UPDATE_B], &["b"]),
        (
            "a raw COMMIT that is tried again",
            &[Sql("BEGIN"), UPDATE_A, Fails("COMMIT"), Sql("COMMIT"), UPDATE_B],
            &["a", "a", "b"],
        ),
        ("a transaction in one text", &[Sql("BEGIN; UPDATE a SET x = 1; COMMIT"), UPDATE_B], &["a", "b"]),
        ("one that is left open", &[Sql("BEGIN; UPDATE a SET x = 1"), UPDATE_B, Sql("COMMIT")], &["a", "a+b"]),
        (
            "one that fails half way",
            &[Fails("BEGIN; UPDATE a SET x = 1; nonsense"), UPDATE_B, Sql("COMMIT"), UPDATE_B],
            &["a+*", "a+b+*", "a+b+*", "b"],
        ),
        (
            "COMMIT by hand inside of Diesel's transaction",
            &[Begin(1), Sql("BEGIN"), UPDATE_A, Sql("COMMIT"), UPDATE_B, Commit(1), Fails("COMMIT")],
            &["a", "a+b", "a+b"],
        ),
        ("a savepoint without a transaction", &[Sql("SAVEPOINT s"), UPDATE_A, Sql("RELEASE s")], &["a", "a"]),
        (
            "rows given back: if that failed, SQLite may have ended the transaction, and nobody was told",
            &[Sql("BEGIN"), Sql("INSERT INTO b VALUES (1) RETURNING x"), UPDATE_A, UPDATE_B, Sql("COMMIT"), UPDATE_A],
            &["a+b", "a+b", "a+b", "a"],
        ),
        (
            "rows given back, and a rollback that shows that the transaction was open",
            &[Sql("BEGIN"), Sql("INSERT INTO b VALUES (1) RETURNING x"), Sql("ROLLBACK"), UPDATE_A],
            &["a"],
        ),
        ("a manager's write", &[Own("a")], &["a"]),
        (
            "a manager's write that is rolled back",
            &[Begin(1), Sql("BEGIN"), Own("a"), Rollback(1), Sql("ROLLBACK")],
            &[],
        ),
        ("a tracker that goes away", &[Begin(1), Sql("BEGIN"), UPDATE_A, Close], &["a?"]),
    ];
    for (name, acts, expected) in cases {
        let mut session = Session::new(Dialect::Sqlite);
        assert_eq!(released(&mut session, acts), *expected, "{name}");
    }
}

#[test]
fn on_postgres_an_error_ends_nothing() {
    let mut session = Session::new(Dialect::Postgres);
    let acts = [Begin(1), Sql("BEGIN"), UPDATE_A, Fails("INSERT INTO b VALUES (1)"), Rollback(1), Sql("ROLLBACK")];
    assert_eq!(released(&mut session, &acts), Vec::<String>::new());
}

#[test]
fn intents_stand_before_a_write_can_take_effect() {
    let cases: &[(&str, &[Act], &[&str])] = &[
        ("before the statement", &[UPDATE_A], &["a"]),
        ("before COMMIT", &[Begin(1), Sql("BEGIN"), UPDATE_A, Commit(1), Sql("COMMIT")], &["a"]),
        ("before a raw COMMIT", &[Sql("BEGIN"), UPDATE_A, Sql("COMMIT")], &["a"]),
        ("not for a rollback", &[Begin(1), Sql("BEGIN"), UPDATE_A, Rollback(1), Sql("ROLLBACK")], &[]),
        ("not for a read", &[Sql("SELECT 1")], &[]),
    ];
    for (name, acts, expected) in cases {
        let mut session = Session::new(Dialect::Sqlite);
        let placed = acts.iter().flat_map(|act| play(&mut session, *act)).filter_map(|step| match step {
            Step::Place(changes) => Some(changes.tables().collect::<Vec<_>>().join("+")),
            Step::Release(..) => None,
        });
        assert_eq!(placed.collect::<Vec<_>>(), *expected, "{name}");
    }
}

#[test]
fn reads_use_the_cache_outside_of_transactions_only() {
    let open = Ok(());
    let inside = Err(Bypass::Transaction);
    let particular = Err(Bypass::ParticularSession);
    let cases: &[(&[Act], Result<(), Bypass>)] = &[
        (&[], open),
        (&[UPDATE_A], open),
        (&[Begin(1), Sql("BEGIN")], inside),
        (&[Begin(1), Sql("BEGIN"), Commit(1), Sql("COMMIT")], open),
        (&[Begin(1), Fails("BEGIN")], open),
        (&[Sql("BEGIN")], inside),
        (&[Sql("BEGIN"), Sql("ROLLBACK")], open),
        (&[Sql("SAVEPOINT s")], inside),
        (&[Sql("SAVEPOINT s"), Sql("COMMIT")], open),
        (&[Sql("BEGIN; DELETE FROM a")], inside),
        (&[Sql("BEGIN; DELETE FROM a; COMMIT")], open),
        (&[Sql("PRAGMA foreign_keys = ON")], open),
        (&[Sql("PRAGMA case_sensitive_like = ON")], particular),
        (&[Sql("ATTACH 'x.db' AS x")], particular),
        (&[Sql("CREATE TEMP TABLE a (x)")], particular),
    ];
    for (acts, expected) in cases {
        let mut session = Session::new(Dialect::Sqlite);
        released(&mut session, acts);
        assert_eq!(session.gate(), *expected, "{acts:?}");
    }
}

#[test]
fn a_connection_with_attached_databases_reaches_all_of_them() {
    let mut session = Session::new(Dialect::Sqlite);
    assert_eq!(released(&mut session, &[Sql("ATTACH 'x.db' AS x"), UPDATE_A, Own("b")]), ["a+*", "b+*"]);
}

#[test]
fn a_manager_tells_exactly_what_it_wrote() {
    let mut session = Session::new(Dialect::Sqlite);
    session.announce(&changes_of("a"));
    session.start();
    assert_eq!(session.finish(Finish::Ok), None);
    let exact = changes_of("b");
    let step = session.settle_own(Some(&exact)).unwrap();
    assert_eq!(described(step).as_deref(), Some("b"));
}

#[test]
fn a_managers_write_that_panics_counts_as_announced() {
    let mut session = Session::new(Dialect::Sqlite);
    session.announce(&changes_of("a"));
    session.start();
    let step = session.settle_own(None).unwrap();
    assert_eq!(described(step).as_deref(), Some("a"));
}

#[test]
fn diesel_knows_better_whether_a_transaction_is_open() {
    let mut session = Session::new(Dialect::Sqlite);
    released(&mut session, &[Begin(1), Sql("BEGIN"), UPDATE_A]);
    let step = session.note_no_transaction().unwrap();
    assert_eq!(described(step).as_deref(), Some("a"));
    assert_eq!(session.gate(), Ok(()));
}
