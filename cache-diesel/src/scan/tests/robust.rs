//! Tests that every text gets an answer.

use super::{ALL, Case, Effect, SettingEffect, effects, exact, query, reads, session, transaction, write};
use crate::scan::{Dialect, is_plain_column, one_row, read, sole_change, table_name};

const TABLES: [&[Case]; 19] = [
    exact::NOT_ONE_ROW,
    exact::ONE_ROW,
    query::FUNCTIONS,
    query::OTHERS,
    query::PLAIN,
    query::QUOTES,
    query::WRITING,
    reads::DETERMINISTIC,
    reads::REFUSED,
    reads::TABLES,
    session::DIESEL,
    session::PRAGMAS,
    session::SETTINGS,
    transaction::TRANSACTIONS,
    write::BODIES,
    write::CHANGES,
    write::INSERTS,
    write::UNKNOWN,
    write::WITHS,
];

fn cases() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().flatten().map(|(_, sql, _)| *sql)
}

/// Asks everything there is to ask about `sql`.
fn ask(sql: &str) {
    for dialect in ALL {
        effects(sql, dialect, &mut |_| {});
        let looked = read(sql, dialect);
        let mut all = Vec::new();
        effects(sql, dialect, &mut |effect| all.push(effect));
        let is_read = all.iter().all(|effect| *effect == Effect::Read) || is_calling(&all, dialect);
        assert!(looked.is_none() || is_read, "{dialect:?}: {sql}");
        assert!(sees_more(&format!("{sql}\n;DELETE FROM more"), dialect), "{dialect:?}: {sql}");
        let is_one_row = |sql: &str| one_row(sql, dialect, &["id"], &["slug"]).is_some();
        assert!(!is_one_row(sql) || may_change_rows(sql, dialect), "{dialect:?}: {sql}");
        assert!(!is_one_row(&format!("{sql}\n;DELETE FROM `t` WHERE (`t`.`id` = ?)")), "{dialect:?}: {sql}");
        sole_change(sql, dialect);
    }
    table_name(sql);
    is_plain_column(sql);
}

/// Whether the write at the end of `sql` is seen, or feared.
fn sees_more(sql: &str, dialect: Dialect) -> bool {
    let mut sees_more = false;
    effects(sql, dialect, &mut |effect| {
        sees_more |= match effect {
            Effect::Unknown => true,
            Effect::Write(written) => written.iter().any(|written| written.table == "more"),
            _ => false,
        };
    });
    sees_more
}

/// Whether the statement is read as a change of a table, or as one that may do anything.
fn may_change_rows(sql: &str, dialect: Dialect) -> bool {
    let mut may_change_rows = false;
    effects(sql, dialect, &mut |effect| {
        may_change_rows |= matches!(effect, Effect::Unknown | Effect::Write(_));
    });
    may_change_rows
}

/// A read may be vouched for though it calls what nothing is known of.
fn is_calling(all: &[Effect], dialect: Dialect) -> bool {
    let is_feared = |effect: &Effect| matches!(effect, Effect::Unknown | Effect::Session(SettingEffect::Particular));
    dialect != Dialect::Sqlite && all.contains(&Effect::Unknown) && all.iter().all(is_feared)
}

#[test]
fn prefixes_of_all_cases_have_an_answer() {
    for sql in cases() {
        for (end, _) in sql.char_indices() {
            ask(&sql[..end]);
        }
    }
}

#[test]
fn mutations_of_all_cases_have_an_answer() {
    let all: Vec<_> = cases().collect();
    let mut random = Random(42);
    for _ in 0..10_000 {
        let mut sql = (*random.one(&all)).to_owned();
        for _ in 0..=random.below(4) {
            sql = mutate(&sql, random.one::<&str>(&all), &mut random);
        }
        ask(&sql);
    }
}

#[test]
fn noise_has_an_answer() {
    let mut random = Random(7);
    for _ in 0..20_000 {
        let length = random.below(40);
        let sql: String = (0..length).map(|_| *random.one(&LETTERS)).collect();
        ask(&sql);
    }
}

#[test]
fn deep_nesting_has_an_answer() {
    let deep = "(".repeat(200_000);
    ask(&format!("SELECT {deep}"));
    ask(&format!("SELECT * FROM {deep}"));
    ask(&format!("WITH a AS {deep}DELETE FROM t"));
    ask(&format!("CREATE PROCEDURE p() {deep}{}", ";".repeat(200_000)));
    ask(&"/*".repeat(200_000));
    ask(&"SELECT f(1, ".repeat(50_000));
    ask(&"WITH x AS (INSERT INTO t DO UPDATE ".repeat(50_000));
}

fn mutate(sql: &str, other: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = sql.chars().collect();
    let at = random.below(letters.len() + 1);
    let to = at + random.below(letters.len() + 1 - at);
    match random.below(4) {
        0 => letters.insert(at, *random.one(&LETTERS)),
        1 => drop(letters.drain(at..to)),
        2 => letters.truncate(at),
        _ => {
            let from: Vec<char> = other.chars().collect();
            let start = random.below(from.len() + 1);
            letters.splice(at..at, from[start..].iter().copied());
        }
    }
    letters.into_iter().collect()
}

const LETTERS: [char; 32] = [
    'a', 'E', 'U', 'é', '\u{feff}', '0', '1', '_', '$', '\'', '"', '`', '[', ']', '(', ')', '.', ',', ';', ':', '@',
    '#', '-', '/', '*', '!', '\\', '\n', '\r', ' ', '\0', '?',
];

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
