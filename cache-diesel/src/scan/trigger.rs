//! Reads what the body of a trigger or a rule writes. In doubt it says that the body cannot be followed.

use std::collections::BTreeSet;

use super::cursor::{Cursor, is};
use super::effect::Dialect;
use super::lex::Lexer;
use super::token::Lexeme;

/// What a trigger does to tables, as far as its text shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TriggerBody {
    /// Tables whose rows it writes; its own one if it writes others of its rows.
    pub(crate) written: BTreeSet<String>,
    /// Columns that it sets in the row that fired it.
    pub(crate) set: BTreeSet<String>,
    /// Those that it sets by an UPDATE of that row: a statement has given the row back by then.
    pub(crate) set_later: BTreeSet<String>,
    /// Whether it puts another row in place of the one that fired it.
    pub(crate) sets_all: bool,
    /// Whether it runs what its text does not show.
    pub(crate) is_opaque: bool,
}

/// What `body`, the text of a trigger on `table`, does. `key`: the columns of the table's key.
pub(crate) fn trigger_body(body: &str, dialect: Dialect, table: &str, key: &[&str]) -> TriggerBody {
    let mut found = TriggerBody::default();
    let Ok(tokens) = Lexer::new(body, dialect).collect::<Result<Vec<_>, _>>() else {
        return TriggerBody { is_opaque: true, ..found };
    };
    for (at, token) in tokens.iter().enumerate() {
        let Lexeme::Word(word) = token else { continue };
        let statement = statement_behind(&tokens[at + 1..]);
        let cursor = Cursor::new(statement, dialect);
        let before = at.checked_sub(1).map(|at| tokens[at]);
        match word.to_ascii_lowercase().as_str() {
            "call" | "execute" => found.is_opaque = true,
            "perform" => found.is_opaque |= statement.contains(&Lexeme::Mark(b'(')) && !is_harmless(cursor),
            "delete" => found.written.extend(deleted_from(cursor)),
            "insert" | "merge" | "replace" => found.written.extend(first_table(cursor, &INSERT_WORDS)),
            "into" if dialect == Dialect::Postgres => found.select_into(cursor),
            "refresh" => found.written.extend(first_table(cursor, &["concurrently", "materialized", "view"])),
            "truncate" => found.written.extend(truncated(cursor)),
            // `ON DUPLICATE KEY UPDATE` and `FOR NO KEY UPDATE` name no table.
            "update" if !is(before, "key") => found.update(cursor, table, key),
            "new" if begins_assignment(before) => found.assign(cursor),
            _ => {}
        }
    }
    found
}

impl TriggerBody {
    fn update(&mut self, cursor: Cursor<'_>, table: &str, key: &[&str]) {
        let updated = updated(cursor);
        if updated.len() == 1 && updated.contains(table) && aims_at_own_row(cursor, key) {
            let columns = set_columns(cursor);
            self.set.extend(columns.iter().cloned());
            self.set_later.extend(columns);
        } else {
            self.written.extend(updated);
        }
    }

    /// What is behind `NEW`, which begins an assignment: `.title := ..`, `.title = ..`, `:= ..`.
    fn assign(&mut self, mut cursor: Cursor<'_>) {
        let column = cursor.take_mark(b'.').then(|| cursor.take_table()).flatten();
        if cursor.take_mark(b':') | cursor.take_mark(b'=') {
            self.sets_all |= column.is_none();
            self.set.extend(column.map(|column| column.name));
        }
    }

    /// What is behind `INTO`: `NEW.title, other`, `NEW`.
    fn select_into(&mut self, mut cursor: Cursor<'_>) {
        cursor.take_word("strict");
        loop {
            if cursor.take_word("new") {
                let column = cursor.take_mark(b'.').then(|| cursor.take_table()).flatten();
                self.sets_all |= column.is_none();
                self.set.extend(column.map(|column| column.name));
            } else if cursor.take_table().is_none() {
                return;
            }
            if !cursor.take_mark(b',') {
                return;
            }
        }
    }
}

const INSERT_WORDS: [&str; 11] = [
    "abort",
    "delayed",
    "fail",
    "high_priority",
    "ignore",
    "into",
    "low_priority",
    "only",
    "or",
    "replace",
    "rollback",
];
const UPDATE_WORDS: [&str; 8] = ["abort", "fail", "ignore", "low_priority", "only", "or", "replace", "rollback"];

/// Words behind INSERT and UPDATE that are no tables: they stand in the head of a trigger, a rule or a clause.
const NO_TABLES: [&str; 9] = ["cascade", "nowait", "of", "on", "or", "set", "skip", "then", "to"];

fn statement_behind<'a>(tokens: &'a [Lexeme<'a>]) -> &'a [Lexeme<'a>] {
    let end = tokens.iter().position(|token| *token == Lexeme::Mark(b';'));
    &tokens[..end.unwrap_or(tokens.len())]
}

/// The server's own functions write no table of a model.
fn is_harmless(mut cursor: Cursor<'_>) -> bool {
    cursor.take_table().is_some_and(|function| function.name.starts_with("pg_") || function.name == "set_config")
}

fn first_table(mut cursor: Cursor<'_>, modifiers: &[&str]) -> Option<String> {
    cursor.take_all(modifiers);
    if NO_TABLES.iter().any(|word| cursor.is_word(0, word)) {
        return None;
    }
    cursor.take_table().map(|table| table.name)
}

/// Every table behind TRUNCATE.
fn truncated(mut cursor: Cursor<'_>) -> BTreeSet<String> {
    let mut tables: BTreeSet<String> = first_table(cursor, &["only", "table"]).into_iter().collect();
    while !tables.is_empty() && cursor.take().is_some() {
        if cursor.take_mark(b',') {
            tables.extend(first_table(cursor, &["only"]));
        }
    }
    tables
}

/// Every table between UPDATE and SET: MySQL may write each of them.
fn updated(mut cursor: Cursor<'_>) -> BTreeSet<String> {
    let mut tables: BTreeSet<String> = first_table(cursor, &UPDATE_WORDS).into_iter().collect();
    if tables.is_empty() || cursor.dialect != Dialect::Mysql {
        return tables;
    }
    while let Some(token) = cursor.take().filter(|token| !is(Some(*token), "set")) {
        if token == Lexeme::Mark(b',') || is(Some(token), "join") {
            tables.extend(first_table(cursor, &[]));
        }
    }
    tables
}

/// Every table behind FROM: MySQL may delete from each of them.
fn deleted_from(mut cursor: Cursor<'_>) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    let is_mysql = cursor.dialect == Dialect::Mysql;
    if !is_mysql {
        if cursor.take_word("from") {
            tables.extend(first_table(cursor, &["only"]));
        }
        return tables;
    }
    let mut is_behind_from = false;
    while let Some(token) = cursor.take().filter(|token| !is(Some(*token), "where")) {
        let is_from = is(Some(token), "from");
        is_behind_from |= is_from;
        if is_from || is_behind_from && (token == Lexeme::Mark(b',') || is(Some(token), "join")) {
            tables.extend(first_table(cursor, &[]));
        }
    }
    tables
}

/// Whether the condition of an UPDATE names the row that fired the trigger, by all of its key.
fn aims_at_own_row(mut cursor: Cursor<'_>, key: &[&str]) -> bool {
    while let Some(token) = cursor.take() {
        if is(Some(token), "where") {
            return equal_parts(cursor, key);
        }
    }
    false
}

fn equal_parts(mut cursor: Cursor<'_>, key: &[&str]) -> bool {
    let mut open: BTreeSet<String> = key.iter().map(|column| column.to_lowercase()).collect();
    loop {
        let Some(left) = cursor.take_table() else { return false };
        if !cursor.take_mark(b'=') {
            return false;
        }
        if !cursor.take_any(&["new", "old"]) || !cursor.take_mark(b'.') {
            return false;
        }
        let Some(right) = cursor.take_table() else { return false };
        let is_rowid = |name: &str| matches!(name, "rowid" | "_rowid_" | "oid");
        if is_rowid(&left.name) && (is_rowid(&right.name) || key.len() == 1) {
            open.clear();
        } else if left.name != right.name || !open.remove(&left.name) {
            return false;
        }
        if !cursor.take_word("and") {
            return open.is_empty() && (cursor.is_at_end() || cursor.is_word(0, "end"));
        }
    }
}

/// The columns that an UPDATE sets.
fn set_columns(mut cursor: Cursor<'_>) -> Vec<String> {
    let mut columns = Vec::new();
    let mut is_behind_set = false;
    while let Some(token) = cursor.take().filter(|token| !is(Some(*token), "where")) {
        is_behind_set |= is(Some(token), "set");
        if is_behind_set && (is(Some(token), "set") || token == Lexeme::Mark(b',')) {
            let mut ahead = cursor;
            let column = ahead.take_table().filter(|_| ahead.take_mark(b'='));
            columns.extend(column.map(|column| column.name));
        }
    }
    columns
}

fn begins_assignment(before: Option<Lexeme<'_>>) -> bool {
    let words = ["begin", "do", "else", "loop", "set", "then"];
    matches!(before, None | Some(Lexeme::Mark(b';' | b','))) || words.iter().any(|word| is(before, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str, dialect: Dialect) -> (Vec<String>, Vec<String>, bool) {
        let TriggerBody { written, set, is_opaque, .. } = trigger_body(body, dialect, "items", &["id"]);
        (written.into_iter().collect(), set.into_iter().collect(), is_opaque)
    }

    fn writes(body: &str, dialect: Dialect, expected: &[&str]) {
        let (written, _, is_opaque) = of(body, dialect);
        assert_eq!((written.as_slice(), is_opaque), (expected.map_owned().as_slice(), false), "{body}");
    }

    trait MapOwned {
        fn map_owned(&self) -> Vec<String>;
    }

    impl MapOwned for [&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(ToString::to_string).collect()
        }
    }

    #[test]
    fn every_form_of_a_write_is_found() {
        use Dialect::{Mysql, Postgres, Sqlite};
        writes("BEGIN INSERT INTO Audit VALUES (1); RETURN NEW; END", Postgres, &["audit"]);
        writes("BEGIN UPDATE ONLY public.sums SET n = 1; DELETE FROM \"Old\"; END", Postgres, &["old", "sums"]);
        writes("BEGIN IF TG_OP = 'DELETE' THEN TRUNCATE TABLE logs; END IF; END", Postgres, &["logs"]);
        writes("BEGIN SELECT n INTO v FROM sums FOR UPDATE; RETURN NEW; END", Postgres, &[]);
        writes("BEGIN PERFORM pg_notify('a', 'b'); RETURN NEW; END", Postgres, &[]);
        writes("BEGIN INSERT INTO a VALUES (1) ON CONFLICT DO UPDATE SET n = 2; END", Postgres, &["a"]);
        writes("CREATE RULE r AS ON UPDATE TO items DO ALSO INSERT INTO logs VALUES (1)", Postgres, &["logs"]);
        let sqlite = "CREATE TRIGGER t AFTER UPDATE OF a ON items WHEN NEW.a = 1 BEGIN INSERT OR IGNORE INTO s VALUES (1); \
                      UPDATE OR REPLACE [Sums] SET n = replace(n, 'a', 'b'); REPLACE INTO r VALUES (2); END";
        writes(sqlite, Sqlite, &["r", "s", "sums"]);
        writes("UPDATE sums JOIN others ON others.id = sums.id SET n = 1", Mysql, &["others", "sums"]);
        writes("DELETE a FROM a JOIN b ON a.id = b.id WHERE c = 1", Mysql, &["a", "b"]);
        writes("INSERT sums VALUES (1)", Mysql, &["sums"]);
        writes("BEGIN TRUNCATE ONLY a, public.b CASCADE; END", Postgres, &["a", "b"]);
        writes("BEGIN REFRESH MATERIALIZED VIEW CONCURRENTLY public.sums; END", Postgres, &["sums"]);
        writes("INSERT INTO logs VALUES (1) ON DUPLICATE KEY UPDATE sums = sums + 1", Mysql, &["logs"]);
        writes("BEGIN PERFORM 1 FROM sums FOR NO KEY UPDATE; UPDATE others SET n = 1; END", Postgres, &["others"]);
        writes("SET NEW.n = TRUNCATE(INSERT(REPLACE(NEW.a, 'b', 'c'), 1, 1, ''), 0)", Mysql, &[]);
    }

    #[test]
    fn the_row_that_fired_it_is_no_other_row() {
        let own = "CREATE TRIGGER t AFTER UPDATE ON items BEGIN UPDATE items SET at = 1, slug = lower(a) WHERE id = NEW.id; END";
        assert_eq!(of(own, Dialect::Sqlite), (vec![], vec!["at".into(), "slug".into()], false));
        assert_eq!(trigger_body(own, Dialect::Sqlite, "items", &["id"]).set_later.len(), 2);
        assert!(trigger_body("SET NEW.at = 1", Dialect::Mysql, "items", &["id"]).set_later.is_empty());
        for other in ["id <> NEW.id", "id = NEW.parent", "id = NEW.id OR a = 1", "a = NEW.a"] {
            let body = format!("BEGIN UPDATE items SET at = 1 WHERE {other}; END");
            assert_eq!(of(&body, Dialect::Sqlite).0, ["items"], "{other}");
        }
        assert_eq!(of("BEGIN UPDATE items SET at = 1; END", Dialect::Sqlite).0, ["items"]);
    }

    #[test]
    fn what_is_set_in_the_row_is_found() {
        assert_eq!(of("BEGIN NEW.slug := lower(NEW.title); RETURN NEW; END", Dialect::Postgres).1, ["slug"]);
        assert_eq!(of("SET NEW.slug = 1, NEW.at = 2", Dialect::Mysql).1, ["at", "slug"]);
        assert_eq!(of("BEGIN IF NEW.slug = 1 THEN NEW.at = 2; END IF; END", Dialect::Postgres).1, ["at"]);
        let into = "BEGIN SELECT n, lower(NEW.title) INTO STRICT other, NEW.slug FROM sums; RETURN NEW; END";
        assert_eq!(of(into, Dialect::Postgres), (vec![], vec!["slug".into()], false));
        let body = |text: &str| trigger_body(text, Dialect::Postgres, "items", &["id"]);
        assert!(!body(into).sets_all && body("BEGIN NEW := made(NEW); RETURN NEW; END").sets_all);
        assert!(body("BEGIN SELECT * INTO NEW FROM made(); RETURN NEW; END").sets_all);
    }

    #[test]
    fn what_runs_other_text_cannot_be_followed() {
        for body in ["BEGIN EXECUTE 'x'; END", "BEGIN PERFORM audit(); END", "BEGIN INSERT INTO a VALUES (E'\\"] {
            assert!(of(body, Dialect::Postgres).2, "{body}");
        }
        assert!(of("CALL audit()", Dialect::Mysql).2);
    }
}
