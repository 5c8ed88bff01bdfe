//! Schemas with one trap each, as every database has them, and the line that a model lacks.

use cache_diesel::Trap;

use crate::checked::{Found, by_trap, table};

/// A database whose SQL is written otherwise than that of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "servers are optional")]
pub enum Engine {
    Mariadb,
    Postgres,
    Sqlite,
}

/// A schema with a trap.
struct Trapped {
    name: &'static str,
    sql: String,
    /// The table that it is in, what it is, and the option that is to be added.
    expected: (&'static str, Trap, &'static str),
}

/// At least so many have to be found.
const FEWEST: usize = 10;

/// Each schema has its trap found with the line to add, and nothing else; `found`: what is found in one.
pub fn every_trap_is_found(engine: Engine, found: fn(&str) -> Found) {
    let schemas: Vec<Trapped> = references().into_iter().chain(acting(engine)).chain([shown(engine)]).collect();
    let mut count = 0;
    for Trapped { name, sql, expected: (table, trap, line) } in &schemas {
        assert_eq!(by_trap(found(sql)), [((*table).to_owned(), *trap, (*line).to_owned())], "{engine:?}: {name}");
        count += 1;
    }
    println!("{engine:?}: {count} schemas");
    assert!(count >= FEWEST && count == schemas.len(), "{count}");
}

/// Traps of foreign keys, and of columns that are generated: they are written the same everywhere.
fn references() -> Vec<Trapped> {
    let twigs = |name, action: &str| Trapped {
        name,
        sql: table("check_roots", "") + &table("check_twigs", &format!("check_roots (id) {action}")),
        expected: ("check_twigs", Trap::Cascade, "cascaded_by(CheckRoot)"),
    };
    let bare = table("check_bare", "check_roots (id) ON DELETE CASCADE");
    let fruits = table("check_fruits", "check_bare (id) ON DELETE CASCADE");
    vec![
        twigs("a delete takes rows with it", "ON DELETE CASCADE"),
        twigs("a delete empties a column", "ON DELETE SET NULL"),
        twigs("a changed key is followed", "ON UPDATE CASCADE"),
        twigs("a changed key empties a column", "ON UPDATE SET NULL"),
        Trapped {
            name: "rows hang on rows of their own table",
            sql: table("check_roots", "check_roots (id) ON DELETE CASCADE"),
            expected: ("check_roots", Trap::Cascade, "cascaded_by(CheckRoot)"),
        },
        Trapped {
            name: "a table without a model lies between",
            sql: table("check_roots", "") + &bare + &fruits,
            expected: ("check_fruits", Trap::Cascade, "cascaded_by(CheckRoot)"),
        },
        Trapped {
            name: "a unique value is generated",
            sql: generated("check_slugs"),
            expected: ("check_slugs", Trap::Computed, "depends_on(CheckSlug)"),
        },
    ]
}

/// The table `name` with a slug that the database makes of the title.
pub fn generated(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (id INT PRIMARY KEY, up_id INT, title VARCHAR(40) NOT NULL, \
         slug VARCHAR(40) GENERATED ALWAYS AS (lower(title)) STORED);"
    )
}

/// Traps of triggers.
fn acting(engine: Engine) -> Vec<Trapped> {
    let sums = |name, when, body, line| Trapped {
        name,
        sql: tables() + &table("check_sums", "") + &trigger(engine, when, body),
        expected: ("check_sums", Trap::Trigger, line),
    };
    let (when, body) = match engine {
        Engine::Mariadb => ("BEFORE UPDATE ON check_slugs", "SET NEW.slug = LOWER(NEW.up_id)"),
        Engine::Postgres => ("BEFORE UPDATE ON check_slugs", "NEW.slug := NEW.up_id"),
        Engine::Sqlite => {
            ("AFTER UPDATE OF up_id ON check_slugs", "UPDATE check_slugs SET slug = 'New' WHERE id = NEW.id")
        }
    };
    let insert = "INSERT INTO check_sums VALUES (1, 2, 'New')";
    vec![
        sums(
            "a trigger updates",
            "AFTER INSERT ON check_logs",
            "UPDATE check_sums SET slug = 'New'",
            "depends_on(check_logs)",
        ),
        sums("a trigger inserts", "AFTER UPDATE ON check_logs", insert, "depends_on(check_logs)"),
        sums("a trigger deletes", "AFTER DELETE ON check_logs", "DELETE FROM check_sums", "depends_on(check_logs)"),
        sums("a trigger of a model", "AFTER DELETE ON check_slugs", "DELETE FROM check_sums", "depends_on(CheckSlug)"),
        Trapped {
            name: "a trigger computes a unique value",
            sql: tables() + &trigger(engine, when, body),
            expected: ("check_slugs", Trap::Computed, "depends_on(CheckSlug)"),
        },
    ]
}

/// What only this database does: a view that is not followed, a rule, or a trigger of a view.
fn shown(engine: Engine) -> Trapped {
    let sums = table("check_sums", "");
    let (name, more, trap, line) = match engine {
        Engine::Mariadb => {
            let view = "CREATE VIEW check_sums AS SELECT id, up_id, slug FROM check_logs";
            ("a model is of a view", view.to_owned(), Trap::View, "depends_on(check_logs)")
        }
        Engine::Postgres => {
            let rule = "CREATE RULE acted AS ON UPDATE TO check_logs DO ALSO DELETE FROM check_sums";
            ("a rule deletes", sums + rule, Trap::Trigger, "depends_on(check_logs)")
        }
        Engine::Sqlite => {
            let view = "CREATE VIEW check_shown AS SELECT * FROM check_sums;";
            let body = "DELETE FROM check_sums WHERE id = OLD.id";
            let instead = trigger(engine, "INSTEAD OF DELETE ON check_shown", body);
            (
                "a trigger of a view writes the table below",
                sums + view + &instead,
                Trap::Trigger,
                "depends_on(check_shown)",
            )
        }
    };
    Trapped { name, sql: tables() + &more, expected: ("check_sums", trap, line) }
}

fn tables() -> String {
    table("check_logs", "") + &table("check_slugs", "")
}

fn trigger(engine: Engine, when: &str, body: &str) -> String {
    match engine {
        Engine::Mariadb => format!("CREATE TRIGGER acted {when} FOR EACH ROW {body};"),
        Engine::Postgres => format!(
            "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NEW; END $$;
             CREATE TRIGGER acted {when} FOR EACH ROW EXECUTE FUNCTION act();"
        ),
        Engine::Sqlite => format!("CREATE TRIGGER acted {when} BEGIN {body}; END;"),
    }
}
