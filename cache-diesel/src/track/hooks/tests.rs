//! Tests histories of one connection: which hooks are called, and when.

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;
use diesel::result::{DatabaseErrorKind, Error};

use super::WaitingHooks;
use crate::scan::{Dialect, effects};
use crate::track::session::{Finish, Session};

/// One thing that happens on the connection.
#[derive(Clone, Copy, Debug)]
enum Act {
    Begin(u32),
    Commit(u32),
    CommitFails,
    Fails(DatabaseErrorKind),
    Rollback(u32),
    Sql(&'static str),
    /// A manager's write of this number.
    Write(u32),
}
use Act::{Begin, Commit, CommitFails, Fails, Rollback, Sql, Write};

struct Scene {
    dialect: Dialect,
    session: Session,
    waiting: WaitingHooks<u32>,
}

impl Scene {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, session: Session::new(dialect), waiting: WaitingHooks::default() }
    }

    /// The writes that were told of, in order.
    fn play(&mut self, acts: &[Act]) -> Vec<u32> {
        acts.iter().flat_map(|act| self.act(*act)).collect()
    }

    fn act(&mut self, act: Act) -> Vec<u32> {
        match act {
            Begin(depth) => {
                self.waiting.begin(depth);
                self.session.begin(depth);
                self.finish(Finish::Ok)
            }
            Commit(depth) => {
                self.session.commit(depth);
                self.finish(Finish::Ok)
            }
            CommitFails => {
                self.session.commit(1);
                self.finish(Finish::Failed)
            }
            Fails(kind) => {
                self.waiting.note_failure(&Error::DatabaseError(kind, Box::new(String::new())), self.dialect);
                self.finish(Finish::Failed)
            }
            Rollback(depth) => {
                self.waiting.roll_back(depth);
                self.session.roll_back(depth);
                self.finish(Finish::Ok)
            }
            Sql(sql) => self.run(sql),
            Write(number) => self.write(number),
        }
    }

    fn run(&mut self, sql: &str) -> Vec<u32> {
        effects(sql, self.dialect, &mut |effect| self.session.read_along(&effect, &Tables::default()));
        self.waiting.read_along(self.session.controls());
        self.session.start_next();
        self.finish(Finish::Ok)
    }

    fn write(&mut self, number: u32) -> Vec<u32> {
        let mut changes = ChangeSet::new();
        changes.add("notes", &Change::Change, &Tables::default());
        self.session.announce(&changes);
        self.session.start_next();
        let mut told = self.finish(Finish::Ok);
        self.session.settle_own(None);
        told.extend(self.waiting.add(vec![number], &self.session));
        told
    }

    fn finish(&mut self, finish: Finish) -> Vec<u32> {
        let step = self.session.finish_newest(finish);
        self.waiting.finish(step.as_ref(), finish, &self.session)
    }
}

const EVERY: [Dialect; 3] = [Dialect::Mysql, Dialect::Postgres, Dialect::Sqlite];
const UNIQUE: Act = Fails(DatabaseErrorKind::UniqueViolation);
const DEADLOCK: Act = Fails(DatabaseErrorKind::Unknown);

#[test]
fn writes_are_told_of_once_they_are_committed() {
    let cases: &[(&[Act], &[u32])] = &[
        (&[Write(1), Write(2)], &[1, 2]),
        (&[Begin(1), Write(1), Write(2)], &[]),
        (&[Begin(1), Write(1), Write(2), Commit(1), Write(3)], &[1, 2, 3]),
        (&[Begin(1), Write(1), Rollback(1), Write(2)], &[2]),
        (&[Begin(1), Write(1), CommitFails, Rollback(1)], &[]),
        (&[Begin(1), Write(1), CommitFails, Rollback(1), Begin(1), Write(2), Commit(1)], &[2]),
        (&[Begin(1), Write(1), Begin(2), Write(2), Rollback(2), Write(3), Commit(1)], &[1, 3]),
        (&[Begin(1), Begin(2), Write(1), Commit(2), Write(2), Commit(1)], &[1, 2]),
        (&[Begin(1), Begin(2), Write(1), Begin(3), Write(2), Commit(3), Rollback(2), Write(3), Commit(1)], &[3]),
        (&[Begin(1), Begin(2), Write(1), Commit(2), Begin(2), Write(2), Rollback(2), Commit(1)], &[1]),
        (&[Sql("BEGIN"), Write(1), Sql("COMMIT")], &[1]),
        (&[Sql("BEGIN"), Write(1), Sql("ROLLBACK"), Write(2)], &[2]),
        (
            &[Sql("BEGIN"), Write(1), Sql("SAVEPOINT a"), Write(2), Sql("ROLLBACK TO a"), Write(3), Sql("COMMIT")],
            &[1, 3],
        ),
        // Which savepoint it goes back to is not read.
        (&[Begin(1), Sql("SAVEPOINT a"), Write(1), Sql("SAVEPOINT b"), Sql("ROLLBACK TO b"), Commit(1)], &[]),
        (&[Begin(1), Sql("SAVEPOINT a"), Write(1), Sql("RELEASE SAVEPOINT a"), Commit(1)], &[1]),
        (&[Begin(1), Write(1), Sql("ROLLBACK"), Commit(1)], &[]),
    ];
    for dialect in EVERY {
        for (acts, told) in cases {
            assert_eq!(Scene::new(dialect).play(acts), *told, "{dialect:?} {acts:?}");
        }
    }
}

#[test]
fn a_savepoint_that_is_gone_leaves_no_mark() {
    let acts = [
        Begin(1),
        Write(1),
        Begin(2),
        Write(2),
        Sql("SAVEPOINT a"),
        Rollback(2),
        Sql("SAVEPOINT b"),
        Write(3),
        Sql("ROLLBACK TO b"),
        Commit(1),
    ];
    assert_eq!(Scene::new(Dialect::Postgres).play(&acts), [1]);
}

#[test]
fn statements_that_fail_end_what_the_database_ends() {
    let cases: &[(Dialect, &[Act], &[u32])] = &[
        // A COMMIT of an aborted transaction is a rollback.
        (Dialect::Postgres, &[Begin(1), Write(1), UNIQUE, Commit(1)], &[]),
        (Dialect::Postgres, &[Begin(1), Write(1), Begin(2), Write(2), UNIQUE, Rollback(2), Commit(1)], &[1]),
        (Dialect::Postgres, &[Begin(1), UNIQUE, Rollback(1), Begin(1), Write(1), Commit(1)], &[1]),
        (Dialect::Postgres, &[Begin(1), Sql("SAVEPOINT a"), UNIQUE, Sql("ROLLBACK TO a"), Write(1), Commit(1)], &[1]),
        (Dialect::Mysql, &[Begin(1), Write(1), UNIQUE, Write(2), Commit(1)], &[1, 2]),
        (Dialect::Mysql, &[Begin(1), Write(1), DEADLOCK, Write(2), Commit(1)], &[2]),
        (Dialect::Sqlite, &[Begin(1), Write(1), UNIQUE, Write(2), Commit(1)], &[1, 2]),
        (Dialect::Sqlite, &[Begin(1), Write(1), DEADLOCK, CommitFails, Rollback(1)], &[]),
    ];
    for (dialect, acts, told) in cases {
        assert_eq!(Scene::new(*dialect).play(acts), *told, "{dialect:?} {acts:?}");
    }
}

#[test]
fn without_autocommit_a_commit_is_waited_for() {
    let acts = [Sql("SET autocommit = 0"), Write(1), Sql("ROLLBACK"), Write(2), Sql("COMMIT"), Write(3)];
    assert_eq!(Scene::new(Dialect::Mysql).play(&acts), [2]);
}

#[test]
fn what_is_prepared_is_not_told_of() {
    let acts = [Sql("BEGIN"), Write(1), Sql("PREPARE TRANSACTION 'a'"), Write(2)];
    assert_eq!(Scene::new(Dialect::Postgres).play(&acts), [2]);
}
