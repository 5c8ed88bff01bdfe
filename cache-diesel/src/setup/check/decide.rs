//! Decides what of the structure of a database the models should declare, and do not. Pure.

use std::collections::BTreeSet;

use cache_core::TagKind;

use super::fact::StructureFact;
use super::models::Models;
use super::{Finding, Trap};
use crate::catalogue::Catalogue;

/// Everything that the models of `facts` and `catalogue` should declare.
pub(super) fn findings(facts: &BTreeSet<StructureFact>, catalogue: &Catalogue, models: &Models<'_>) -> Vec<Finding> {
    let judge = Judge { facts, models };
    let tables: BTreeSet<&str> = models.models.iter().map(|model| model.declaration.table.as_str()).collect();
    let mut findings = BTreeSet::new();
    for table in tables {
        findings.extend(judge.changes_of(table));
        findings.extend(judge.nature_of(table));
        findings.extend(judge.compared_otherwise(table));
        let opaque = catalogue.reached_by(table).and_then(|reached| reached.opaque.as_deref());
        findings.extend(opaque.map(|policy| judge.policy(table, policy)));
    }
    findings.extend(collations(catalogue, models));
    findings.extend(facts.iter().filter_map(unseen_everywhere));
    findings.into_iter().collect()
}

struct Judge<'a> {
    facts: &'a BTreeSet<StructureFact>,
    models: &'a Models<'a>,
}

impl Judge<'_> {
    fn finding(&self, table: &str, trap: Trap, cause: &str, about: String, remedy: String) -> Finding {
        let model = self.models.of(table).map(|model| model.path.clone()).min().unwrap_or_default();
        Finding { model, table: table.to_owned(), trap, cause: cause.to_owned(), remedy, about }
    }

    fn declare(&self, option: &str, other: &str) -> String {
        format!("add `#[cached({option}({}))]`", self.models.option_name(other))
    }

    /// Other tables whose writes change rows of `table`, and that it does not declare.
    ///
    /// A table without a model cannot declare what it depends on itself, so it is looked through.
    fn changes_of(&self, table: &str) -> BTreeSet<Finding> {
        let mut found = BTreeSet::new();
        let (mut seen, mut said) = (BTreeSet::new(), BTreeSet::new());
        let mut waiting = vec![Reach { table, kind: TagKind::Gone, deletes_only: false }];
        while let Some(reach) = waiting.pop() {
            if !seen.insert(reach) {
                continue;
            }
            for edge in self.edges_to(reach) {
                let kind = if edge.kind == TagKind::Any { TagKind::Any } else { reach.kind };
                // One line for each source, whatever ways lead from it.
                if !self.models.covers(table, edge.source, kind) && said.insert((edge.source, kind)) {
                    found.insert(self.undeclared(table, reach.table, kind, &edge));
                }
                if !self.models.has(edge.source) {
                    waiting.push(Reach { table: edge.source, kind, deletes_only: edge.kind == TagKind::Gone });
                }
            }
        }
        found
    }

    fn undeclared(&self, table: &str, through: &str, kind: TagKind, edge: &Edge<'_>) -> Finding {
        let source = edge.source;
        let way = if through == table { String::new() } else { format!(", which change those of `{table}`") };
        let about = match edge.trap {
            Trap::Cascade => {
                format!("rows of `{through}` go or change with those of `{source}` (foreign key `{}`){way}", edge.cause)
            }
            Trap::View => format!("the view `{through}` shows rows of `{source}`{way}"),
            _ => format!("the trigger `{}` of `{source}` writes rows of `{through}`{way}", edge.cause),
        };
        let option = if kind == TagKind::Gone { "cascaded_by" } else { "depends_on" };
        self.finding(table, edge.trap, edge.cause, about, self.declare(option, source))
    }

    /// What changes rows of the table without naming it.
    fn edges_to<'f>(&'f self, reach: Reach<'f>) -> Vec<Edge<'f>> {
        let edges = self.facts.iter().flat_map(|fact| match fact {
            StructureFact::Cascade { child, constraint, deletes, parent }
                if child == reach.table && (*deletes || !reach.deletes_only) =>
            {
                vec![Edge { cause: constraint, kind: TagKind::Gone, source: parent, trap: Trap::Cascade }]
            }
            StructureFact::Trigger { source, trigger, written } if written == reach.table => {
                vec![Edge { cause: trigger, kind: TagKind::Any, source, trap: Trap::Trigger }]
            }
            StructureFact::Shows { shown, view } if view == reach.table => {
                let edge = |source: &'f String| Edge { cause: view, kind: TagKind::Any, source, trap: Trap::View };
                shown.iter().map(edge).collect()
            }
            _ => Vec::new(),
        });
        edges.collect()
    }

    /// What the table is.
    fn nature_of(&self, table: &str) -> Vec<Finding> {
        let finding = |trap, cause: &str, about, remedy| Some(self.finding(table, trap, cause, about, remedy));
        let of = |fact: &StructureFact| match fact {
            StructureFact::Computed { column, table: of, trigger } if of == table => {
                self.computed(table, column, trigger.as_deref())
            }
            StructureFact::Moved { column, table: of, trigger } if of == table => self.moved(table, column, trigger),
            StructureFact::Elsewhere { keeper, table: of } if of == table => {
                let about =
                    format!("rows of `{table}` are kept by {keeper}, and change without a statement of this program");
                finding(Trap::Elsewhere, table, about, "give it short timeouts, or leave `Cached` out".to_owned())
            }
            StructureFact::Engine { engine, table: of } if of == table => {
                let about = format!("`{table}` has no transactions (`{engine}`): it keeps what was rolled back");
                finding(Trap::Transactions, engine, about, format!("run `ALTER TABLE {table} ENGINE = InnoDB`"))
            }
            StructureFact::Opaque { table: of, trigger } if of == table => {
                let about = format!("the trigger `{trigger}` runs what its text does not show");
                let option = self.models.option_name(table);
                let remedy = format!(
                    "add `#[cached(depends_on({option}))]` to the models of tables that it writes, and \
                     `.except([\"{trigger}\"])` to this check"
                );
                finding(Trap::Unfollowed, trigger, about, remedy)
            }
            StructureFact::Unseen { privilege, table: of } if of == table => {
                let about = format!("what `{table}` shows is hidden from this user");
                let remedy = format!("run the check as a user with the privilege {privilege} on it");
                finding(Trap::Unseen, privilege, about, remedy)
            }
            _ => None,
        };
        self.facts.iter().filter_map(of).collect()
    }

    /// Columns whose declared types say that bytes are compared, while the database takes other letters for equal.
    fn compared_otherwise(&self, table: &str) -> Vec<Finding> {
        let is_by_type = |column: &str| {
            let mut by_type = self.models.by_type.iter();
            by_type.any(|(of, name)| of == table && name.eq_ignore_ascii_case(column))
        };
        let of = |fact: &StructureFact| match fact {
            StructureFact::Collated { column, declared, table: of } if of == table && is_by_type(column) => {
                let about = format!(
                    "`{table}.{column}`, by which rows are looked up, is declared as {declared}, and its type in the \
                     program compares bytes"
                );
                let remedy = "give the column a type that compares bytes, or declare it as `Text` in `table!`";
                Some(self.finding(table, Trap::Collation, column, about, remedy.to_owned()))
            }
            _ => None,
        };
        self.facts.iter().filter_map(of).collect()
    }

    /// An update by key that sets other columns may give the row another unique value.
    fn computed(&self, table: &str, column: &str, trigger: Option<&str>) -> Option<Finding> {
        let lookups = || self.models.of(table).flat_map(|model| &model.declaration.lookups);
        let is_in = |columns: &[&str]| columns.iter().any(|name| name.eq_ignore_ascii_case(column));
        let by = trigger.map_or_else(|| "the database".to_owned(), |trigger| format!("the trigger `{trigger}`"));
        let about = format!("{by} computes `{table}.{column}`");
        if lookups().any(|lookup| lookup.is_fixed && is_in(lookup.columns)) && trigger.is_some() {
            let about = format!("{about}, which the model declares to be fixed");
            return Some(self.finding(table, Trap::Computed, column, about, format!("leave `fixed({column})` out")));
        }
        let is_unique = lookups().any(|lookup| lookup.is_unique && is_in(lookup.columns));
        if !is_unique || self.models.covers(table, table, TagKind::Any) {
            return None;
        }
        let about = format!("{about}, by which rows are looked up: a value may come into being that no statement sets");
        Some(self.finding(table, Trap::Computed, column, about, self.declare("depends_on", table)))
    }

    /// An insert that gives its row back leaves the lists of the scopes that the row is not in by then.
    fn moved(&self, table: &str, column: &str, trigger: &str) -> Option<Finding> {
        let mut of_column = self.models.of(table).flat_map(|model| &model.declaration.lookups);
        let is_in = |columns: &[&str]| columns.iter().any(|name| name.eq_ignore_ascii_case(column));
        let is_scope = of_column.any(|lookup| !lookup.is_unique && is_in(lookup.columns));
        if !is_scope || self.models.covers(table, table, TagKind::Any) {
            return None;
        }
        let about = format!(
            "the trigger `{trigger}` sets `{table}.{column}`, by which lists are looked up, after an insert has given \
             its row back"
        );
        Some(self.finding(table, Trap::Computed, column, about, self.declare("depends_on", table)))
    }

    fn policy(&self, table: &str, policy: &str) -> Finding {
        let about =
            format!("a policy of `{policy}` calls what cannot be looked into: reads of `{table}` are not cached");
        let remedy = "write the function in SQL, or vouch for a read with `assume_deterministic`".to_owned();
        self.finding(table, Trap::Policy, policy, about, remedy)
    }
}

/// What may be there of any table, and the user may not see.
fn unseen_everywhere(fact: &StructureFact) -> Option<Finding> {
    let StructureFact::Unseen { privilege, table } = fact else { return None };
    table.is_empty().then(|| Finding {
        model: String::new(),
        table: String::new(),
        trap: Trap::Unseen,
        cause: privilege.clone(),
        remedy: format!("run the check as a user with the privilege {privilege} on the database"),
        about: "triggers are hidden from this user".to_owned(),
    })
}

fn collations(catalogue: &Catalogue, models: &Models<'_>) -> Vec<Finding> {
    let contradicted = models.stated.iter().filter_map(|(model, table, column)| {
        let declared = catalogue.declared_as(table, column).filter(|_| !catalogue.is_exact(table, column))?;
        Some(Finding {
            model: model.clone(),
            table: table.clone(),
            trap: Trap::Collation,
            cause: (*column).to_owned(),
            remedy: "give the column a type and a collation that compare bytes, or leave `exact` out".to_owned(),
            about: format!("`exact({column})` is not so: `{table}.{column}` is declared as {declared}"),
        })
    });
    contradicted.collect()
}

/// A table whose rows change with those of the one that is judged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reach<'a> {
    table: &'a str,
    kind: TagKind,
    /// Whether only rows that go there matter.
    deletes_only: bool,
}

/// A table whose writes change rows of another one.
struct Edge<'a> {
    cause: &'a str,
    kind: TagKind,
    source: &'a str,
    trap: Trap,
}
