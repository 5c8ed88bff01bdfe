//! Work that names its tables.

use super::*;

#[test]
fn work_that_names_its_tables_counts_for_them_and_for_what_is_understood() {
    const UNKNOWN: Act = Sql("VACUUM");
    let cases: &[(&str, &[Act], &[&str])] = &[
        ("nothing in it", &[Declare("a"), Declared], &["a"]),
        ("a query", &[Declare("a"), Sql("SELECT 1"), Declared], &["a"]),
        ("what is not understood", &[Declare("a"), UNKNOWN, Declared, UNKNOWN], &["a", "a", "*"]),
        ("what is understood", &[Declare("a"), UPDATE_B, Declared, UPDATE_B], &["a+b", "a", "b"]),
        ("a manager's write", &[Declare("a"), Own("b"), Declared], &["a+b", "a"]),
        (
            "one in the other",
            &[Declare("a"), Declare("b"), UNKNOWN, Declared, UNKNOWN, Declared],
            &["a+b", "b", "a", "a"],
        ),
        (
            "in a transaction",
            &[Begin(1), Sql("BEGIN"), Declare("a"), UPDATE_B, Declared, Commit(1), Sql("COMMIT")],
            &["a+b"],
        ),
        ("rolled back", &[Begin(1), Sql("BEGIN"), Declare("a"), UPDATE_B, Declared, Rollback(1), Sql("ROLLBACK")], &[]),
        (
            "not understood and rolled back",
            &[Begin(1), Sql("BEGIN"), Declare("a"), UNKNOWN, Declared, Rollback(1), Sql("ROLLBACK")],
            &["a", "a"],
        ),
        (
            "around a transaction",
            &[Declare("a"), Begin(1), Sql("BEGIN"), UPDATE_B, Commit(1), Sql("COMMIT"), Declared],
            &["a+b", "a"],
        ),
        ("by hand", &[Sql("BEGIN"), Declare("a"), UPDATE_B, Sql("COMMIT"), UNKNOWN, Declared], &["a+b", "a", "a"]),
        ("lost", &[Declare("a"), Lost("VACUUM"), Declared], &["a?", "a?"]),
        ("lost inside", &[Declare("a"), Declare("b"), Lost("VACUUM"), Declared, Declared], &["a+b?", "b?", "a?"]),
        ("failed", &[Declare("a"), Fails("VACUUM"), Declared], &["a", "a"]),
        ("given up", &[Declare("a"), UPDATE_B, Close], &["a+b", "a?"]),
        ("over twice", &[Declare("a"), Declared, Declared], &["a"]),
    ];
    for (what, acts, expected) in cases {
        assert_eq!(released(&mut Session::new(Dialect::Sqlite), acts), *expected, "{what}");
    }
}

#[test]
fn intents_are_placed_before_work_that_names_its_tables() {
    let mut session = Session::new(Dialect::Postgres);
    let Some(Step::Place(placed)) = session.declare(&changes_of("a")) else { panic!("they are placed at once") };
    assert_eq!(placed.tables().collect::<Vec<_>>(), ["a"]);
    assert!(!session.is_idle(), "they stand until it is over");
    let steps = play(&mut session, Sql("DO $$ $$"));
    let placed = steps.iter().find_map(|step| match step {
        Step::Place(changes) => Some(changes.tables().collect::<Vec<_>>()),
        Step::Release(..) => None,
    });
    assert_eq!(placed, Some(vec!["a"]));
    session.end_declared();
    assert!(session.is_idle());
}
