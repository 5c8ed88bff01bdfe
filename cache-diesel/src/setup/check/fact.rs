//! Reads the rows in which a database describes its structure.

use std::collections::BTreeSet;

use super::models::Models;
use crate::catalogue::FactRow;
use crate::scan::{self, Dialect};

/// Something that a database does by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StructureFact {
    /// Rows of `child` go or change with those of `parent`; `deletes`: with a row there the rows here go too.
    Cascade { child: String, constraint: String, deletes: bool, parent: String },
    /// A column compares texts by a collation in which other letters are equal.
    Collated { column: String, declared: String, table: String },
    /// The database computes a column; with a trigger, if it is named.
    Computed { column: String, table: String, trigger: Option<String> },
    /// A trigger sets a column of the row that fired it, after a statement has given that row back.
    Moved { column: String, table: String, trigger: String },
    /// Rows of a table are elsewhere.
    Elsewhere { keeper: String, table: String },
    /// A table's engine has no transactions.
    Engine { engine: String, table: String },
    /// A trigger of a table runs what its text does not show.
    Opaque { table: String, trigger: String },
    /// A view shows rows of other tables, and the library does not follow that by itself.
    Shows { shown: BTreeSet<String>, view: String },
    /// A trigger of `source` writes `written`.
    Trigger { source: String, trigger: String, written: String },
    /// The user may not see something of a table, or of any; `privilege`: what that takes.
    Unseen { privilege: String, table: String },
}

/// Modules whose virtual tables keep their own rows, or are followed.
const OWN_ROWS: [&str; 9] =
    ["fts3", "fts4", "fts4aux", "fts5", "fts5vocab", "geopoly", "rtree", "rtree_i32", "spellfix1"];

/// What follows from `told`.
pub(super) fn facts_of(told: Vec<FactRow>, dialect: Dialect, models: &Models<'_>) -> BTreeSet<StructureFact> {
    told.into_iter().flat_map(|row| facts_of_row(row, dialect, models)).collect()
}

fn facts_of_row(told: FactRow, dialect: Dialect, models: &Models<'_>) -> Vec<StructureFact> {
    let FactRow { kind, name: table, said } = told;
    let (first, rest) = said.split_once('\n').unwrap_or((&said, ""));
    match kind.as_str() {
        "cascade" => {
            let (parent, action) = rest.split_once('\n').unwrap_or((rest, ""));
            let (constraint, parent) = (first.to_owned(), parent.to_owned());
            vec![StructureFact::Cascade { child: table, constraint, deletes: action == "CASCADE", parent }]
        }
        "collated" => vec![StructureFact::Collated { column: first.to_owned(), declared: rest.to_owned(), table }],
        "computed" => vec![StructureFact::Computed { column: said, table, trigger: None }],
        "engine" => vec![StructureFact::Engine { engine: said, table }],
        "foreign" => vec![StructureFact::Elsewhere { keeper: "another server".to_owned(), table }],
        "shows" => vec![StructureFact::Shows { shown: scan::defined_by(&said).into_iter().collect(), view: table }],
        "trigger" => of_trigger(&table, first, rest, dialect, models),
        // What a trigger of a whole table writes is said of that table, and not of each of its parts.
        "trigger of whole" => {
            let mut facts = of_trigger(&table, first, rest, dialect, models);
            facts.retain(|fact| !matches!(fact, StructureFact::Trigger { .. }));
            facts
        }
        "trigger opaque" => vec![StructureFact::Opaque { table, trigger: first.to_owned() }],
        "unseen" => vec![StructureFact::Unseen { privilege: said, table }],
        "virtual" => {
            let words: Vec<String> = said.split_whitespace().map(str::to_lowercase).collect();
            let at = words.iter().position(|word| word == "using");
            let module = at.and_then(|at| words.get(at + 1)).and_then(|word| word.split('(').next()).unwrap_or("");
            let is_elsewhere = !OWN_ROWS.contains(&module);
            let keeper = format!("the module `{module}`");
            is_elsewhere.then_some(StructureFact::Elsewhere { keeper, table }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn of_trigger(table: &str, trigger: &str, text: &str, dialect: Dialect, models: &Models<'_>) -> Vec<StructureFact> {
    let key = models.key_of(table);
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    let body = scan::trigger_body(text, dialect, table, &key);
    let own = |name: &str| name.to_owned();
    let written = body.written.into_iter();
    let written = written.map(|written| StructureFact::Trigger { source: own(table), trigger: own(trigger), written });
    let all = if body.sets_all { models.looked_up(table) } else { BTreeSet::new() };
    let moved = body.set_later.into_iter();
    let moved = moved.map(|column| StructureFact::Moved { column, table: own(table), trigger: own(trigger) });
    let computed = body.set.into_iter().chain(all).map(|column| StructureFact::Computed {
        column,
        table: own(table),
        trigger: Some(own(trigger)),
    });
    let opaque = body.is_opaque.then(|| StructureFact::Opaque { table: own(table), trigger: own(trigger) });
    written.chain(computed).chain(moved).chain(opaque).collect()
}
