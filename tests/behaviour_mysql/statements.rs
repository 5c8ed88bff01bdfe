//! Statements that only MySQL and MariaDB have, and several databases on one connection.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;

use crate::database::{Conn, Database};
use crate::harness::{Shop, products};
use crate::presence::Alone;
use crate::transactions::{retitle, title};

/// A second database beside the shop's own, and its name.
fn branch(shop: &Shop) -> (Database, String) {
    let database = Database::fresh();
    let name = database.name().to_owned();
    shop.conn_to(&database.url()).batch_execute(&crate::schema::schema()).unwrap();
    (database, name)
}

#[test]
fn g8_a_write_to_another_database_by_its_name_is_seen_there() {
    let _alone = Alone::wait();
    let shop = Shop::new();
    let (database, name) = branch(&shop);
    let (mut here, mut there, mut conn) = (shop.warm(), shop.conn_to(&database.url()), shop.conn());
    for sql in [
        "UPDATE {}.products SET title = 'New' WHERE id = 1",
        "INSERT INTO `{}`.products VALUES (4, 9, 'new', 'New', 1, 1)",
        "UPDATE products JOIN {}.products AS p USING (id) SET p.title = 'Both', products.title = 'Both'",
        "DELETE p FROM {}.products AS p WHERE p.id = 4",
        "REPLACE INTO {} . products SELECT * FROM products WHERE id = 2",
        "TRUNCATE TABLE {}.categories",
    ] {
        shop.read_everything(&mut there);
        shop.read_everything(&mut here);
        sql_query(sql.replace("{}", &name)).execute(&mut conn).unwrap();
        shop.read_everything(&mut there);
        shop.read_everything(&mut here);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn g8_a_connection_that_goes_to_another_database_reads_and_writes_there() {
    let _alone = Alone::wait();
    let shop = Shop::new();
    let (database, name) = branch(&shop);
    let (mut here, mut there, mut conn) = (shop.warm(), shop.conn_to(&database.url()), shop.conn());
    shop.read_everything(&mut there);
    conn.batch_execute(&format!("USE {name}")).unwrap();
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut conn, 1).1, "New");
    assert_eq!([title(&shop, &mut here, 1).1, title(&shop, &mut there, 1).1], ["Lamp", "New"]);
    shop.products().delete(2).execute(&mut conn).unwrap();
    conn.transaction(|conn| retitle(conn, 3, "Newer")).unwrap();
    shop.read_everything(&mut conn);
    shop.read_everything(&mut here);
    shop.read_everything(&mut there);
    // A tracker that comes later asks where the connection is.
    let mut late = shop.untracked();
    late.batch_execute(&format!("USE {name}")).unwrap();
    shop.track(&mut late);
    shop.read_everything(&mut late);
    retitle(&mut late, 1, "Newest").unwrap();
    assert_eq!([title(&shop, &mut here, 1).1, title(&shop, &mut there, 1).1], ["Lamp", "Newest"]);
}

#[test]
fn procedures_functions_and_events_that_write_are_feared() {
    let shop = Shop::with_tables(
        "CREATE PROCEDURE rename_all(name TEXT) UPDATE products SET title = name;
         CREATE FUNCTION touch() RETURNS INT MODIFIES SQL DATA
             BEGIN UPDATE products SET title = 'Touched' WHERE id = 1; RETURN 1; END",
    );
    for sql in [
        "CALL rename_all('New')",
        "SELECT touch()",
        "DO touch()",
        "SET @a = touch()",
        "SHOW VARIABLES WHERE touch() = 1 AND Variable_name = 'autocommit'",
        "SHOW COLUMNS FROM categories WHERE Field = (SELECT touch())",
        "PREPARE p FROM 'DELETE FROM products WHERE id = 3'; EXECUTE p; DEALLOCATE PREPARE p",
        "EXECUTE IMMEDIATE 'UPDATE products SET slug = title WHERE id = 2'",
        "BEGIN NOT ATOMIC UPDATE products SET title = 'Block'; END",
    ] {
        let (mut other, mut conn) = (shop.conn(), shop.conn());
        shop.read_everything(&mut other);
        conn.batch_execute(sql).unwrap();
        assert!(shop.read_everything(&mut other) > 0, "{sql}");
        shop.read_everything(&mut conn);
        shop.conn().batch_execute("UPDATE products SET title = concat('Title ', id)").unwrap();
        shop.read_everything(&mut conn);
    }
}

#[test]
fn w1_rows_that_are_loaded_from_a_file() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "4\t9\tnew\tNew\t1\t1").unwrap();
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).unwrap();
    let path = file.path().display();
    let load =
        |conn: &mut Conn, how: &str| conn.batch_execute(&format!("LOAD DATA {how} '{path}' INTO TABLE products"));
    // Either may be switched off; if it is, nothing was loaded.
    let is_loaded = load(&mut conn, "INFILE").is_ok() || load(&mut conn, "LOCAL INFILE").is_ok();
    shop.read_everything(&mut other);
    let replace = format!("LOAD DATA INFILE '{path}' REPLACE INTO TABLE products");
    if is_loaded && sql_query(replace).execute(&mut conn).is_ok() {
        shop.read_everything(&mut other);
    }
    assert_eq!(products::table.count().get_result::<i64>(&mut conn).unwrap(), if is_loaded { 4 } else { 3 });
}

#[test]
fn a_function_that_is_stored_under_the_name_of_one_that_others_bring_along_is_not_believed() {
    let shop = Shop::with_tables(
        "CREATE FUNCTION regexp_like(text TEXT, pattern TEXT) RETURNS INT READS SQL DATA
             RETURN (SELECT COUNT(*) FROM categories) > 2",
    );
    let mut conn = shop.conn();
    let read = || shop.products().all((), diesel::dsl::sql::<diesel::sql_types::Bool>("regexp_like(title, 'a')"));
    assert_eq!(read().load(&mut conn).unwrap().len(), 0);
    sql_query("INSERT INTO categories VALUES (9, 'Third')").execute(&mut conn).unwrap();
    assert_eq!(read().load(&mut conn).unwrap().len(), 3);
    assert!(!read().entry(&mut conn).unwrap().is_hit());
}
