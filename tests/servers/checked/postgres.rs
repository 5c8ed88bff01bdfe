//! What PostgreSQL does by itself is compared with what models declare.

use cache_diesel::Trap;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::checked::chinook::silent_on_chinook;
use crate::checked::schemas::{Engine, every_trap_is_found};
use crate::checked::{by_cause, silent_for_all, table};

fn found(schema: &str) -> crate::checked::Found {
    let database = tests::servers::postgres::fresh_database();
    let mut conn = PgConnection::establish(database.url()).unwrap();
    conn.batch_execute(schema).unwrap();
    crate::checked::found(&cache_diesel::check(&mut conn).unwrap())
}

#[test]
fn traps_of_all_databases_are_found() {
    every_trap_is_found(Engine::Postgres, found);
}

#[test]
fn nothing_is_found_where_nothing_has_to_be_declared() {
    silent_for_all(found);
    silent_on_chinook(found, "\"");
}

fn with(more: &str) -> String {
    ["check_logs", "check_sums", "check_said_sums", "check_slugs"].map(|name| table(name, "")).concat() + more
}

/// A trigger after rows of `check_logs` were written.
fn trigger(body: &str) -> String {
    with(&format!(
        "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$;
         CREATE TRIGGER logged AFTER INSERT ON check_logs FOR EACH STATEMENT EXECUTE FUNCTION act();"
    ))
}

#[test]
fn a_trigger_that_writes_another_table_is_found() {
    for body in [
        "UPDATE ONLY check_sums SET slug = 'New'",
        "INSERT INTO public.check_sums VALUES (1, 2, 'New') ON CONFLICT DO NOTHING",
        "IF TG_OP = 'INSERT' THEN DELETE FROM check_sums; END IF",
        "TRUNCATE TABLE check_sums",
    ] {
        assert_eq!(by_cause(found(&trigger(body))), [["check_sums", "logged", "depends_on(check_logs)"]], "{body}");
    }
    assert_eq!(found(&trigger("DELETE FROM check_said_sums")), []);
    assert_eq!(found(&trigger("PERFORM pg_notify('a', 'b')")), []);
}

#[test]
fn a_trigger_that_runs_other_text_is_found() {
    let on_slugs = |body: &str| trigger(body).replace("AFTER INSERT ON check_logs", "AFTER INSERT ON check_slugs");
    for body in ["EXECUTE 'DELETE FROM check_sums'", "PERFORM act_more()", "CALL act_more()"] {
        let found = found(&on_slugs(body));
        assert_eq!((found.len(), found[0].1, found[0].2.as_str()), (1, Trap::Unfollowed, "logged"), "{body}");
    }
}

#[test]
fn a_trigger_that_is_switched_off_does_nothing() {
    let schema = trigger("DELETE FROM check_sums") + "ALTER TABLE check_logs DISABLE TRIGGER logged;";
    assert_eq!(found(&schema), []);
}

#[test]
fn a_policy_that_cannot_be_followed_is_found() {
    let schema = with(
        "CREATE FUNCTION may(INT) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT 1 FROM check_logs); END $$;
         ALTER TABLE check_sums ENABLE ROW LEVEL SECURITY;
         CREATE POLICY seen ON check_sums USING (may(id));",
    );
    let mut database = tests::servers::postgres::fresh_database();
    let url = database.create_user();
    let mut owner = PgConnection::establish(database.url()).unwrap();
    let user = url.split("://").nth(1).unwrap().split(':').next().unwrap();
    owner.batch_execute(&format!("{schema} GRANT ALL ON ALL TABLES IN SCHEMA public TO {user};")).unwrap();
    assert!(cache_diesel::check(&mut owner).unwrap().is_clean(), "it holds for others");
    let report = cache_diesel::check(&mut PgConnection::establish(&url).unwrap()).unwrap();
    let found: Vec<(Trap, &str)> = report.findings().iter().map(|it| (it.trap, it.table.as_str())).collect();
    assert_eq!(found, [(Trap::Policy, "check_sums")], "{report}");
}

#[test]
fn a_foreign_table_is_found() {
    let schema = with("").replace("check_sums", "check_kept")
        + "CREATE FOREIGN DATA WRAPPER nobody; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nobody;
           CREATE FOREIGN TABLE check_sums (id INT, up_id INT, slug TEXT) SERVER elsewhere;";
    let found = found(&schema);
    assert_eq!((found.len(), found[0].0.as_str(), found[0].1), (1, "check_sums", Trap::Elsewhere));
}

#[test]
fn a_user_who_may_not_read_the_catalogue_is_told_so() {
    let mut database = tests::servers::postgres::fresh_database();
    let url = database.create_user();
    let mut owner = PgConnection::establish(database.url()).unwrap();
    owner.batch_execute("REVOKE SELECT ON pg_catalog.pg_trigger FROM PUBLIC").unwrap();
    let refused = cache_diesel::check(&mut PgConnection::establish(&url).unwrap());
    owner.batch_execute("GRANT SELECT ON pg_catalog.pg_trigger TO PUBLIC").unwrap();
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
}

/// A table in two parts.
fn parted(name: &str) -> String {
    let part = |part: &str, from: i32| {
        format!("CREATE TABLE {name}_{part} PARTITION OF {name} FOR VALUES FROM ({from}) TO ({});", from + 10)
    };
    let whole =
        format!("CREATE TABLE {name} (id INT PRIMARY KEY, up_id INT, slug TEXT NOT NULL) PARTITION BY RANGE (id);");
    whole + &part("low", 0) + &part("high", 10)
}

#[test]
fn what_is_declared_of_a_table_holds_for_its_parts() {
    let leaves = table("check_leaves", "check_twigs (id) ON DELETE CASCADE");
    assert_eq!(found(&(parted("check_twigs") + &leaves)), []);
    let twigs = table("check_twigs", "check_roots (id) ON DELETE CASCADE");
    assert_eq!(by_cause(found(&(parted("check_roots") + &twigs))).len(), 1, "it is said once");
    let logs = "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM check_said_sums; \
                DELETE FROM check_sums; RETURN NULL; END $$; \
                CREATE TRIGGER logged AFTER INSERT ON check_logs FOR EACH ROW EXECUTE FUNCTION act();";
    let schema = parted("check_logs") + &table("check_sums", "") + &table("check_said_sums", "") + logs;
    assert_eq!(by_cause(found(&schema)), [["check_sums", "logged", "depends_on(check_logs)"]]);
}

#[test]
fn a_materialized_view_that_a_trigger_refreshes_is_found() {
    let schema = with("").replace("check_sums", "check_kept")
        + "CREATE MATERIALIZED VIEW check_sums AS SELECT * FROM check_kept;"
        + "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           REFRESH MATERIALIZED VIEW check_sums; RETURN NULL; END $$; \
           CREATE TRIGGER logged AFTER INSERT ON check_logs EXECUTE FUNCTION act();";
    assert_eq!(by_cause(found(&schema)), [["check_sums", "logged", "depends_on(check_logs)"]]);
}

#[test]
fn a_unique_value_that_a_trigger_selects_is_found() {
    for body in ["SELECT lower(NEW.slug) INTO NEW.slug", "NEW := jsonb_populate_record(NEW, '{\"slug\": \"a\"}')"] {
        let schema = with(&format!(
            "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NEW; END $$; \
             CREATE TRIGGER slugged BEFORE UPDATE ON check_slugs FOR EACH ROW EXECUTE FUNCTION act();"
        ));
        assert_eq!(by_cause(found(&schema)), [["check_slugs", "slug", "depends_on(CheckSlug)"]], "{body}");
    }
}

#[test]
fn views_and_partitions_are_followed_by_themselves() {
    let schema = with("CREATE TABLE check_part () INHERITS (check_sums);")
        + "CREATE VIEW check_roots AS SELECT * FROM check_logs;";
    assert_eq!(found(&schema), []);
}
