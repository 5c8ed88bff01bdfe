//! Two statements of one connection, in every order in which they can begin and end.

use cache_core::{Bypass, Database, KeyBytes};

use super::*;
use crate::scan::TextHash;
use crate::track::session::{Intents, Ticket};

/// What a statement is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Ask,
    Begin,
    LookUp,
    Own(&'static str),
    Read,
    Savepoint,
    Update(&'static str),
}
use What::{Ask, LookUp, Own as Tell, Read, Savepoint, Update};

impl What {
    fn sql(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            LookUp => "SELECT oid FROM pg_type",
            Ask | Read => "SELECT 1",
            Savepoint => "SAVEPOINT s",
            Tell("a") => "INSERT INTO a VALUES (1)",
            Tell(_) => "INSERT INTO b VALUES (1)",
            Update("a") => "UPDATE a SET x = 1",
            Update(_) => "UPDATE b SET x = 1",
        }
    }

    fn table(self) -> Option<&'static str> {
        match self {
            Tell(table) | Update(table) => Some(table),
            _ => None,
        }
    }
}

/// The first statement begins or ends, or the second.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    S0,
    E0,
    S1,
    E1,
}
use At::{E0, E1, S0, S1};

const SEQUENTIAL: &[At] = &[S0, E0, S1, E1];
const NESTED: &[At] = &[S0, S1, E1, E0];
const INTERLEAVED: &[At] = &[S0, S1, E0, E1];
const FIRST_WITHOUT_END: &[At] = &[S0, S1, E1];
const SECOND_WITHOUT_END: &[At] = &[S0, S1, E0];
const SECOND_WITHOUT_END_AFTER_FIRST: &[At] = &[S0, E0, S1];
const WITHOUT_ENDS: &[At] = &[S0, S1];
const ORDERS: &[&[At]] = &[
    SEQUENTIAL,
    NESTED,
    INTERLEAVED,
    FIRST_WITHOUT_END,
    SECOND_WITHOUT_END,
    SECOND_WITHOUT_END_AFTER_FIRST,
    WITHOUT_ENDS,
];

/// A connection, as its tracker sees it.
struct Scene {
    session: Session,
    open: Vec<(What, Ticket)>,
}

impl Scene {
    fn new(dialect: Dialect) -> Self {
        Self { session: Session::new(dialect), open: Vec::new() }
    }

    fn start(&mut self, what: What) -> Option<Step> {
        let ticket = self.session.issue();
        let words = Words::Read(TextHash::of(what.sql()));
        let read = |session: &mut Session, sql| {
            effects(sql, session.dialect, &mut |effect| session.read_along(&effect, &Tables::default()));
            words
        };
        let of_known = if self.session.is_alone() { Words::Unread } else { words };
        let words = match what {
            Ask => {
                self.session.ask();
                of_known
            }
            Tell(table) => {
                self.session.announce(&changes_of(table));
                of_known
            }
            LookUp => {
                self.session.note_look_up();
                words
            }
            _ => read(&mut self.session, what.sql()),
        };
        self.open.push((what, ticket));
        self.session.start(ticket, words)
    }

    /// An end, as Diesel tells it: with the text alone.
    fn end(&mut self, what: What) -> Vec<Step> {
        let mut steps = Vec::new();
        let ended = self.session.ended(|| Words::Read(TextHash::of(what.sql())));
        let ticket = ended.unwrap_or_else(|| {
            steps.extend(self.start(what));
            self.open.pop().unwrap().1
        });
        steps.extend(self.session.finish(ticket, Finish::Ok));
        steps.extend(self.settle(what));
        steps
    }

    /// What a manager does when its statement is over, however that ended.
    fn settle(&mut self, what: What) -> Option<Step> {
        match what {
            Tell(_) => self.session.settle_own(None),
            Ask => {
                self.session.end_asking();
                None
            }
            _ => None,
        }
    }

    /// What is released at each of `order`, and at last when somebody has the connection for himself.
    fn play(&mut self, first: What, second: What, order: &[At]) -> Vec<Vec<String>> {
        let mut told: Vec<Vec<String>> = order
            .iter()
            .map(|at| {
                let steps = match at {
                    S0 => self.start(first).into_iter().collect(),
                    S1 => self.start(second).into_iter().collect(),
                    E0 => self.end(first),
                    E1 => self.end(second),
                };
                steps.into_iter().filter_map(described).collect()
            })
            .collect();
        let unended = [(first, E0), (second, E1)].into_iter().filter(|(_, end)| !order.contains(end));
        let settled: Vec<Step> = unended.filter_map(|(what, _)| self.settle(what)).collect();
        let abandoned = self.session.abandon();
        told.push(settled.into_iter().chain(abandoned).filter_map(described).collect());
        told
    }
}

fn names(released: &[String], table: &str) -> bool {
    released.iter().any(|released| released.split('+').any(|name| name == table || name == "*"))
}

const STATEMENTS: &[What] = &[Ask, LookUp, Tell("a"), Tell("b"), Read, Update("a"), Update("b")];
const DIALECTS: &[Dialect] = &[Dialect::Mysql, Dialect::Postgres, Dialect::Sqlite];

/// Every case: a dialect, two statements, and the order of what happens to them.
fn cases() -> impl Iterator<Item = (Dialect, What, What, &'static [At])> {
    let pairs = STATEMENTS.iter().flat_map(|first| STATEMENTS.iter().map(move |second| (*first, *second)));
    let dialects = pairs.flat_map(|pair| DIALECTS.iter().map(move |dialect| (*dialect, pair)));
    dialects.flat_map(|(dialect, (first, second))| ORDERS.iter().map(move |order| (dialect, first, second, *order)))
}

#[test]
fn each_write_counts_at_its_own_end_or_when_nobody_waits_for_that_any_more() {
    each_counts(Session::new);
}

#[test]
fn each_awaited_write_counts_at_its_own_end_or_when_nobody_waits_for_that_any_more() {
    each_counts(|dialect| Session::new(dialect).awaited());
}

fn each_counts(session: fn(Dialect) -> Session) {
    for (dialect, first, second, order) in cases() {
        let told = Scene { session: session(dialect), open: Vec::new() }.play(first, second, order);
        for (what, end) in [(first, E0), (second, E1)] {
            let Some(table) = what.table() else { continue };
            let place = order.iter().position(|at| *at == end).unwrap_or(order.len());
            let is_told = if order.contains(&end) {
                names(&told[place], table)
            } else {
                let start = if end == E0 { S0 } else { S1 };
                let begun = order.iter().position(|at| *at == start).unwrap();
                told[begun..].iter().any(|released| names(released, table))
            };
            assert!(is_told, "{dialect:?}, {first:?} and {second:?} in {order:?}: {table} in {told:?}");
        }
    }
}

#[test]
fn what_nobody_wrote_is_not_released() {
    for (dialect, first, second, order) in cases() {
        let told = Scene::new(dialect).play(first, second, order).concat();
        for table in ["a", "b"] {
            let is_written = [first, second].iter().any(|what| what.table() == Some(table));
            assert!(is_written || !names(&told, table), "{dialect:?}, {first:?} and {second:?} in {order:?}: {told:?}");
        }
    }
}

#[test]
fn what_ends_in_turn_counts_once() {
    let is_in_turn = |first: What, second: What, order: &[At]| match order {
        SEQUENTIAL | INTERLEAVED => true,
        NESTED => second == LookUp || first.table().is_none(),
        _ => false,
    };
    for (dialect, first, second, order) in cases() {
        // Equal texts cannot be told apart, and a manager's statements only one after the other.
        let is_told_apart = first.sql() != second.sql() && !matches!((first, second), (Tell(_), Tell(_)));
        if !is_in_turn(first, second, order) || (order != SEQUENTIAL && !is_told_apart) {
            continue;
        }
        let told = Scene::new(dialect).play(first, second, order).concat();
        let count = |table| told.iter().filter(|released| names(core::slice::from_ref(released), table)).count();
        for table in ["a", "b"] {
            let written = [first, second].iter().filter(|what| what.table() == Some(table)).count();
            assert_eq!(count(table), written, "{dialect:?}, {first:?} and {second:?} in {order:?}: {told:?}");
        }
    }
}

#[test]
fn intents_stand_until_the_last_writer_is_over() {
    for (dialect, first, second, order) in cases() {
        let mut scene = Scene::new(dialect);
        scene.play(first, second, order);
        assert_eq!(scene.session.intents(), Intents::End, "{dialect:?}, {first:?} and {second:?} in {order:?}");
        assert!(scene.session.is_idle(), "{dialect:?}, {first:?} and {second:?} in {order:?}");
    }
    let mut scene = Scene::new(Dialect::Postgres);
    scene.start(Update("a"));
    scene.start(LookUp);
    scene.end(LookUp);
    assert_eq!(scene.session.intents(), Intents::Stand);
    assert!(!scene.session.is_idle());
}

#[test]
fn in_a_transaction_all_of_it_counts_with_the_commit() {
    for (dialect, first, second, order) in cases() {
        for (end, boundary) in [
            ("COMMIT", Session::commit as fn(&mut Session, u32) -> Option<Step>),
            ("ROLLBACK", |session, depth| {
                session.roll_back(depth);
                None
            }),
        ] {
            let mut scene = Scene::new(dialect);
            released(&mut scene.session, &[Begin(1), Sql("BEGIN")]);
            let before = scene.play(first, second, order).concat();
            assert_eq!(before, [""; 0], "{dialect:?}, {first:?} and {second:?} in {order:?}");
            boundary(&mut scene.session, 1);
            let at_end = released(&mut scene.session, &[Sql(end)]);
            for table in [first, second].into_iter().filter_map(What::table) {
                let is_told = names(&at_end, table);
                assert_eq!(is_told, end == "COMMIT", "{dialect:?}, {first:?} and {second:?} in {order:?}: {at_end:?}");
            }
            assert_eq!(scene.session.gate(), Ok(()));
        }
    }
}

/// Without an end between the two nobody tells whether the control was in time: then it counts at once and at the end.
#[test]
fn beside_transaction_control_nothing_is_lost() {
    for control in [What::Begin, Savepoint] {
        for (dialect, write, _, order) in cases().filter(|(_, what, _, _)| what.table().is_some()) {
            for (first, second) in [(write, control), (control, write)] {
                let mut scene = Scene::new(dialect);
                let mut told = scene.play(first, second, order);
                told.push(released(&mut scene.session, &[Sql("COMMIT")]));
                let (start, end) = if first == write { (S0, E0) } else { (S1, E1) };
                let since =
                    order.iter().position(|at| *at == end).or(order.iter().position(|at| *at == start)).unwrap();
                let table = write.table().unwrap();
                let is_told = names(&told[since..].concat(), table);
                assert!(is_told, "{dialect:?}, {first:?} and {second:?} in {order:?}: {told:?}");
                assert_eq!(scene.session.gate(), Ok(()), "{dialect:?}, {first:?} and {second:?} in {order:?}");
            }
        }
    }
}

#[test]
fn reads_bypass_in_a_transaction_whose_begin_was_beside_others() {
    for (dialect, what, _, order) in cases().filter(|(.., order)| order.contains(&E0)) {
        let mut scene = Scene::new(dialect);
        scene.play(What::Begin, what, order);
        assert_eq!(scene.session.gate(), Err(Bypass::Transaction), "{dialect:?}, {what:?} in {order:?}");
    }
}

/// A name, two statements and their order, and what is released at each place: on PostgreSQL, and elsewhere.
type InFull = (&'static str, What, What, &'static [At], &'static str, &'static str);

/// The steps in full, for PostgreSQL, where statements overlap, and for the others.
#[test]
fn an_end_belongs_to_the_statement_whose_it_is() {
    const UPDATE_A: What = Update("a");
    const UPDATE_B: What = Update("b");
    let cases: &[InFull] = &[
        ("one after the other", UPDATE_A, UPDATE_B, SEQUENTIAL, ".|a|.|b|.", ".|a|.|b|."),
        ("a type is looked up", UPDATE_A, LookUp, NESTED, ".|.|.|a|.", ".|.|.|a|."),
        ("a type is looked up for a query", Read, LookUp, NESTED, ".|.|.|.|.", ".|.|.|.|."),
        ("a type is looked up for a manager", Tell("a"), LookUp, NESTED, ".|.|.|a|.", ".|.|.|a|."),
        ("another query in it", UPDATE_A, Read, NESTED, ".|.|a|a|.", ".|.|a|a|."),
        ("another write in it", UPDATE_A, UPDATE_B, NESTED, ".|.|a+b|a|.", ".|.|a+b|a|."),
        ("in the order of a pipeline", UPDATE_A, UPDATE_B, INTERLEAVED, ".|.|a|b|.", ".|.|a|b|."),
        ("a pipelined query first", Read, UPDATE_A, INTERLEAVED, ".|.|.|a|.", ".|.|.|a|."),
        ("the same text twice", UPDATE_A, UPDATE_A, INTERLEAVED, ".|.|a|a|.", ".|.|a|a|."),
        ("the first fails early", UPDATE_A, UPDATE_B, FIRST_WITHOUT_END, ".|.|a+b|a", ".|.|a+b|."),
        ("a query that fails early", Read, UPDATE_B, FIRST_WITHOUT_END, ".|.|b|.", ".|.|b|."),
        ("the second fails early", UPDATE_A, UPDATE_B, SECOND_WITHOUT_END, ".|.|a|b", ".|.|a|b"),
        ("a look-up fails early", UPDATE_A, LookUp, SECOND_WITHOUT_END, ".|.|a|.", ".|.|a|."),
        ("both fail early", UPDATE_A, UPDATE_B, WITHOUT_ENDS, ".|.|a+b", ".|.|a+b"),
    ];
    for (name, first, second, order, on_postgres, elsewhere) in cases {
        for (dialect, expected) in
            [(Dialect::Postgres, on_postgres), (Dialect::Sqlite, elsewhere), (Dialect::Mysql, elsewhere)]
        {
            let told = Scene::new(dialect).play(*first, *second, order);
            let told: Vec<String> =
                told.into_iter().map(|at| if at.is_empty() { ".".to_owned() } else { at.join(" ") }).collect();
            assert_eq!(told.join("|"), *expected, "{name} on {dialect:?}");
        }
    }
}

#[test]
fn an_end_that_nobody_waits_for_counts() {
    for dialect in DIALECTS {
        let mut scene = Scene::new(*dialect);
        let steps = scene.end(Update("a"));
        assert_eq!(steps.into_iter().filter_map(described).collect::<Vec<_>>(), ["a"]);
        scene.start(Update("a"));
        scene.start(Read);
        let steps = scene.end(Update("b"));
        assert_eq!(steps.into_iter().filter_map(described).collect::<Vec<_>>(), ["a+b"]);
    }
}

#[test]
fn what_is_given_up_has_counted_and_counts_once_more_at_its_end() {
    for dialect in DIALECTS {
        let mut scene = Scene::new(*dialect);
        scene.start(Update("a"));
        let rounds = (0..100).map(|_| {
            scene.start(Update("b"));
            let steps = scene.end(Update("b"));
            steps.into_iter().filter_map(described).collect::<Vec<_>>().join(" ")
        });
        let rounds: Vec<String> = rounds.collect();
        let passed = rounds.iter().position(|round| round == "b").unwrap();
        assert_eq!(passed, if *dialect == Dialect::Postgres { 8 } else { 1 });
        assert!(rounds[..passed].iter().all(|round| round == "a+b"), "{rounds:?}");
        assert!(rounds[passed..].iter().all(|round| round == "b"), "{rounds:?}");
        let steps = scene.end(Update("a"));
        assert_eq!(steps.into_iter().filter_map(described).collect::<Vec<_>>(), ["a"]);
        assert!(scene.session.is_idle());
    }
}

#[test]
fn statements_without_ends_do_not_pile_up() {
    for dialect in DIALECTS {
        let mut scene = Scene::new(*dialect);
        scene.start(Update("a"));
        (0..1000).for_each(|_| _ = scene.start(Update("b")));
        assert!(scene.session.under_way.len() < 40, "{}", scene.session.under_way.len());
        let told = scene.session.abandon().and_then(described);
        assert_eq!(told.as_deref(), Some("a+b"));
        assert!(scene.session.is_idle());
    }
}

/// Two of one text may change two rows: each end is either's.
#[test]
fn of_equal_texts_each_end_counts_for_all() {
    let row = |number: i64| Change::Save(Some(KeyBytes::of(&number)));
    let mut scene = Scene::new(Dialect::Postgres);
    let mut both = ChangeSet::new();
    for number in 1..3 {
        let ticket = scene.session.issue();
        scene.session.read_exact("a", &row(number), &Tables::default());
        both.add("a", &row(number), &Tables::default());
        scene.session.start(ticket, Words::Read(TextHash::of(Update("a").sql())));
    }
    for _ in 0..2 {
        let ticket = scene.session.ended(|| Words::Read(TextHash::of(Update("a").sql()))).unwrap();
        let Some(Step::Release(changes, ..)) = scene.session.finish(ticket, Finish::Ok) else { panic!("nothing") };
        let database = Database::named("main");
        let tags = changes.tags(&database);
        assert!(both.tags(&database).iter().all(|tag| tags.contains(tag)), "{changes:?}");
    }
}

/// Work in progress is not disturbed by what happens around it: at the BEGIN of a transaction nothing else is left.
#[test]
fn a_boundary_leaves_nothing_under_way() {
    for dialect in DIALECTS {
        let mut scene = Scene::new(*dialect);
        scene.start(Update("a"));
        assert_eq!(released(&mut scene.session, &[Begin(1)]), [""; 0]);
        let ticket = scene.session.issue();
        scene.session.start_control(ticket, Words::Read(TextHash::of("BEGIN")));
        let ended = scene.session.ended(|| Words::Read(TextHash::of("BEGIN")));
        assert_eq!(ended, Some(ticket));
        let step = scene.session.finish(ticket, Finish::Ok);
        assert_eq!(step.and_then(described).as_deref(), Some("a"));
        assert_eq!(scene.session.gate(), Err(Bypass::Transaction));
        assert_eq!(released(&mut scene.session, &[UPDATE_B, Commit(1), Sql("COMMIT")]).last().unwrap(), "a+b");
        assert_eq!(scene.session.gate(), Ok(()));
        assert!(scene.session.is_idle());
    }
}
