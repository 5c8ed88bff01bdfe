//! Statements of an awaited connection whose ends are told early, or never.

use super::*;
use crate::scan::TextHash;
use crate::track::session::{Intents, Ticket};

const QUERY: &str = "SELECT 1";
const RETURNING: &str = "UPDATE a SET x = 1 RETURNING x";
const UPDATE: &str = "UPDATE b SET x = 1";
const BATCH: &str = "ALTER TABLE a ADD COLUMN y INT";
const CALL: &str = "SELECT strange()";

fn session(dialect: Dialect) -> Session {
    Session::new(dialect).awaited()
}

fn start(session: &mut Session, sql: &str) -> Ticket {
    let dialect = session.dialect;
    effects(sql, dialect, &mut |effect| session.read_along(&effect, &Tables::default()));
    if sql.contains("RETURNING") && session.may_answer_early() {
        session.note_returning();
    }
    if session.may_give_rows_back() {
        session.note_form(sql != BATCH);
    }
    let ticket = session.issue();
    session.start(ticket, Words::Read(TextHash::of(sql)));
    ticket
}

/// What is released at the end of `sql`, and how the write goes on.
fn end(session: &mut Session, sql: &str) -> Option<(String, WriteEnd)> {
    let ticket = session.ended(|| Words::Read(TextHash::of(sql)))?;
    let Step::Release(changes, ending, _) = session.finish(ticket, Finish::Ok)? else { return None };
    let mut tables: Vec<&str> = changes.tables().collect();
    if changes.is_wide() {
        tables.push("*");
    }
    Some((tables.join("+"), ending))
}

fn open(tables: &str) -> Option<(String, WriteEnd)> {
    Some((tables.to_owned(), WriteEnd::Open))
}

fn over(tables: &str) -> Option<(String, WriteEnd)> {
    Some((tables.to_owned(), WriteEnd::Over))
}

#[test]
fn a_write_that_gives_rows_back_is_open_until_a_later_statement_is_over() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, RETURNING);
    assert_eq!(end(&mut session, RETURNING), open("a"));
    assert_eq!((session.intents(), session.is_idle()), (Intents::Stand, false));
    start(&mut session, QUERY);
    assert_eq!(end(&mut session, QUERY), over("a"));
    assert_eq!((session.intents(), session.is_idle()), (Intents::End, true));
    start(&mut session, QUERY);
    assert_eq!(end(&mut session, QUERY), None);
}

#[test]
fn a_statement_that_began_before_the_answer_ends_nothing() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, RETURNING);
    start(&mut session, UPDATE);
    assert_eq!(end(&mut session, RETURNING), open("a"));
    assert_eq!(end(&mut session, UPDATE), over("a+b"), "it may have been sent before");
    assert_eq!(session.intents(), Intents::Stand);
    start(&mut session, UPDATE);
    assert_eq!(end(&mut session, UPDATE), over("a+b"));
    assert_eq!(session.intents(), Intents::End);
}

#[test]
fn what_answers_beside_an_older_write_opens_both() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, UPDATE);
    start(&mut session, RETURNING);
    assert_eq!(end(&mut session, RETURNING), open("a+b"));
    assert_eq!(end(&mut session, UPDATE), over("b"));
    start(&mut session, QUERY);
    assert_eq!(end(&mut session, QUERY), over("a"));
}

#[test]
fn a_write_without_an_end_is_waited_for_though_others_have_passed_it() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, UPDATE);
    for _ in 0..7 {
        start(&mut session, QUERY);
        assert_eq!(end(&mut session, QUERY), over("b"));
        assert_eq!(session.intents(), Intents::Stand);
    }
    start(&mut session, QUERY);
    assert_eq!(end(&mut session, QUERY), over("b"));
    assert_eq!((session.intents(), session.is_idle()), (Intents::End, true));
}

#[test]
fn what_is_not_understood_may_answer_early_too() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, CALL);
    assert_eq!(end(&mut session, CALL), open("*"));
    let Some(Step::Release(_, ending, _)) = session.close() else { panic!("nobody knows whether it is over") };
    assert_eq!(ending, WriteEnd::Unknown);
}

#[test]
fn a_connection_that_fails_tells_nothing_of_what_began_before() {
    for dialect in [Dialect::Mysql, Dialect::Postgres] {
        for finish in [Finish::Failed, Finish::Lost] {
            let mut session = session(dialect);
            start(&mut session, UPDATE);
            session.begin(1);
            let begin = session.issue();
            session.start_control(begin, Words::Read(TextHash::of("BEGIN")));
            let step = session.finish(begin, finish);
            assert_eq!(step.and_then(described).as_deref(), Some("b"), "{dialect:?}");
            assert_eq!(session.intents(), Intents::Stand, "{dialect:?}");
        }
    }
    let mut session = session(Dialect::Postgres);
    start(&mut session, RETURNING);
    assert_eq!(end(&mut session, RETURNING), open("a"));
    let ticket = start(&mut session, QUERY);
    assert_eq!(session.finish(ticket, Finish::Lost).and_then(described).as_deref(), Some("a"));
    assert_eq!(session.intents(), Intents::Stand);
}

#[test]
fn a_batch_has_ended_when_its_end_is_told() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, BATCH);
    assert_eq!(end(&mut session, BATCH), over("*"));
}

#[test]
fn only_postgres_answers_early_and_only_where_statements_are_awaited() {
    for dialect in [Dialect::Mysql, Dialect::Sqlite] {
        let mut session = session(dialect);
        start(&mut session, RETURNING);
        assert_eq!(end(&mut session, RETURNING), over("a"), "{dialect:?}");
    }
    let mut session = session(Dialect::Postgres);
    start(&mut session, RETURNING);
    session.note_blocking();
    assert_eq!(end(&mut session, RETURNING), over("a"));
}

#[test]
fn in_a_transaction_the_commit_is_what_counts() {
    let mut session = session(Dialect::Postgres);
    released(&mut session, &[Begin(1), Sql("BEGIN")]);
    start(&mut session, RETURNING);
    assert_eq!(end(&mut session, RETURNING), None);
    session.commit(1);
    assert_eq!(released(&mut session, &[Sql("COMMIT")]), ["a"]);
    assert_eq!(session.intents(), Intents::End);
}

#[test]
fn a_transaction_that_begins_later_ends_what_answered() {
    let mut session = session(Dialect::Postgres);
    start(&mut session, RETURNING);
    assert_eq!(end(&mut session, RETURNING), open("a"));
    assert_eq!(released(&mut session, &[Begin(1), Sql("BEGIN")]), ["a"]);
}
