//! Tests the session by tables: statements in, steps out.

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;
use cache_core::{Bypass, WriteEnd};

use super::{Finish, Session, Step, Words};
use crate::scan::{Dialect, effects};

/// Statements one after the other.
impl Session {
    /// The statement that was read along begins.
    pub(crate) fn start_next(&mut self) -> Option<Step> {
        let ticket = self.issue();
        if self.is_at_boundary() {
            self.start_control(ticket, Words::Unread);
            return None;
        }
        self.start(ticket, Words::Unread)
    }

    /// The statement that began last ends, if there is one; if there is none, it begins and ends.
    pub(crate) fn finish_newest(&mut self, finish: Finish) -> Option<Step> {
        if self.ended(|| Words::Unread).is_none() {
            self.start_next();
        }
        self.ended(|| Words::Unread).and_then(|ticket| self.finish(ticket, finish))
    }
}

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
    /// Work begins that names the table it writes.
    Declare(&'static str),
    /// The work that was declared last is over.
    Declared,
    Close,
}
use Act::{Begin, Close, Commit, Declare, Declared, Fails, Lost, Own, Rollback, Sql};

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
    let mark = if ending == WriteEnd::Unknown { "?" } else { "" };
    Some(tables.join("+") + mark)
}

fn play(session: &mut Session, act: Act) -> Vec<Step> {
    let mut steps = Vec::new();
    match act {
        Begin(depth) => steps.extend(session.begin(depth)),
        Commit(depth) => steps.extend(session.commit(depth)),
        Rollback(depth) => session.roll_back(depth),
        Sql(sql) => steps.extend(run(session, sql, Finish::Ok)),
        Fails(sql) => steps.extend(run(session, sql, Finish::Failed)),
        Lost(sql) => steps.extend(run(session, sql, Finish::Lost)),
        Own(table) => {
            session.announce(&changes_of(table));
            steps.extend(session.start_next());
            steps.extend(session.finish_newest(Finish::Ok));
            steps.extend(session.settle_own(None));
        }
        Declare(table) => steps.extend(session.declare(&changes_of(table))),
        Declared => steps.extend(session.end_declared()),
        Close => steps.extend(session.close()),
    }
    steps
}

fn run(session: &mut Session, sql: &str, finish: Finish) -> Vec<Step> {
    if !session.is_at_boundary() {
        let dialect = session.dialect;
        effects(sql, dialect, &mut |effect| session.read_along(&effect, &Tables::default()));
        if sql.contains("RETURNING") {
            session.note_returning();
        }
    }
    let started = session.start_next();
    started.into_iter().chain(session.finish_newest(finish)).collect()
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
fn on_mysql_autocommit_may_be_off_without_a_word() {
    let cases: &[(&str, &[Act])] = &[
        ("a SET that failed", &[Sql("SET autocommit = 0"), Fails("SET autocommit = 1, unique_checks = 'abc'")]),
        ("a procedure", &[Sql("CALL p()")]),
        ("a text that is run", &[Sql("EXECUTE IMMEDIATE 'SET autocommit = 0'")]),
        ("a statement in a SET", &[Sql("SET STATEMENT lock_wait_timeout = 5 FOR SET autocommit = 0")]),
    ];
    for (name, acts) in cases {
        let mut session = Session::new(Dialect::Mysql);
        released(&mut session, acts);
        released(&mut session, &[Begin(1), Sql("BEGIN"), Commit(1), Sql("COMMIT")]);
        assert!(!released(&mut session, &[UPDATE_A]).is_empty(), "{name}: it may be committed");
        assert_eq!(session.gate(), Err(Bypass::Transaction), "{name}: it may not");
        assert!(!released(&mut session, &[Sql("COMMIT")]).is_empty(), "{name}: now it is");
    }
}

/// MySQL commits by itself, and on the way into a transaction; without autocommit one is always open.
#[test]
fn on_mysql_writes_take_effect_when_they_cannot_be_undone_any_more() {
    let cases: &[(&str, &[Act], &[&str])] = &[
        (
            "Diesel's BEGIN commits what was begun by hand",
            &[Sql("BEGIN"), UPDATE_A, Begin(1), Sql("BEGIN"), UPDATE_B, Rollback(1), Sql("ROLLBACK")],
            &["a"],
        ),
        (
            "Diesel's BEGIN commits what was written without autocommit",
            &[Sql("SET autocommit = 0"), UPDATE_A, Begin(1), Sql("BEGIN"), UPDATE_B, Commit(1), Sql("COMMIT")],
            &["a", "b"],
        ),
        (
            "a BEGIN by hand commits too",
            &[Sql("SET autocommit = 0"), UPDATE_A, Sql("BEGIN"), UPDATE_B, Sql("ROLLBACK"), UPDATE_A, Sql("COMMIT")],
            &["a", "a+b", "a+b", "a"],
        ),
        (
            "without autocommit",
            &[Sql("SET autocommit = 0"), UPDATE_A, Sql("COMMIT"), UPDATE_B, Sql("COMMIT")],
            &["a", "b"],
        ),
        ("autocommit is switched on", &[Sql("SET autocommit = 0"), UPDATE_A, Sql("SET autocommit = 1")], &["a"]),
        (
            "autocommit that is on already, as far as is known, leaves the transaction open",
            &[Sql("BEGIN"), UPDATE_A, Sql("SET autocommit = 1"), UPDATE_B, Sql("COMMIT")],
            &["a", "a+b", "a+b"],
        ),
        ("off and on in a text", &[Sql("SET autocommit = 0; UPDATE a SET x = 1"), Sql("COMMIT")], &["a"]),
        (
            "what follows a COMMIT in a text is open without autocommit",
            &[Sql("SET autocommit = 0"), UPDATE_A, Sql("COMMIT; UPDATE b SET x = 1"), Sql("COMMIT")],
            &["a+b", "a+b"],
        ),
        (
            "a COMMIT that begins the next transaction",
            &[Sql("BEGIN"), UPDATE_A, Sql("COMMIT AND CHAIN"), UPDATE_B, Sql("COMMIT"), UPDATE_A],
            &["a", "b", "a"],
        ),
        (
            "a ROLLBACK that begins the next transaction",
            &[Sql("BEGIN"), UPDATE_A, Sql("ROLLBACK AND CHAIN"), UPDATE_B, Sql("COMMIT")],
            &["b"],
        ),
        (
            "what comes after an implicit COMMIT commits by itself",
            &[Begin(1), Sql("BEGIN"), Sql("CREATE INDEX i ON a (x)"), UPDATE_B, Rollback(1), Sql("ROLLBACK"), UPDATE_A],
            &["*", "b+*", "b+*", "a"],
        ),
        (
            "a procedure may leave a transaction open",
            &[Sql("CALL p()"), UPDATE_A, Sql("COMMIT"), UPDATE_B],
            &["*", "a+*", "a+*", "b"],
        ),
    ];
    for (name, acts, expected) in cases {
        let mut session = Session::new(Dialect::Mysql);
        assert_eq!(released(&mut session, acts), *expected, "{name}");
    }
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
    session.start_next();
    assert_eq!(session.finish_newest(Finish::Ok), None);
    let exact = changes_of("b");
    let step = session.settle_own(Some(&exact)).unwrap();
    assert_eq!(described(step).as_deref(), Some("b"));
}

#[test]
fn a_managers_write_that_panics_counts_as_announced() {
    let mut session = Session::new(Dialect::Sqlite);
    session.announce(&changes_of("a"));
    session.start_next();
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

#[test]
fn what_mysql_commits_by_itself_takes_effect() {
    let cases: &[(&str, &[Act], &[&str])] = &[
        (
            "structure commits, and what follows is in no transaction",
            &[Begin(1), Sql("BEGIN"), UPDATE_A, Sql("CREATE INDEX i ON a (x)"), UPDATE_B],
            &["a+*", "a+b+*"],
        ),
        ("a BEGIN of Diesel's commits", &[Sql("BEGIN"), UPDATE_A, Begin(1), Sql("BEGIN")], &["a"]),
        (
            "and its rollback undoes its own writes only",
            &[Sql("SET autocommit = 0"), UPDATE_A, Begin(1), Sql("BEGIN"), UPDATE_B, Rollback(1), Sql("ROLLBACK")],
            &["a"],
        ),
        ("a BEGIN that fails may have", &[Sql("BEGIN"), UPDATE_A, Begin(1), Fails("BEGIN")], &["a"]),
        ("autocommit that comes on", &[Sql("SET autocommit = 0"), UPDATE_A, Sql("SET autocommit = 1")], &["a"]),
    ];
    for (name, acts, expected) in cases {
        assert_eq!(released(&mut Session::new(Dialect::Mysql), acts), *expected, "{name}");
    }
}

#[test]
fn a_transaction_that_stays_open_counts_at_its_end() {
    use Dialect::{Mysql, Postgres};
    let cases: &[(&str, Dialect, &[Act], &[&str])] = &[
        (
            "autocommit that was on",
            Mysql,
            &[Sql("BEGIN"), UPDATE_A, Sql("SET autocommit = 1"), Sql("COMMIT")],
            &["a", "a"],
        ),
        (
            "autocommit that goes off",
            Mysql,
            &[Sql("BEGIN"), UPDATE_A, Sql("SET autocommit = 0"), Sql("COMMIT")],
            &["a", "a"],
        ),
        ("a chain", Mysql, &[Sql("COMMIT AND CHAIN"), UPDATE_A, Sql("COMMIT")], &["a"]),
        ("a chain that goes on", Postgres, &[Sql("BEGIN"), UPDATE_A, Sql("COMMIT AND CHAIN"), UPDATE_B], &["a"]),
        ("a chain of rollbacks", Postgres, &[Sql("BEGIN"), UPDATE_A, Sql("ROLLBACK AND CHAIN"), UPDATE_B], &[]),
        ("a chain that fails", Postgres, &[Fails("COMMIT AND CHAIN"), UPDATE_A], &["a"]),
    ];
    for (name, dialect, acts, expected) in cases {
        assert_eq!(released(&mut Session::new(*dialect), acts), *expected, "{name}");
    }
}

#[test]
fn reads_bypass_in_a_transaction_that_xa_began() {
    let mut session = Session::new(Dialect::Mysql);
    released(&mut session, &[Sql("XA START 'x'"), UPDATE_A]);
    assert_eq!(session.gate(), Err(Bypass::Transaction));
    assert_eq!(released(&mut session, &[UPDATE_B, Sql("XA COMMIT 'x' ONE PHASE")]).last().unwrap(), "a+b+*");
}

#[test]
fn reads_bypass_in_a_transaction_that_a_chain_began() {
    for sql in ["COMMIT AND CHAIN", "ROLLBACK AND CHAIN"] {
        let mut session = Session::new(Dialect::Postgres);
        released(&mut session, &[Sql("BEGIN"), UPDATE_A, Sql(sql)]);
        assert_eq!(session.gate(), Err(Bypass::Transaction), "{sql}");
    }
}

mod awaited;
mod declared;
mod interleaved;
