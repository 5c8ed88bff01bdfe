//! Remembers what was read in a text, as programs repeat their statements.

use std::cell::RefCell;
use std::thread::LocalKey;

use super::effect::Dialect;

/// What was made of the texts that one thread has read lately.
pub(crate) struct Memo<T> {
    slots: RefCell<[Option<Remembered<T>>; COUNT]>,
}

struct Remembered<T> {
    sql: Box<str>,
    dialect: Dialect,
    made: T,
}

impl<T: 'static> Memo<T> {
    /// Nothing was read.
    pub(crate) const fn new() -> Self {
        Self { slots: RefCell::new([const { None }; COUNT]) }
    }

    /// Gives `each` what `make` makes of `sql`, and by what to tell the text; looks first whether it has been made
    /// before.
    pub(crate) fn with<R>(
        memo: &'static LocalKey<Self>,
        (sql, dialect): (&str, Dialect),
        make: impl FnOnce() -> T,
        each: impl FnOnce(&T, TextHash) -> R,
    ) -> R {
        let fingerprint = TextHash::of(sql);
        if sql.len() > LONGEST {
            return each(&make(), fingerprint);
        }
        let slot = fingerprint.slot();
        // Out of its slot meanwhile: `each` may lead here again.
        let remembered = Self::exchange(memo, slot, None).filter(|remembered| remembered.is_of(sql, dialect));
        let remembered = remembered.unwrap_or_else(|| Remembered { sql: sql.into(), dialect, made: make() });
        let result = each(&remembered.made, fingerprint);
        Self::exchange(memo, slot, Some(remembered));
        result
    }

    /// Puts `new` into the slot and gives what was there; a thread that ends remembers nothing.
    fn exchange(memo: &'static LocalKey<Self>, slot: usize, new: Option<Remembered<T>>) -> Option<Remembered<T>> {
        memo.try_with(|memo| core::mem::replace(memo.slots.borrow_mut().get_mut(slot)?, new)).ok().flatten()
    }
}

impl<T> Remembered<T> {
    fn is_of(&self, sql: &str, dialect: Dialect) -> bool {
        self.dialect == dialect && *self.sql == *sql
    }
}

/// A number that few texts share: those that are equal at the beginning, in more bytes than most have, and in length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TextHash(u64);

impl TextHash {
    /// That of `sql`.
    pub(crate) fn of(sql: &str) -> Self {
        let mut mixed = sql.len() as u64;
        for chunk in sql.as_bytes().chunks(8).take(LONGEST / 8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mixed = (mixed.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        Self(mixed)
    }

    /// Texts in one slot push each other out, and are compared: a poor mix costs time alone.
    fn slot(self) -> usize {
        (self.0 >> 32) as usize % COUNT
    }
}

/// Longer texts are seldom said twice, and would fill the memory of each thread.
const LONGEST: usize = 1024;
const COUNT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Effect, effects};

    thread_local! {
        static MEMO: Memo<Vec<Effect>> = const { Memo::new() };
    }

    fn remembered(sql: &str, dialect: Dialect) -> Vec<Effect> {
        Memo::with(&MEMO, (sql, dialect), || read(sql, dialect), |made, _| made.clone())
    }

    fn read(sql: &str, dialect: Dialect) -> Vec<Effect> {
        let mut seen = Vec::new();
        effects(sql, dialect, &mut |effect| seen.push(effect));
        seen
    }

    #[test]
    fn what_is_remembered_is_what_is_read() {
        // More texts than slots, and each of them in two dialects that differ about it.
        let texts: Vec<String> = (0..300)
            .flat_map(|number| {
                [
                    format!("SELECT {number}"),
                    format!("UPDATE `a{number}` SET x = 1; DELETE FROM b{number}"),
                    format!("INSERT INTO a VALUES ('\\', {number}) -- '"),
                    format!("{}{number}", "SELECT 1; ".repeat(200)),
                ]
            })
            .collect();
        for _ in 0..3 {
            for sql in &texts {
                for dialect in [Dialect::Sqlite, Dialect::Mysql, Dialect::Sqlite] {
                    assert_eq!(remembered(sql, dialect), read(sql, dialect), "{dialect:?}: {sql}");
                }
            }
        }
    }

    #[test]
    fn a_text_may_be_read_while_it_is_read() {
        let text = ("DELETE FROM a", Dialect::Sqlite);
        let seen = Memo::with(&MEMO, text, || read(text.0, text.1), |_, _| remembered(text.0, text.1));
        assert_eq!(seen, read("DELETE FROM a", Dialect::Sqlite));
    }
}
