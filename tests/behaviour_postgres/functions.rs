//! Functions of the database's own in what managers run: they may write other tables, and change the session.

use cache_diesel::ManualClock;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use crate::database::{Conn, Database};
use crate::harness::{Shop, products};
use crate::kept::cache_at;

/// A shop whose functions number the categories anew, and give `New` with the number.
fn numbered() -> Shop {
    Shop::with_tables(
        "CREATE SEQUENCE numbers;
         CREATE FUNCTION next_number() RETURNS bigint LANGUAGE plpgsql AS $$
             DECLARE number bigint := nextval('numbers');
             BEGIN UPDATE categories SET name = 'New ' || number; RETURN number; END $$;
         CREATE FUNCTION is_numbered() RETURNS boolean LANGUAGE sql AS 'SELECT next_number() > 0';
         CREATE FUNCTION numbered() RETURNS text LANGUAGE sql AS 'SELECT ''new '' || next_number()';",
    )
}

type Work = fn(&Shop, &mut Conn);

#[track_caller]
fn check(works: &[(&str, Work)]) {
    for (name, work) in works {
        let shop = numbered();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        let before = shop.categories().get(7).first(&mut other).unwrap();
        work(&shop, &mut conn);
        let after = shop.categories().get(7).first(&mut other).unwrap();
        assert_ne!(before.name, after.name, "{name}");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
    }
}

fn is_numbered() -> diesel::expression::SqlLiteral<Bool> {
    sql("is_numbered()")
}

#[test]
fn a_managers_read_with_a_function_that_writes_ends_what_it_wrote() {
    check(&[
        ("list", |shop, conn| drop(shop.products().all((), is_numbered()).load(conn).unwrap())),
        ("first of a list", |shop, conn| drop(shop.products().all((), is_numbered()).first(conn).unwrap())),
        ("count", |shop, conn| assert_eq!(shop.products().all((), is_numbered()).count(conn).unwrap(), 3)),
        ("exists", |shop, conn| assert!(shop.products().all((), is_numbered()).exists(conn).unwrap())),
        ("order", |shop, conn| {
            let order = sql::<BigInt>("next_number()");
            drop(shop.products().every().order_by(order).load(conn).unwrap());
        }),
        ("row", |shop, conn| drop(shop.products().get(1).filter(is_numbered()).first(conn).unwrap())),
        ("asked to bypass", |shop, conn| drop(shop.products().all((), is_numbered()).bypass().load(conn).unwrap())),
        ("refresh", |shop, conn| drop(shop.products().all((), is_numbered()).refresh().load(conn).unwrap())),
        ("in a transaction", |shop, conn| {
            let read = |conn: &mut Conn| shop.products().all((), is_numbered()).load(conn);
            drop(conn.transaction(read).unwrap());
        }),
    ]);
}

#[test]
fn a_managers_write_with_a_function_that_writes_another_table_ends_that_too() {
    check(&[
        ("update by key", |shop, conn| {
            let title = products::title.eq(sql::<Text>("numbered()"));
            shop.products().write(diesel::update(products::table.find(1)).set(title)).execute(conn).unwrap();
        }),
        ("delete", |shop, conn| {
            let delete = diesel::delete(products::table.filter(is_numbered()));
            shop.products().write(delete).execute(conn).unwrap();
        }),
        ("insert", |shop, conn| assert_eq!(shop.products().insert(numbered_row(4)).execute(conn), Ok(1))),
        ("insert that gives the row", |shop, conn| {
            drop(shop.products().insert(numbered_row(5)).get_result(conn).unwrap());
        }),
        ("in a transaction", |shop, conn| {
            let insert = |conn: &mut Conn| shop.products().insert(numbered_row(6)).get_result(conn);
            drop(conn.transaction(insert).unwrap());
        }),
    ]);
}

type NumberedRow = (
    diesel::dsl::Eq<products::id, i32>,
    diesel::dsl::Eq<products::category_id, diesel::expression::SqlLiteral<Integer>>,
    diesel::dsl::Eq<products::slug, diesel::expression::SqlLiteral<Text>>,
    diesel::dsl::Eq<products::title, &'static str>,
    diesel::dsl::Eq<products::price_cents, i64>,
    diesel::dsl::Eq<products::is_active, bool>,
);

fn numbered_row(id: i32) -> NumberedRow {
    (
        products::id.eq(id),
        products::category_id.eq(sql("7")),
        products::slug.eq(sql("numbered()")),
        products::title.eq("Row"),
        products::price_cents.eq(1),
        products::is_active.eq(true),
    )
}

#[test]
fn what_a_managers_own_statement_tells_of_the_session_is_noticed() {
    let mut database = Database::fresh();
    let url = database.url_of_another_user();
    let shop = Shop::at(database, cache_at(&ManualClock::new()));
    let policy = "ALTER TABLE products ENABLE ROW LEVEL SECURITY;
                  CREATE POLICY shelf ON products USING (category_id::text = current_setting('app.tenant', true))
                  WITH CHECK (true)";
    shop.conn().batch_execute(policy).unwrap();
    let ways: [(&str, Work); 3] = [
        ("list", |shop, conn| {
            let be = sql::<Bool>("set_config('app.tenant', '7', false) = '7'");
            drop(shop.categories().all((), be).load(conn).unwrap());
        }),
        ("row", |shop, conn| {
            let be = sql::<Bool>("set_config('app.tenant', '7', false) = '7'");
            drop(shop.categories().get(7).filter(be).first(conn).unwrap());
        }),
        ("write", |shop, conn| {
            let name = crate::harness::categories::name.eq(sql::<Text>("set_config('app.tenant', '7', false)"));
            let update = diesel::update(crate::harness::categories::table.find(7)).set(name);
            shop.categories().write(update).execute(conn).unwrap();
        }),
    ];
    for (name, be_light) in ways {
        let (mut nobody, mut light) = (shop.conn_to(&url), shop.conn_to(&url));
        shop.read_everything(&mut nobody);
        be_light(&shop, &mut light);
        assert_eq!(shop.products().every().load(&mut light).unwrap().len(), 2, "{name}");
        shop.read_everything(&mut light);
        shop.read_everything(&mut nobody);
    }
}

/// Functions that have names of listed ones, and do other things.
const TAKEN: &str = "
    CREATE FUNCTION similarity(one int, other int) RETURNS int LANGUAGE sql AS
        'SELECT count(*)::int + one FROM categories WHERE id > 0';
    CREATE FUNCTION lower(one int) RETURNS int LANGUAGE sql AS 'SELECT count(*)::int + one FROM categories';
    CREATE FUNCTION sign(one int) RETURNS int LANGUAGE sql AS
        'UPDATE categories SET name = name || ''!'' RETURNING one';";

#[test]
fn a_function_of_the_databases_own_is_not_believed_by_its_name() {
    for call in ["similarity(id, 0)", "lower(id)"] {
        let shop = Shop::with_tables(TAKEN);
        let mut conn = shop.conn();
        let read = || shop.products().all((), sql::<Bool>(&format!("{call} > 3")));
        let cost = |conn: &mut Conn| crate::harness::list_cost!(shop, conn, read());
        cost(&mut conn);
        diesel::insert_into(crate::harness::categories::table)
            .values((crate::harness::categories::id.eq(9), crate::harness::categories::name.eq("Third")))
            .execute(&mut conn)
            .unwrap();
        cost(&mut conn);
        assert!(!read().entry(&mut conn).unwrap().is_hit(), "{call}");
    }
}

#[test]
fn a_function_of_the_databases_own_that_writes_is_not_believed_by_its_name() {
    let plain: Work = |_, conn| conn.batch_execute("SELECT sign(id) FROM products").unwrap();
    let managed: Work = |shop, conn| drop(shop.products().all((), sql::<Bool>("sign(id) > 0")).load(conn).unwrap());
    for work in [plain, managed] {
        let shop = Shop::with_tables(TAKEN);
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        work(&shop, &mut conn);
        assert!(shop.categories().get(7).first(&mut other).unwrap().name.contains('!'));
        shop.read_everything(&mut other);
    }
}

#[test]
fn functions_of_extensions_are_believed_once_the_database_was_asked() {
    let shop = Shop::new();
    // Not every server has it at hand.
    if shop
        .conn()
        .batch_execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION fuzzystrmatch; CREATE EXTENSION citext")
        .is_err()
    {
        return;
    }
    let mut conn = shop.conn();
    for call in ["similarity(title, 'Lamp') > 0.5", "levenshtein(slug, 'lamp') < 3", "replace(slug, 'a', 'b') = 'lbmp'"]
    {
        let read = || shop.products().all((), sql::<Bool>(call));
        read().load(&mut conn).unwrap();
        assert!(read().entry(&mut conn).unwrap().is_hit(), "{call}");
    }
}

#[test]
fn a_function_that_is_made_later_is_noticed() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let read = || shop.products().all((), sql::<Bool>("lower(id::text) > '0' AND lower(slug) > 'a'"));
    read().load(&mut conn).unwrap();
    assert!(read().entry(&mut conn).unwrap().is_hit());
    conn.batch_execute(TAKEN).unwrap();
    read().load(&mut conn).unwrap();
    assert!(!read().entry(&mut conn).unwrap().is_hit());
    conn.batch_execute("DROP FUNCTION lower(int)").unwrap();
    // The other one called what nobody has looked into: it bypasses.
    let mut conn = shop.conn();
    read().load(&mut conn).unwrap();
    assert!(read().entry(&mut conn).unwrap().is_hit());
}
