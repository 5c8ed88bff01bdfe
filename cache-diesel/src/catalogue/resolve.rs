//! Decides what a read of a table depends on by the declarations of the database. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fact::{Caller, Fact, FactBody, FactRow};
use crate::scan::{self, Dialect};

/// What a database declares by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Catalogue {
    /// For each name that is more than its own rows.
    reached: HashMap<String, Reached>,
    /// Functions of the database's own by the names of such as are believed by their names, sorted.
    functions: Vec<String>,
    /// The columns of each table whose values are equal if their bytes are.
    exact: HashMap<String, BTreeSet<String>>,
    /// What columns are declared as of which models say how they are compared, by table and column.
    declared: BTreeMap<(String, String), String>,
    /// Tables of which it is not sure that a row is what everybody reads that a write gives back.
    unsure: BTreeSet<String>,
    /// Those of them whose rows may be changed after they were given back.
    later: BTreeSet<String>,
}

/// What a read of one table depends on besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Any write to these counts.
    pub(crate) tables: Vec<String>,
    /// The table with a policy that cannot be followed.
    pub(crate) opaque: Option<String>,
}

impl Catalogue {
    /// What follows from all that was `told`.
    pub(crate) fn of(told: Vec<FactRow>) -> Self {
        let mut declared = FactIndex::default();
        told.into_iter().flat_map(Fact::of).for_each(|fact| declared.add(fact));
        let functions = declared.own.iter().cloned().collect();
        let names: BTreeSet<&String> = declared.relations.keys().collect();
        let reached = names.into_iter().map(|name| (name.clone(), declared.reach(name)));
        let reached = reached.filter(|(_, reached)| *reached != Reached::default()).collect();
        let guarded = declared.relations.iter().filter(|(_, relation)| relation.is_guarded).map(|(name, _)| name);
        let unsure = declared.later.iter().chain(guarded).cloned().collect();
        Self { reached, functions, exact: declared.exact, declared: declared.columns, unsure, later: declared.later }
    }

    /// What a read of `table` depends on besides; `None`: nothing.
    pub(crate) fn reached_by(&self, table: &str) -> Option<&Reached> {
        self.reached.get(table)
    }

    /// Whether a row of `table` that a write gives back is what everybody reads as soon as the write is committed.
    pub(crate) fn gives_back_for_all(&self, table: &str) -> bool {
        !self.unsure.contains(table) && !self.reached.contains_key(table)
    }

    /// Whether the database may change a row of `table` after it has given it back to who wrote it.
    pub(crate) fn may_change_later(&self, table: &str) -> bool {
        self.later.contains(table)
    }

    /// Whether values of `column` in `table` are equal if their bytes are.
    pub(crate) fn is_exact(&self, table: &str, column: &str) -> bool {
        self.exact.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// What `column` of `table` is declared as, if the database was asked for that and has it.
    pub(crate) fn declared_as(&self, table: &str, column: &str) -> Option<&str> {
        self.declared.get(&(table.to_owned(), column.to_owned())).map(String::as_str)
    }

    /// Functions of the database's own whose names say otherwise, sorted.
    pub(crate) fn functions(&self) -> &[String] {
        &self.functions
    }
}

/// All facts, by what they are about.
#[derive(Debug, Default)]
struct FactIndex {
    relations: BTreeMap<String, RelationFacts>,
    functions: BTreeMap<String, FunctionFacts>,
    own: BTreeSet<String>,
    exact: HashMap<String, BTreeSet<String>>,
    columns: BTreeMap<(String, String), String>,
    later: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct RelationFacts {
    /// What a view reads, and what it calls.
    reads: BTreeSet<String>,
    calls: BTreeSet<String>,
    /// Whether policies hold for who asks.
    is_guarded: bool,
    policies: Policies,
    parents: BTreeSet<String>,
    children: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Policies {
    reads: BTreeSet<String>,
    calls: BTreeSet<String>,
    rules: Vec<String>,
}

#[derive(Debug, Default)]
struct FunctionFacts {
    body: Option<FactBody>,
    reads: BTreeSet<String>,
    calls: BTreeSet<String>,
}

/// What functions, or conditions, look at.
#[derive(Debug, Default)]
struct BodyTables {
    tables: BTreeSet<String>,
    is_opaque: bool,
}

impl FactIndex {
    /// More parts than these are not followed from the whole: caveat.
    const MOST_PARTS: usize = 64;

    fn add(&mut self, fact: Fact) {
        match fact {
            Fact::Bytes { table, column } => drop(self.exact.entry(table).or_default().insert(column)),
            Fact::Calls(Caller::Function(caller), callee) => drop(self.function(caller).calls.insert(callee)),
            Fact::Calls(Caller::Policy(table), callee) => drop(self.relation(table).policies.calls.insert(callee)),
            Fact::Calls(Caller::View(view), callee) => drop(self.relation(view).calls.insert(callee)),
            Fact::Column { table, column, declared } => drop(self.columns.insert((table, column), declared)),
            Fact::Function(name, body) => self.function(name).body = Some(body),
            Fact::Guard(table, read) => drop(self.relation(table).policies.reads.insert(read)),
            Fact::Guarded(table) => self.relation(table).is_guarded = true,
            Fact::Later(table) => drop(self.later.insert(table)),
            Fact::Own(name) => drop(self.own.insert(name)),
            Fact::Part { child, parent } => {
                self.relation(parent.clone()).children.insert(child.clone());
                self.relation(child).parents.insert(parent);
            }
            Fact::Reads(function, table) => drop(self.function(function).reads.insert(table)),
            Fact::Rule(table, condition) => self.relation(table).policies.rules.push(condition),
            Fact::View(view, table) => drop(self.relation(view).reads.insert(table)),
        }
    }

    fn relation(&mut self, name: String) -> &mut RelationFacts {
        self.relations.entry(name).or_default()
    }

    fn function(&mut self, name: String) -> &mut FunctionFacts {
        self.functions.entry(name).or_default()
    }

    /// What a read of `name` looks at, from name to name.
    fn reach(&self, name: &str) -> Reached {
        let (mut tables, mut opaque) = (BTreeSet::new(), None);
        let mut waiting = vec![(name.to_owned(), false)];
        let mut seen = BTreeSet::from_iter(waiting.clone());
        while let Some((next, is_in_policy)) = waiting.pop() {
            let Some(relation) = self.relations.get(&next) else { continue };
            // Within views and policies it may be somebody else who reads.
            let is_guarded = relation.is_guarded || next != name;
            let guards = if is_guarded { self.guards(&next, relation) } else { BodyTables::default() };
            // What a view calls is its own business, but where it decides which rows are seen of another table.
            let called = if is_in_policy { self.called(&relation.calls) } else { BodyTables::default() };
            if guards.is_opaque || called.is_opaque {
                opaque.get_or_insert_with(|| next.clone());
            }
            let of_view = relation.reads.iter().map(|table| (table.clone(), is_in_policy));
            let of_policy = guards.tables.into_iter().chain(called.tables).map(|table| (table, true));
            for found in of_view.chain(of_policy) {
                tables.insert(found.0.clone());
                if seen.insert(found.clone()) {
                    waiting.push(found);
                }
            }
        }
        let related: Vec<String> =
            tables.iter().map(String::as_str).chain([name]).flat_map(|table| self.family(table)).collect();
        tables.extend(related);
        Reached { tables: tables.into_iter().collect(), opaque }
    }

    /// What the policies of a table look at.
    fn guards(&self, name: &str, relation: &RelationFacts) -> BodyTables {
        let policies = &relation.policies;
        let mut seen = self.called(&policies.calls);
        // Every policy depends on its own table: only its text tells whether it reads other rows of it.
        seen.tables.extend(policies.reads.iter().filter(|table| *table != name).cloned());
        for condition in &policies.rules {
            match scan::rule(&format!("SELECT {condition}"), Dialect::Postgres) {
                Some(rule) if rule.is_timeless => {
                    seen.tables.extend(rule.tables.into_iter().filter(|table| table == name))
                }
                _ => seen.is_opaque = true,
            }
        }
        seen
    }

    /// What functions look at, and those that they call.
    fn called(&self, functions: &BTreeSet<String>) -> BodyTables {
        let mut seen = BodyTables::default();
        let mut known: BTreeSet<&String> = functions.iter().collect();
        let mut waiting: Vec<&String> = functions.iter().collect();
        while let Some(name) = waiting.pop() {
            let function = self.functions.get(name);
            match function.and_then(|function| function.body.as_ref()) {
                Some(FactBody::Trusted) => continue,
                Some(FactBody::Known) => {}
                Some(FactBody::Sql(body)) => match scan::rule(body, Dialect::Postgres) {
                    Some(rule) if rule.is_timeless && !rule.is_calling => seen.tables.extend(rule.tables),
                    _ => seen.is_opaque = true,
                },
                Some(FactBody::Opaque) | None => seen.is_opaque = true,
            }
            let Some(function) = function else { continue };
            seen.tables.extend(function.reads.iter().cloned());
            waiting.extend(function.calls.iter().filter(|callee| known.insert(callee)));
        }
        seen
    }

    /// The tables whose writes may be to rows of `name`: what it is a part of, and its own parts.
    fn family(&self, name: &str) -> BTreeSet<String> {
        let mut family = self.follow(name, |relation| &relation.parents);
        let parts = self.follow(name, |relation| &relation.children);
        if parts.len() <= Self::MOST_PARTS {
            family.extend(parts);
        }
        family
    }

    fn follow(&self, name: &str, to: impl Fn(&RelationFacts) -> &BTreeSet<String>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![name];
        while let Some(next) = waiting.pop() {
            let Some(relation) = self.relations.get(next) else { continue };
            waiting.extend(to(relation).iter().filter(|other| found.insert((*other).clone())).map(String::as_str));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(told: &[[&str; 3]]) -> Catalogue {
        let told = told.iter().map(|[kind, name, said]| FactRow {
            kind: (*kind).to_owned(),
            name: (*name).to_owned(),
            said: (*said).to_owned(),
        });
        Catalogue::of(told.collect())
    }

    /// The tables that a read depends on besides, with a `!` if a policy cannot be followed.
    fn reached(told: &[[&str; 3]], table: &str) -> String {
        let catalogue = catalogue(told);
        let Some(reached) = catalogue.reached_by(table) else { return String::new() };
        let mark = if reached.opaque.is_some() { "!" } else { "" };
        reached.tables.join(" ") + mark
    }

    #[test]
    fn what_policies_read_is_followed() {
        let members = "(name IN ( SELECT members.name FROM members WHERE (members.who = CURRENT_USER)))";
        let guard = ["guard", "rooms", "members"];
        let own = ["guard", "rooms", "rooms"];
        let (guarded, rule) = (["guarded", "rooms", ""], ["rule", "rooms", members]);
        let cases: &[(&[[&str; 3]], &str)] = &[
            (&[guarded, own, rule, guard], "members"),
            (&[own, rule, guard], ""),
            (&[guarded, own, ["rule", "rooms", "(tenant = current_setting('app.tenant'::text))"]], ""),
            (&[guarded, own, ["rule", "rooms", "(until > now())"]], "!"),
            (
                &[guarded, own, ["rule", "rooms", "(id IN ( SELECT max(rooms_1.id) AS max FROM rooms rooms_1))"]],
                "rooms",
            ),
            (&[guarded, rule, guard, ["guard", "members", "teams"]], "members teams"),
            (&[guarded, rule, guard, ["guard", "members", "rooms"]], "members rooms"),
            (
                &[guarded, rule, guard, ["view", "members", "people"], ["guard", "people", "teams"]],
                "members people teams",
            ),
            (&[guarded, rule, guard, ["part", "members_1", "members"]], "members members_1"),
        ];
        for (told, wanted) in cases {
            assert_eq!(reached(told, "rooms"), *wanted, "{told:?}");
        }
    }

    #[test]
    fn functions_of_policies_are_followed_as_far_as_they_are_sql() {
        let (guarded, rule) = (["guarded", "rooms", ""], ["rule", "rooms", "is_mine(id)"]);
        let calls = ["calls", "rooms", "1"];
        let cases: &[(&[[&str; 3]], &str)] = &[
            (&[["function trusted", "1", ""]], ""),
            (&[["function opaque", "1", ""]], "!"),
            (&[], "!"),
            (&[["function sql", "1", "SELECT current_setting('app.tenant')::int"]], ""),
            (&[["function sql", "1", "SELECT EXISTS (SELECT 1 FROM members WHERE who = current_user);"]], "members"),
            (&[["function sql", "1", "SELECT is_other($1)"]], "!"),
            (&[["function sql", "1", "SELECT $1 > now()"]], "!"),
            (&[["function sql", "1", "UPDATE members SET seen = true RETURNING true"]], "!"),
            (&[["function known", "1", ""], ["function reads", "1", "members"]], "members"),
            (
                &[["function known", "1", ""], ["function calls", "1", "2"], ["function sql", "2", "SELECT a FROM b"]],
                "b",
            ),
            (&[["function known", "1", ""], ["function calls", "1", "1"]], ""),
        ];
        for (told, wanted) in cases {
            let told = [&[guarded, rule, calls], *told].concat();
            assert_eq!(reached(&told, "rooms"), *wanted, "{told:?}");
        }
    }

    #[test]
    fn views_and_parts_are_followed() {
        let view = "CREATE VIEW v AS SELECT a.x FROM a JOIN main.b USING (x) WHERE y IN (SELECT y FROM c)";
        let cases: &[(&[[&str; 3]], &str, &str)] = &[
            (&[["view", "v", "w"], ["view", "w", "a"]], "v", "a w"),
            (&[["view", "v", "v"]], "v", "v"),
            (&[["definition", "v", view]], "v", "a b c"),
            (&[["definition", "f", "CREATE VIRTUAL TABLE f USING fts5(x, content='a')"]], "f", "a"),
            (&[["part", "p1", "p"], ["part", "p2", "p"]], "p", "p1 p2"),
            (&[["part", "p1", "p"], ["part", "p2", "p"]], "p1", "p"),
            (&[["part", "p1", "p"], ["part", "p11", "p1"]], "p11", "p p1"),
            (&[["view calls", "v", "1"], ["view", "v", "a"], ["function opaque", "1", ""]], "v", "a"),
        ];
        for (told, table, wanted) in cases {
            assert_eq!(reached(told, table), *wanted, "{told:?}");
        }
        let many: Vec<String> = (0..100).map(|number| format!("p{number}")).collect();
        let told: Vec<[&str; 3]> = many.iter().map(|part| ["part", part.as_str(), "p"]).collect();
        assert_eq!([reached(&told, "p"), reached(&told, "p7")], ["", "p"]);
    }

    #[test]
    fn columns_that_are_compared_byte_by_byte_are_told() {
        let told = [
            ["bytes", "users", "name"],
            ["bytes", "users", "city"],
            ["view", "v", "users"],
            ["column", "users", "mail\ncitext "],
            ["column", "users", "odd"],
        ];
        let catalogue = catalogue(&told);
        let is_exact = |table, column| catalogue.is_exact(table, column);
        assert!(is_exact("users", "name") && is_exact("users", "city"));
        let declared = |table, column| catalogue.declared_as(table, column);
        assert_eq!([declared("users", "mail"), declared("users", "name")], [Some("citext"), None]);
        assert!(!is_exact("users", "mail"));
        assert!(!is_exact("users", "NAME") && !is_exact("users", "id") && !is_exact("v", "name"));
    }

    #[test]
    fn a_row_that_the_database_may_change_or_hide_is_not_what_everybody_reads() {
        let told =
            [["later", "a", ""], ["guarded", "b", ""], ["part", "c1", "c"], ["view", "d", "e"], ["own", "f", ""]];
        let catalogue = catalogue(&told);
        let are_sure = ["a", "b", "c", "c1", "d", "e", "f"].map(|table| catalogue.gives_back_for_all(table));
        assert_eq!(are_sure, [false, false, false, false, false, true, true]);
        assert!(catalogue.may_change_later("a") && !catalogue.may_change_later("b"), "who hides a row leaves it");
    }

    #[test]
    fn functions_of_the_databases_own_are_told_in_order() {
        let told = [["own", "similarity", ""], ["own", "lower", ""], ["own", "lower", ""], ["odd", "a", "b"]];
        assert_eq!(catalogue(&told).functions(), ["lower", "similarity"]);
    }
}
