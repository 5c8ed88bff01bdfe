use std::collections::BTreeSet;

use cache_core::tables::{Declaration, Dependency, LookupDeclaration, NamedType, Tables};

use super::decide::findings;
use super::fact::{StructureFact, facts_of};
use super::models::Models;
use super::{CheckReport, Trap};
use crate::catalogue::{Catalogue, FactRow};
use crate::model::declaration::ModelOfTable;
use crate::scan::Dialect;

fn model(table: &str, name: &'static str, dependencies: &[Dependency]) -> ModelOfTable {
    let slug = LookupDeclaration {
        columns: &["slug"],
        is_exact: true,
        is_fixed: false,
        is_unique: true,
        normalizer: None,
        value: NamedType::of::<String>(),
    };
    let key = ("`id`".to_owned(), NamedType::of::<i32>());
    let dependencies = dependencies.to_vec();
    let declaration = Declaration { table: table.to_owned(), key, lookups: vec![slug], dependencies };
    ModelOfTable { declaration, name, path: format!("shop::{name}") }
}

/// The findings about the models, in which tables have these rows of structure.
fn found(models: &[ModelOfTable], told: &[(&str, &str, &str)]) -> Vec<String> {
    let tables = Tables::new(models.iter().map(|model| model.declaration.clone()));
    let models = Models { models, tables: &tables, stated: &[], by_type: &[("items".to_owned(), "slug".to_owned())] };
    let row = |(kind, name, said): &(&str, &str, &str)| FactRow {
        kind: (*kind).to_owned(),
        name: (*name).to_owned(),
        said: (*said).to_owned(),
    };
    let facts: BTreeSet<StructureFact> = facts_of(told.iter().map(row).collect(), Dialect::Sqlite, &models);
    findings(&facts, &Catalogue::default(), &models).iter().map(ToString::to_string).collect()
}

fn by(table: &str) -> Dependency {
    Dependency::CascadedBy(table.to_owned())
}

fn on(table: &str) -> Dependency {
    Dependency::DependsOn(table.to_owned())
}

const CASCADES: [(&str, &str, &str); 2] =
    [("cascade", "teams", "firm\nfirms\nCASCADE"), ("cascade", "members", "team\nteams\nCASCADE")];

#[test]
fn a_cascade_is_declared_by_the_table_that_it_changes() {
    let told = [CASCADES[0]];
    let line = "`shop::Team`: rows of `teams` go or change with those of `firms` (foreign key `firm`): add \
                `#[cached(cascaded_by(firms))]`";
    assert_eq!(found(&[model("teams", "Team", &[])], &told), [line]);
    let with_parent = found(&[model("teams", "Team", &[]), model("firms", "Firm", &[])], &told);
    assert_eq!(with_parent, [line.replace("(firms)", "(Firm)")]);
    for declared in [by("firms"), on("firms")] {
        assert_eq!(found(&[model("teams", "Team", &[declared])], &told), Vec::<String>::new());
    }
    assert_eq!(found(&[model("others", "Other", &[])], &told), Vec::<String>::new());
}

#[test]
fn a_table_without_a_model_is_looked_through() {
    let undeclared = found(&[model("members", "Member", &[by("teams")])], &CASCADES);
    assert_eq!(undeclared.len(), 1);
    assert!(undeclared[0].ends_with("which change those of `members`: add `#[cached(cascaded_by(firms))]`"));
    assert_eq!(found(&[model("members", "Member", &[by("teams"), by("firms")])], &CASCADES).len(), 0);
    // A table with a model declares for those that depend on it.
    let both = [model("members", "Member", &[by("teams")]), model("teams", "Team", &[by("firms")])];
    assert_eq!(found(&both, &CASCADES).len(), 0);
    // Rows there that lose their parent stay.
    let told = [("cascade", "teams", "firm\nfirms\nSET NULL"), CASCADES[1]];
    assert_eq!(found(&[model("members", "Member", &[by("teams")])], &told).len(), 0);
}

#[test]
fn what_a_trigger_writes_depends_on_its_table() {
    let told =
        [("trigger", "logs", "logged\nCREATE TRIGGER logged AFTER INSERT ON logs BEGIN UPDATE sums SET n = 1; END")];
    let line = "`shop::Sum`: the trigger `logged` of `logs` writes rows of `sums`: add `#[cached(depends_on(logs))]`";
    assert_eq!(found(&[model("sums", "Sum", &[])], &told), [line]);
    assert_eq!(found(&[model("sums", "Sum", &[by("logs")])], &told), [line], "a cascade is less");
    assert_eq!(found(&[model("sums", "Sum", &[on("logs")])], &told).len(), 0);
    // A cascade into a table with a trigger.
    let told = [told[0], ("cascade", "logs", "owner\nowners\nCASCADE")];
    assert!(found(&[model("sums", "Sum", &[on("logs")])], &told)[0].ends_with("`#[cached(depends_on(owners))]`"));
}

#[test]
fn circles_of_tables_end() {
    let told =
        [("cascade", "a", "x\nb\nCASCADE"), ("cascade", "b", "y\nc\nCASCADE"), ("cascade", "c", "z\nb\nCASCADE")];
    assert_eq!(found(&[model("a", "A", &[])], &told).len(), 2);
    assert_eq!(found(&[model("a", "A", &[])], &[("cascade", "a", "x\na\nSET NULL")]).len(), 1);
}

#[test]
fn a_unique_value_that_is_computed_is_found() {
    let line = "`shop::Item`: the database computes `items.slug`, by which rows are looked up: a value may come into being \
                that no statement sets: add `#[cached(depends_on(Item))]`";
    let told = [("computed", "items", "slug"), ("computed", "items", "title")];
    assert_eq!(found(&[model("items", "Item", &[])], &told), [line]);
    assert_eq!(found(&[model("items", "Item", &[on("items")])], &told).len(), 0);
    let trigger =
        "slugged\nCREATE TRIGGER slugged AFTER UPDATE ON items BEGIN UPDATE items SET slug = 1 WHERE id = NEW.id; END";
    assert_eq!(
        found(&[model("items", "Item", &[])], &[("trigger", "items", trigger)]),
        [line.replace("the database", "the trigger `slugged`")]
    );
}

#[test]
fn a_scope_that_is_set_after_an_insert_is_found() {
    let scoped = |is_fixed| {
        let mut model = model("items", "Item", &[]);
        let slug = model.declaration.lookups[0].clone();
        model.declaration.lookups.push(LookupDeclaration { columns: &["bin"], is_fixed, is_unique: false, ..slug });
        model
    };
    let told = |statement: &str| format!("binned\nCREATE TRIGGER binned AFTER INSERT ON items BEGIN {statement}; END");
    let later = told("UPDATE items SET bin = 7 WHERE id = NEW.id");
    let line = "`shop::Item`: the trigger `binned` sets `items.bin`, by which lists are looked up, after an insert has given \
                its row back: add `#[cached(depends_on(Item))]`";
    assert_eq!(found(&[scoped(false)], &[("trigger", "items", &later)]), [line]);
    assert_eq!(found(&[scoped(false)], &[("trigger", "items", &told("NEW.bin = 7"))]).len(), 0, "the row has it");
    assert_eq!(found(&[model("items", "Item", &[])], &[("trigger", "items", &later)]).len(), 0, "it is no scope");
}

#[test]
fn a_trigger_of_a_whole_table_is_said_of_that_table() {
    let text = "logged\nBEGIN UPDATE sums SET n = 1; NEW.slug := 1; END";
    let models = [model("sums", "Sum", &[on("logs")]), model("items", "Item", &[])];
    assert_eq!(found(&models, &[("trigger", "logs", text), ("trigger of whole", "logs_of_may", text)]).len(), 0);
    assert_eq!(found(&models, &[("trigger of whole", "items", text)]).len(), 1, "a part with a model");
}

#[test]
fn tables_of_another_nature_are_found() {
    let models = [model("items", "Item", &[])];
    assert!(found(&models, &[("engine", "items", "MyISAM")])[0].contains("ENGINE = InnoDB"));
    assert!(found(&models, &[("foreign", "items", "")])[0].contains("another server"));
    assert!(found(&models, &[("virtual", "items", "CREATE VIRTUAL TABLE items USING csv(a)")])[0].contains("`csv`"));
    assert_eq!(found(&models, &[("virtual", "items", "CREATE VIRTUAL TABLE items USING fts5(a)")]).len(), 0);
    assert!(found(&models, &[("trigger opaque", "items", "c_code\n")])[0].contains(".except([\"c_code\"])"));
    let shows = [("shows", "items", "CREATE VIEW v AS select 1 from `sums` join `logs`")];
    assert_eq!(found(&models, &shows).len(), 2);
    assert_eq!(found(&[model("items", "Item", &[on("sums"), on("logs")])], &shows).len(), 0);
}

#[test]
fn a_collation_that_does_not_go_with_the_declared_type_is_found() {
    let models = [model("items", "Item", &[])];
    let told =
        [("collated", "items", "slug\nvarchar(40) COLLATE utf8mb4_general_ci"), ("collated", "items", "title\ntext")];
    let found = found(&models, &told);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("`shop::Item`: `items.slug`, by which rows are looked up, is declared as varchar(40)")
    );
}

#[test]
fn what_the_user_may_not_see_is_found() {
    let models = [model("items", "Item", &[])];
    assert_eq!(
        found(&models, &[("unseen", "", "TRIGGER")]),
        ["triggers are hidden from this user: run the check as a user with the privilege TRIGGER on the database"]
    );
    assert!(
        found(&models, &[("unseen", "items", "SHOW VIEW")])[0].contains("`shop::Item`: what `items` shows is hidden")
    );
    assert_eq!(found(&models, &[("unseen", "others", "SHOW VIEW")]).len(), 0);
}

#[test]
fn a_report_leaves_out_what_somebody_has_looked_at() {
    let report = CheckReport::default();
    assert!(report.is_clean() && report.findings().is_empty());
    assert!(Trap::Cascade < Trap::View);
}
