//! Tables of statements, and what must be said of them.

mod exact;
mod query;
mod reads;
mod robust;
mod session;
mod transaction;
mod write;

use super::effect::{Dialect, Effect, SettingEffect};
use super::effects;

const ALL: [Dialect; 3] = [Dialect::Mysql, Dialect::Postgres, Dialect::Sqlite];

/// The initials of the dialects a case is for, its text, and what is said of it.
type Case = (&'static str, &'static str, &'static str);

fn dialects(initials: &str) -> impl Iterator<Item = Dialect> {
    let is_meant = move |dialect: &Dialect| {
        let initial = match dialect {
            Dialect::Mysql => 'm',
            Dialect::Postgres => 'p',
            Dialect::Sqlite => 's',
        };
        initials.contains(initial)
    };
    ALL.into_iter().filter(is_meant)
}

/// The effects of `sql` in words, such as `insert a, change b; particular`.
fn said(sql: &str, dialect: Dialect) -> String {
    let mut all = Vec::new();
    effects(sql, dialect, &mut |effect| all.push(in_words(&effect)));
    all.join("; ")
}

fn in_words(effect: &Effect) -> String {
    match effect {
        Effect::Read => "read".to_owned(),
        Effect::Session(SettingEffect::Attach) => "attach".to_owned(),
        Effect::Session(SettingEffect::Autocommit(is_on)) => format!("autocommit {is_on}"),
        Effect::Session(SettingEffect::Particular) => "particular".to_owned(),
        Effect::Transaction(transaction) => format!("{transaction:?}"),
        Effect::Unknown => "unknown".to_owned(),
        Effect::Write(written) => {
            let all: Vec<_> =
                written.iter().map(|written| format!("{:?} {}", written.kind, written.table).to_lowercase()).collect();
            all.join(", ")
        }
    }
}

/// Checks all cases, and tells of all that fail at once.
fn check(cases: &[Case], answer: impl Fn(&str, Dialect) -> String) {
    let mut failures = Vec::new();
    for (initials, sql, wanted) in cases {
        for dialect in dialects(initials) {
            let given = answer(sql, dialect);
            if given != *wanted {
                failures.push(format!("{dialect:?}: {sql}\n  {given}\n  and not: {wanted}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
