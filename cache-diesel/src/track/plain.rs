//! Reads a plain statement along: what it changes, to the row where that is certain.

use cache_core::Fingerprint;
use diesel::connection::DebugQuery;

use crate::catalogue::{self, catalogue_of};
use crate::identity::Identity;
use crate::model::declaration::tables;
use crate::model::row_key::RowKey;
use crate::scan::{self, Binds, Dialect, Effect, KeyCondition, Memo, WriteKind};
use crate::track::precision::are_plain_writes_row_exact;
use crate::track::session::{Session, Words};

/// Tells `session` of the statements in `query`, which is about to run. Gives what their end is told by.
pub(super) fn read_along(
    query: &dyn DebugQuery,
    dialect: Dialect,
    identity: Option<Identity>,
    session: &mut Session,
) -> Words {
    let mut row = None;
    let mut words = Words::Unread;
    let binds = scan::first_chunk(&query, &mut |sql| {
        let space = identity.map(|identity| identity.space);
        let tell = |text: &ReadText, fingerprint| (text.tell(session, space), Words::Read(fingerprint));
        (row, words) = Memo::with(&TEXTS, (sql, dialect), || ReadText::read(sql, dialect), tell);
        if catalogue::has_functions() && calls_own(sql, dialect, identity) {
            OF_CALLS.iter().for_each(|effect| session.read_along(effect, tables()));
        }
        if row.is_some() { Binds::Wanted } else { Binds::Unwanted }
    });
    if let Some(OneRowText { key, by_key, bind_count }) = row {
        // What MySQL's client is given too much, it leaves out: the last values are not the key then.
        let is_last = |binds: &&str| scan::count_binds(binds) == bind_count;
        let bounds = binds.as_deref().filter(is_last).and_then(|binds| scan::last_bounds(binds, key.part_count()));
        match bounds.and_then(|bounds| key.change(&by_key, &bounds)) {
            Some(change) => session.read_exact(key.table(), &change, tables()),
            None => session.read_along(&Effect::change_of(key.table()), tables()),
        }
    }
    if session.may_give_rows_back() {
        session.note_form(is_with_binds(query));
    }
    words
}

/// Whether `query` was printed with its binds. Blocking connections print those of a prepared statement at its end too,
/// awaited ones at its beginning only.
pub(super) fn is_with_binds(query: &dyn DebugQuery) -> bool {
    // What is too long to be read is no empty text either.
    scan::first_chunk(&query, &mut |_| Binds::Wanted).as_deref() != Some("")
}

/// What the end of `query` is told by.
pub(super) fn words_of(query: &dyn DebugQuery) -> Words {
    let mut words = Words::Unread;
    scan::first_chunk(&query, &mut |sql| {
        words = Words::Read(scan::TextHash::of(sql));
        Binds::Unwanted
    });
    words
}

/// Tells `session` of what a manager's statement does besides what was announced: that it writes its own table, and
/// transaction control of Diesel's. Gives what its end is told by.
pub(super) fn read_beside(
    query: &dyn DebugQuery,
    dialect: Dialect,
    identity: Option<Identity>,
    session: &mut Session,
) -> Words {
    let mut words = Words::Unread;
    scan::first_chunk(&query, &mut |sql| {
        let tell = |text: &ReadText, fingerprint| {
            text.beside.iter().for_each(|effect| session.read_beside(effect, tables()));
            if !text.gives_columns {
                session.note_computed();
            }
            Words::Read(fingerprint)
        };
        words = Memo::with(&TEXTS, (sql, dialect), || ReadText::read(sql, dialect), tell);
        if catalogue::has_functions() && calls_own(sql, dialect, identity) {
            OF_CALLS.iter().for_each(|effect| session.read_beside(effect, tables()));
        }
        Binds::Unwanted
    });
    words
}

/// Whether a function may be called that the database has of its own, by a name that says otherwise.
#[cold]
fn calls_own(sql: &str, dialect: Dialect, identity: Option<Identity>) -> bool {
    // Those of SQLite are code of the program, and write no tables.
    let catalogue = identity.filter(|_| dialect != Dialect::Sqlite).and_then(catalogue_of);
    catalogue.is_some_and(|catalogue| scan::calls_any(sql, dialect, catalogue.functions()))
}

/// What a function may do that nobody has looked into: anything, to the session too.
const OF_CALLS: [Effect; 2] = [Effect::Unknown, Effect::Session(scan::SettingEffect::Particular)];

thread_local! {
    static TEXTS: Memo<ReadText> = const { Memo::new() };
}

/// What is known of a statement by its SQL.
struct ReadText {
    effects: Vec<Effect>,
    is_look_up: bool,
    /// Of these, what a manager does not announce whose statement it is.
    beside: Vec<Effect>,
    gives_rows_back: bool,
    /// What it gives back are columns as they are.
    gives_columns: bool,
    row: Option<OneRowText>,
}

/// What is done to the one row that the last binds name.
#[derive(Clone)]
struct OneRowText {
    key: &'static RowKey,
    by_key: KeyCondition,
    bind_count: usize,
}

impl ReadText {
    fn read(sql: &str, dialect: Dialect) -> Self {
        let mut effects = Vec::new();
        scan::effects(sql, dialect, &mut |effect| effects.push(effect));
        let beside = effects.iter().filter(|effect| is_beside(effect)).cloned().collect();
        if sql.is_empty() {
            // Diesel could not print it. A manager knows what it writes.
            effects.push(Effect::Unknown);
        }
        let row = one_row(&effects, sql, dialect);
        let is_look_up = is_look_up(sql, dialect);
        let gives_columns = scan::gives_columns(sql, dialect);
        Self { effects, beside, is_look_up, gives_rows_back: gives_rows_back(sql), gives_columns, row }
    }

    /// Tells `session`, unless the binds are to be looked at first: then gives the row that they name.
    fn tell(&self, session: &mut Session, space: Option<Fingerprint>) -> Option<OneRowText> {
        let row = self.row.as_ref().filter(|row| are_plain_writes_row_exact() && row.key.is_exact(space));
        if row.is_none() {
            self.effects.iter().for_each(|effect| session.read_along(effect, tables()));
        }
        if self.is_look_up {
            session.note_look_up();
        }
        if self.gives_rows_back && (session.is_in_transaction() || session.may_answer_early()) {
            session.note_returning();
        }
        row.cloned()
    }
}

/// Whether a manager does not announce `effect`: it tells of one table that it writes, and of transactions it is told.
fn is_beside(effect: &Effect) -> bool {
    match effect {
        Effect::Read | Effect::Session(scan::SettingEffect::Attach) | Effect::Transaction(_) => false,
        Effect::Session(_) | Effect::Unknown => true,
        Effect::Write(written) => written.len() > 1,
    }
}

fn one_row(effects: &[Effect], sql: &str, dialect: Dialect) -> Option<OneRowText> {
    let [Effect::Write(written)] = effects else { return None };
    let [written] = written.as_slice() else { return None };
    let key = RowKey::of(&written.table).filter(|_| written.kind == WriteKind::Change)?;
    let by_key = key.one_row(sql, dialect)?;
    Some(OneRowText { key, by_key, bind_count: scan::bind_count(sql, dialect) })
}

/// Whether Diesel looks up a type of PostgreSQL with `sql`, which it does while it gathers the binds of another
/// statement.
fn is_look_up(sql: &str, dialect: Dialect) -> bool {
    const BEGINNING: &str = r#"SELECT "pg_type"."oid", "pg_type"."typarray" FROM "#;
    dialect == Dialect::Postgres && sql.starts_with(BEGINNING)
}

/// Whether a statement may write and give rows back; `RETURNING` in a string counts too.
fn gives_rows_back(sql: &str) -> bool {
    const WORD: &[u8] = b"returning";
    let begins = |window: &[u8]| window[0].eq_ignore_ascii_case(&WORD[0]);
    sql.as_bytes().windows(WORD.len()).any(|window| begins(window) && window.eq_ignore_ascii_case(WORD))
}
