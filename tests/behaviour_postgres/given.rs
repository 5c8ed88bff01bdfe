//! What PostgreSQL may do to a row that a write has given back.

use cache_diesel::Unstored;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::harness::Shop;
use crate::write_through::{is_stored, schema, slip, slips, slips_of, unstored};

const TOLD: &str = "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN NEW.state := 'told'; RETURN NEW; END $$;";

#[test]
fn d19_a_row_that_a_trigger_completes_before_it_is_written_is_stored_as_it_was_written() {
    let shop = Shop::with_tables(&format!(
        "{} {TOLD} CREATE TRIGGER told BEFORE INSERT OR UPDATE ON slips FOR EACH ROW EXECUTE FUNCTION told()",
        schema()
    ));
    let mut conn = shop.conn();
    assert_eq!(slips_of(&shop).save(&slip(101, "uno")).get_result(&mut conn).unwrap().state, "told");
    assert!(is_stored(&shop, &mut conn, 101));
    let row = slips_of(&shop).insert(slips::text.eq("three")).get_result(&mut conn).unwrap();
    assert!(is_stored(&shop, &mut conn, row.id));
}

#[test]
fn rows_that_the_database_may_change_afterwards_are_not_stored_by_their_writes() {
    let after = "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN UPDATE slips SET state = 'late' WHERE id = NEW.id AND state <> 'late'; RETURN NULL; END $$;";
    let declarations = [
        "CREATE TRIGGER later AFTER UPDATE ON slips FOR EACH ROW EXECUTE FUNCTION later()",
        "CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON slips DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION later()",
        "CREATE RULE later AS ON UPDATE TO slips WHERE NEW.state = 'never' DO ALSO UPDATE products SET title = 'x'",
        "CREATE UNIQUE INDEX texts ON slips (text);
         CREATE TABLE tails (head VARCHAR(255) REFERENCES slips (text) ON UPDATE CASCADE)",
    ];
    for declaration in declarations {
        let shop = Shop::with_tables(&format!("{} {after} {declaration}", schema()));
        let mut conn = shop.conn();
        slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
        assert!(!is_stored(&shop, &mut conn, 101), "{declaration}");
        assert_eq!(unstored(&shop, Unstored::Declared), 1, "{declaration}");
    }
}

#[test]
fn what_a_key_is_followed_by_keeps_no_row_out() {
    let shop = Shop::with_tables(&format!(
        "{} CREATE TABLE tails (head INTEGER REFERENCES slips ON UPDATE CASCADE)",
        schema()
    ));
    let mut conn = shop.conn();
    slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
    assert!(is_stored(&shop, &mut conn, 101));
}

#[test]
fn a_commit_that_rolls_back_because_something_failed_stores_nothing() {
    let shop = Shop::with_tables(&schema());
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    slips_of(&shop).get(102).first(&mut other).unwrap();
    conn.batch_execute("BEGIN").unwrap();
    slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
    conn.batch_execute("SELECT 1 / 0").unwrap_err();
    conn.batch_execute("COMMIT").unwrap();
    assert_eq!(unstored(&shop, Unstored::RolledBack), 1);
    assert!(!is_stored(&shop, &mut other, 101));
}

#[test]
fn d19_a_transaction_by_hand_and_one_with_a_snapshot_store_their_rows() {
    let shop = Shop::with_tables(&schema());
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    slips_of(&shop).get(102).first(&mut other).unwrap();
    for (text, begin) in [("uno", "BEGIN"), ("due", "BEGIN ISOLATION LEVEL REPEATABLE READ")] {
        conn.batch_execute(begin).unwrap();
        slips_of(&shop).save(&slip(101, text)).execute(&mut conn).unwrap();
        conn.batch_execute("COMMIT").unwrap();
        assert!(is_stored(&shop, &mut other, 101), "{begin}");
    }
    conn.batch_execute("BEGIN").unwrap();
    slips_of(&shop).save(&slip(101, "tre")).execute(&mut conn).unwrap();
    conn.batch_execute("ROLLBACK").unwrap();
    assert!(is_stored(&shop, &mut other, 101), "what was stored before is as good as it was");
    assert_eq!(slips_of(&shop).get(101).first(&mut other).unwrap().text, "due");
}
