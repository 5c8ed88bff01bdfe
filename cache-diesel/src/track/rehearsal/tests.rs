//! Tests the session in a test transaction: depths count it, so that an inner one has depth 2.

use cache_core::Bypass;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;

use super::{Cue, Rehearsal};
use crate::scan::{Dialect, effects};
use crate::track::session::{Finish, Session, Step, Words};

/// One thing that happens in the test transaction.
#[derive(Clone, Copy, Debug)]
enum Act {
    Begin(u32),
    Commit(u32),
    Rollback(u32),
    Sql(&'static str),
    Fails(&'static str),
    /// What a manager announces, without an exact result.
    Own(&'static str),
}
use Act::{Begin, Commit, Fails, Own, Rollback, Sql};

/// A connection in a test transaction.
struct Scene {
    real: Session,
    rehearsal: Rehearsal,
    is_over: bool,
}

impl Scene {
    fn new(dialect: Dialect) -> Self {
        let mut real = Session::new(dialect);
        real.begin(1);
        assert_eq!(real.finish_newest(Finish::Ok), None);
        let rehearsal = Rehearsal::of(&real);
        Self { real, rehearsal, is_over: false }
    }

    /// What was released in the rehearsal, in order.
    fn play(&mut self, acts: &[Act]) -> Vec<String> {
        acts.iter().flat_map(|act| self.act(*act)).filter_map(described).collect()
    }

    fn act(&mut self, act: Act) -> Vec<Step> {
        match act {
            Begin(depth) => self.rehearsal.begin(depth),
            Commit(depth) => return self.rehearsal.commit(depth).into_iter().collect(),
            Rollback(depth) => self.rehearsal.roll_back(depth),
            Sql(sql) => return self.run(sql, Finish::Ok),
            Fails(sql) => return self.run(sql, Finish::Failed),
            Own(table) => {
                let mut changes = ChangeSet::new();
                changes.add(table, &Change::Change, &Tables::default());
                self.real.announce(&changes);
                let mut steps = self.start_and_finish(Finish::Ok);
                steps.extend(self.rehearsal.settle_own(None));
                self.real.settle_own(None);
                return steps;
            }
        }
        Vec::new()
    }

    fn run(&mut self, sql: &str, finish: Finish) -> Vec<Step> {
        effects(sql, Dialect::Sqlite, &mut |effect| self.real.read_along(&effect, &Tables::default()));
        if sql.contains("RETURNING") {
            self.real.note_returning();
        }
        self.start_and_finish(finish)
    }

    fn start_and_finish(&mut self, finish: Finish) -> Vec<Step> {
        let ticket = self.real.issue();
        let started = match self.rehearsal.start(&self.real, ticket, Words::Unread) {
            _ if self.is_over => None,
            Cue::GoesOn(step) => step,
            Cue::Over => {
                self.is_over = true;
                None
            }
        };
        self.real.start(ticket, Words::Unread);
        let finished = if self.is_over { None } else { self.rehearsal.finish(ticket, finish) };
        self.real.finish(ticket, finish);
        started.into_iter().chain(finished).collect()
    }
}

fn described(step: Step) -> Option<String> {
    let Step::Release(changes, ..) = step else { return None };
    let everything = changes.is_wide().then_some("*");
    Some(changes.tables().chain(everything).collect::<Vec<_>>().join("+"))
}

const UPDATE_A: Act = Sql("UPDATE a SET x = 1");
const UPDATE_B: Act = Sql("UPDATE b SET x = 1");
const SAVEPOINT: Act = Sql("SAVEPOINT diesel_savepoint_1");
const RELEASE: Act = Sql("RELEASE SAVEPOINT diesel_savepoint_1");
const ROLL_BACK: Act = Sql("ROLLBACK TO SAVEPOINT diesel_savepoint_1");

#[test]
fn what_is_inside_takes_effect_as_if_the_test_transaction_were_not_there() {
    let cases: &[(&str, &[Act], &[&str])] = &[
        ("a statement by itself", &[UPDATE_A, Sql("SELECT 1"), UPDATE_B], &["a", "b"]),
        ("a failed one counts", &[Fails("UPDATE a SET x = 1")], &["a"]),
        ("what is not understood", &[Sql("ALTER TABLE a ADD COLUMN y"), UPDATE_A], &["*", "a"]),
        ("a manager's write", &[Own("a")], &["a"]),
        ("a transaction", &[Begin(2), SAVEPOINT, UPDATE_A, Own("b"), Commit(2), RELEASE, UPDATE_A], &["a+b", "a"]),
        ("a rollback", &[Begin(2), SAVEPOINT, UPDATE_A, Rollback(2), ROLL_BACK, UPDATE_B], &["b"]),
        (
            "a rollback of what may have committed by itself",
            &[Begin(2), SAVEPOINT, UPDATE_A, Sql("CREATE INDEX i ON a (x)"), Rollback(2), ROLL_BACK],
            &["a+*", "a+*"],
        ),
        (
            "a doubt from before the transaction is none",
            &[Sql("CREATE TABLE c (x)"), Begin(2), SAVEPOINT, UPDATE_A, Rollback(2), ROLL_BACK],
            &["*"],
        ),
        (
            "a savepoint in a transaction",
            &[
                Begin(2),
                SAVEPOINT,
                Begin(3),
                Sql("SAVEPOINT diesel_savepoint_2"),
                UPDATE_A,
                Rollback(3),
                Sql("ROLLBACK TO SAVEPOINT diesel_savepoint_2"),
                UPDATE_B,
                Commit(2),
                RELEASE,
            ],
            &["a+b"],
        ),
        (
            "a RELEASE that fails",
            &[Begin(2), SAVEPOINT, UPDATE_A, Commit(2), Fails("RELEASE SAVEPOINT diesel_savepoint_1")],
            &["a"],
        ),
        ("a SAVEPOINT that fails", &[Begin(2), Fails("SAVEPOINT diesel_savepoint_1"), UPDATE_A], &["a"]),
    ];
    for (name, acts, expected) in cases {
        let mut scene = Scene::new(Dialect::Sqlite);
        assert_eq!(scene.play(acts), *expected, "{name}");
        assert!(!scene.is_over, "{name}");
    }
}

#[test]
fn the_connection_gathers_all_of_it_for_a_commit_that_should_not_come() {
    let mut scene = Scene::new(Dialect::Sqlite);
    scene.play(&[UPDATE_A, Begin(2), SAVEPOINT, UPDATE_B, Commit(2), RELEASE, Own("c")]);
    let Some(Step::Place(placed)) = scene.real.commit(1) else { panic!("nothing was gathered") };
    assert_eq!(placed.tables().collect::<Vec<_>>(), ["a", "b", "c"]);
    let released = scene.real.finish_newest(Finish::Ok).and_then(described);
    assert_eq!(released.as_deref(), Some("a+b+c"));
}

#[test]
fn reads_use_the_cache_outside_of_the_transactions_inside() {
    let inside = Err(Bypass::Transaction);
    let cases: &[(&[Act], Result<(), Bypass>)] = &[
        (&[], Ok(())),
        (&[UPDATE_A], Ok(())),
        (&[Begin(2)], inside),
        (&[Begin(2), SAVEPOINT], inside),
        (&[Begin(2), SAVEPOINT, Commit(2), RELEASE], Ok(())),
        (&[Begin(2), SAVEPOINT, Rollback(2), ROLL_BACK], Ok(())),
        (&[Begin(2), SAVEPOINT, Begin(3), Sql("SAVEPOINT diesel_savepoint_2")], inside),
        (&[Begin(2), SAVEPOINT, Commit(2), Fails("RELEASE SAVEPOINT diesel_savepoint_1")], inside),
        (&[Begin(2), Fails("SAVEPOINT diesel_savepoint_1")], Ok(())),
        (&[Sql("PRAGMA case_sensitive_like = ON")], Err(Bypass::ParticularSession)),
    ];
    for (acts, expected) in cases {
        let mut scene = Scene::new(Dialect::Sqlite);
        scene.play(acts);
        assert_eq!(scene.rehearsal.gate(), *expected, "{acts:?}");
    }
}

#[test]
fn transaction_control_by_hand_ends_it() {
    let controls = [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "RELEASE s",
        "ROLLBACK TO s",
        "UPDATE a SET x = 1; COMMIT",
        "BEGIN; UPDATE a SET x = 1; COMMIT",
    ];
    for sql in controls {
        let mut scene = Scene::new(Dialect::Sqlite);
        assert_eq!(scene.play(&[Sql(sql)]), Vec::<String>::new(), "{sql}");
        assert!(scene.is_over, "{sql}");
        let mut scene = Scene::new(Dialect::Sqlite);
        scene.play(&[Begin(2), SAVEPOINT, UPDATE_A, Sql(sql)]);
        assert!(scene.is_over, "{sql}, in a transaction");
    }
}

#[test]
fn what_was_cached_before_a_failure_is_in_doubt() {
    const RETURNING: Act = Sql("INSERT INTO a VALUES (1) RETURNING x");
    let cases: &[(Dialect, &[Act], bool)] = &[
        (Dialect::Sqlite, &[UPDATE_A, Begin(2), SAVEPOINT, Rollback(2), ROLL_BACK], false),
        (Dialect::Sqlite, &[Fails("INSERT INTO a VALUES (1)")], true),
        (Dialect::Postgres, &[Fails("INSERT INTO a VALUES (1)")], true),
        (Dialect::Sqlite, &[Fails("SELECT 1")], true),
        (Dialect::Sqlite, &[Begin(2), SAVEPOINT, Fails("UPDATE a SET x = 1"), Rollback(2), ROLL_BACK], true),
        (Dialect::Sqlite, &[RETURNING], true),
        (Dialect::Postgres, &[RETURNING], false),
    ];
    for (dialect, acts, expected) in cases {
        let mut scene = Scene::new(*dialect);
        scene.play(acts);
        assert_eq!(scene.rehearsal.take_doubt(), *expected, "{dialect:?} {acts:?}");
        assert!(!scene.rehearsal.take_doubt(), "it is asked once");
    }
}

#[test]
fn a_session_of_its_own_kind_stays_one() {
    let mut real = Session::new(Dialect::Sqlite);
    effects("PRAGMA case_sensitive_like = ON", Dialect::Sqlite, &mut |effect| {
        real.read_along(&effect, &Tables::default());
    });
    real.finish_newest(Finish::Ok);
    assert_eq!(Rehearsal::of(&real).gate(), Err(Bypass::ParticularSession));
}
