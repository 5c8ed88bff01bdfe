//! Sessions that see things their own way: users, roles, settings, search paths, temporary tables.

use cache_diesel::ManualClock;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;

use crate::database::{Conn, Database};
use crate::harness::Shop;
use crate::kept::cache_at;
use crate::transactions::{retitle, title};

/// A shop, and the URL of a user who sees the products of its tenant's shelf only.
fn tenants() -> (Shop, String) {
    let mut database = Database::fresh();
    let url = database.url_of_another_user();
    let shop = Shop::at(database, cache_at(&ManualClock::new()));
    let policy = "
        ALTER TABLE products ENABLE ROW LEVEL SECURITY;
        CREATE POLICY shelf ON products USING (category_id::text = current_setting('app.tenant', true));
        CREATE FUNCTION be_tenant(name text) RETURNS void LANGUAGE sql AS
            'SELECT set_config(''app.tenant'', name, false)';
        CREATE PROCEDURE become_tenant(name text) LANGUAGE plpgsql AS
            'BEGIN PERFORM set_config(''app.tenant'', name, false); END';";
    shop.conn().batch_execute(policy).unwrap();
    (shop, url)
}

/// Each of these makes the connection the tenant of a shelf.
const WAYS: [&str; 9] = [
    "SET app.tenant = '{}'",
    "SET SESSION app.tenant TO {}",
    "SELECT set_config('app.tenant', '{}', false)",
    "SELECT pg_catalog.set_config('app.tenant', '{}', false) FROM categories",
    "WITH a AS (SELECT set_config('app.tenant', '{}', false)) SELECT * FROM a",
    "SELECT be_tenant('{}')",
    "DO $$ BEGIN PERFORM set_config('app.tenant', '{}', false); END $$",
    "CALL become_tenant('{}')",
    "PREPARE be AS SELECT set_config('app.tenant', $1, false); EXECUTE be('{}'); DEALLOCATE be",
];

#[test]
fn no_tenant_gets_the_rows_of_another_one_from_the_cache() {
    let (shop, url) = tenants();
    for way in WAYS {
        let be = |conn: &mut Conn, shelf: &str| conn.batch_execute(&way.replace("{}", shelf)).unwrap();
        let (mut nobody, mut light, mut wood) = (shop.conn_to(&url), shop.conn_to(&url), shop.conn_to(&url));
        shop.read_everything(&mut nobody);
        be(&mut light, "7");
        shop.read_everything(&mut light);
        be(&mut wood, "8");
        shop.read_everything(&mut wood);
        shop.read_everything(&mut nobody);
        assert_eq!(shop.products().every().load(&mut light).unwrap().len(), 2, "{way}");
        assert_eq!(shop.products().every().load(&mut wood).unwrap().len(), 1, "{way}");
        be(&mut light, "8");
        shop.read_everything(&mut light);
        assert!(shop.products().get(1).first(&mut light).is_err(), "{way}");
    }
}

#[test]
fn what_a_tenant_writes_is_seen_by_everybody() {
    let (shop, url) = tenants();
    let (mut owner, mut light) = (shop.warm(), shop.conn_to(&url));
    light.batch_execute("SET app.tenant = '7'").unwrap();
    retitle(&mut light, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut owner, 1), (1, "New".into()));
    shop.products().delete(2).execute(&mut light).unwrap();
    shop.read_everything(&mut owner);
    shop.read_everything(&mut light);
    assert_eq!(shop.read_everything(&mut owner), 0);
}

#[test]
fn a_setting_of_one_transaction_is_gone_with_it() {
    let (shop, url) = tenants();
    let (mut nobody, mut conn) = (shop.conn_to(&url), shop.conn_to(&url));
    conn.transaction(|conn| {
        sql_query("SET LOCAL app.tenant = '7'").execute(conn)?;
        assert_eq!(shop.products().every().load(conn)?.len(), 2);
        shop.read_everything(conn);
        QueryResult::Ok(())
    })
    .unwrap();
    shop.read_everything(&mut nobody);
    shop.read_everything(&mut conn);
    assert_eq!(shop.products().every().load(&mut nobody).unwrap().len(), 0);
}

#[test]
fn a_role_that_is_taken_on_sees_its_own_rows() {
    let (shop, url) = tenants();
    let user = url.split("://").nth(1).unwrap().split(':').next().unwrap().to_owned();
    for way in [format!("SET ROLE {user}"), format!("SET SESSION AUTHORIZATION {user}")] {
        let (mut owner, mut conn) = (shop.warm(), shop.conn());
        assert_eq!(shop.read_everything(&mut conn), 0);
        conn.batch_execute(&way).unwrap();
        assert_eq!(shop.products().every().load(&mut conn).unwrap().len(), 0, "{way}");
        shop.read_everything(&mut conn);
        shop.read_everything(&mut owner);
        // On a connection that is tracked from here on, too.
        let mut late = shop.untracked();
        late.batch_execute(&way).unwrap();
        shop.track(&mut late);
        assert_eq!(shop.products().every().load(&mut late).unwrap().len(), 0, "{way}");
        shop.read_everything(&mut late);
        late.batch_execute("RESET SESSION AUTHORIZATION; RESET ROLE").unwrap();
        retitle(&mut late, 1, &way).unwrap();
        assert_eq!(title(&shop, &mut owner, 1), (1, way));
    }
}

#[test]
fn two_users_share_no_entry_and_every_invalidation() {
    let mut database = Database::fresh();
    let url = database.url_of_another_user();
    let shop = Shop::at(database, cache_at(&ManualClock::new()));
    let (mut owner, mut user) = (shop.warm(), shop.conn_to(&url));
    assert!(shop.read_everything(&mut user) > 0);
    assert_eq!(shop.read_everything(&mut owner) + shop.read_everything(&mut user), 0);
    retitle(&mut user, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut owner, 1), (1, "New".into()));
    assert_eq!(title(&shop, &mut user, 1), (1, "New".into()));
    shop.products().delete(2).execute(&mut owner).unwrap();
    shop.read_everything(&mut user);
    shop.read_everything(&mut owner);
    assert_eq!(shop.read_everything(&mut owner) + shop.read_everything(&mut user), 0);
}

/// A second schema with tables of the same names and other rows.
const OTHER: &str = "
    CREATE SCHEMA other;
    CREATE TABLE other.categories AS SELECT id, 'Other ' || name AS name FROM categories;
    CREATE TABLE other.products (LIKE products INCLUDING ALL);
    INSERT INTO other.products SELECT id, 9, slug, 'Other ' || title, price_cents, is_active FROM products;";

#[test]
fn two_search_paths_lead_to_two_tables() {
    let shop = Shop::with_tables(OTHER);
    let url = format!("{}?options=-csearch_path%3Dother", shop.url());
    let (mut here, mut by_set, mut by_url) = (shop.warm(), shop.conn(), shop.conn_to(&url));
    by_set.batch_execute("SET search_path = other, public").unwrap();
    let mut by_function = shop.conn();
    by_function.batch_execute("SELECT set_config('search_path', 'other', false)").unwrap();
    let mut late = shop.untracked();
    late.batch_execute("SET search_path TO other").unwrap();
    shop.track(&mut late);
    let check = |conns: [&mut Conn; 5]| {
        for conn in conns {
            shop.read_everything(conn);
        }
    };
    check([&mut here, &mut by_set, &mut by_url, &mut by_function, &mut late]);
    assert_eq!(title(&shop, &mut by_url, 1), (0, "Other Lamp".into()));
    assert_eq!(shop.read_everything(&mut here) + shop.read_everything(&mut by_url), 0);
    for number in 0..5 {
        let new = format!("New {number}");
        let writer = [&mut here, &mut by_set, &mut by_url, &mut by_function, &mut late].into_iter().nth(number);
        retitle(writer.unwrap(), 1, &new).unwrap();
        check([&mut here, &mut by_set, &mut by_url, &mut by_function, &mut late]);
        let sql = format!("UPDATE other.products SET title = '{new}' WHERE id = 2");
        sql_query(sql).execute(&mut here).unwrap();
        check([&mut here, &mut by_set, &mut by_url, &mut by_function, &mut late]);
    }
}

#[test]
fn a_table_of_one_session_hides_that_of_all() {
    for way in [
        "CREATE TEMP TABLE products AS SELECT * FROM public.products",
        "CREATE TEMPORARY VIEW products AS SELECT id, 9 AS category_id, slug, title, price_cents, is_active
         FROM public.products",
        "CREATE TABLE pg_temp.products AS SELECT * FROM public.products WHERE id = 1",
        "SELECT * INTO TEMP products FROM public.products",
        "CREATE LOCAL TEMP TABLE products (LIKE public.products)",
        "DO 'BEGIN CREATE TEMP TABLE products AS SELECT * FROM public.products; END'",
    ] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        conn.batch_execute(way).unwrap();
        shop.read_everything(&mut conn);
        let _ = conn.batch_execute("UPDATE products SET title = 'Mine' WHERE id = 1");
        shop.read_everything(&mut conn);
        shop.read_everything(&mut other);
        conn.batch_execute("UPDATE public.products SET title = 'New' WHERE id = 1").unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "New", "{way}");
        conn.batch_execute("DISCARD TEMP").unwrap();
        shop.read_everything(&mut conn);
    }
}

// No other test has tables of this name: what is declared of one holds for all.
mod in_public {
    diesel::table! { marks (id) { id -> Integer, title -> Text, } }
}

mod in_other {
    diesel::table! { other.marks (id) { id -> Integer, title -> Text, } }
}

#[derive(AsChangeset, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = in_public::marks)]
#[cached(key = "mark", negative_timeout = 30)]
struct Mark {
    id: i32,
    title: String,
}

#[derive(AsChangeset, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = in_other::marks)]
#[cached(key = "mark of the other schema", negative_timeout = 30)]
struct OtherMark {
    id: i32,
    title: String,
}

#[test]
fn tables_of_one_name_in_two_schemas_are_two() {
    let shop = Shop::with_tables(
        "CREATE SCHEMA other;
         CREATE TABLE marks (id INT PRIMARY KEY, title TEXT NOT NULL); INSERT INTO marks VALUES (1, 'here');
         CREATE TABLE other.marks (id INT PRIMARY KEY, title TEXT NOT NULL); INSERT INTO other.marks VALUES (1, 'there');",
    );
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let (here, there) = (Mark::cached_in(&shop.name), OtherMark::cached_in(&shop.name));
    let cost = |conn: &mut Conn| {
        let plain = |conn: &mut Conn| in_public::marks::table.find(1).first::<Mark>(conn);
        let cost = shop.cost(conn, |conn| here.get(1).first(conn), plain);
        let plain = |conn: &mut Conn| in_other::marks::table.find(1).first::<OtherMark>(conn);
        cost + shop.cost(conn, |conn| there.get(1).first(conn), plain)
    };
    assert_eq!([cost(&mut conn), cost(&mut conn)], [2, 0]);
    there.save(&OtherMark { id: 1, title: "saved".into() }).execute(&mut writer).unwrap();
    cost(&mut conn);
    here.save(&Mark { id: 1, title: "saved here".into() }).execute(&mut writer).unwrap();
    cost(&mut conn);
    diesel::update(in_other::marks::table).set(in_other::marks::title.eq("all")).execute(&mut writer).unwrap();
    cost(&mut conn);
    diesel::delete(in_public::marks::table).execute(&mut writer).unwrap();
    cost(&mut conn);
    assert_eq!(cost(&mut conn), 0);
}

#[test]
fn a_database_under_another_name_is_one_for_all_who_call_it_so() {
    let shop = Shop::new();
    let (mut one, mut two) = (shop.conn(), shop.conn());
    for conn in [&mut one, &mut two] {
        cache_diesel::identify(conn, &format!("elsewhere {}", shop.name)).unwrap();
    }
    shop.read_everything(&mut one);
    assert_eq!(shop.read_everything(&mut two), 0);
    retitle(&mut two, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut one, 1), (1, "New".into()));
    two.transaction(|two| retitle(two, 1, "Newer")).unwrap();
    assert_eq!(title(&shop, &mut one, 1), (1, "Newer".into()));
}
