//! Look-ups and scopes whose value has a normal form.

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::{
    Conn, HAS_ON_CONFLICT, HAS_ON_DUPLICATE_KEY, HAS_REPLACE, NOCASE, OTHER_SCOPES_AFTER_INSERT, TEXT_KEY, insert_back,
};
use crate::harness::{Shop, rows_with};
use crate::kept::cache_at;
use crate::line::prelude::*;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> Text,
        city -> Nullable<Text>,
        name -> Text,
    }
}

fn lower(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// `email` and `city` are compared without regard to case.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = users, treat_none_as_null = true)]
#[cached(key = "user", negative_timeout = 30, unique(email, with = lower))]
#[cached(scope(city, with = str::to_ascii_lowercase))]
struct User {
    id: i32,
    email: String,
    city: Option<String>,
    name: String,
}

mod other {
    use super::*;

    /// Takes another normal form for the scopes of the same column.
    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = dwellers, treat_none_as_null = true)]
    #[cached(key = "upper", scope(city, with = str::to_ascii_uppercase))]
    pub struct Upper {
        pub id: i32,
        pub city: String,
    }

    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = dwellers, treat_none_as_null = true)]
    #[cached(key = "lower", scope(city, with = str::to_ascii_lowercase))]
    pub struct Lower {
        pub id: i32,
        pub city: String,
    }

    diesel::table! {
        dwellers (id) {
            id -> Integer,
            city -> Text,
        }
    }
}

use other::{Lower, Upper, dwellers};

fn with_users() -> String {
    format!(
        "CREATE TABLE users (
             id INTEGER PRIMARY KEY, email {TEXT_KEY} {NOCASE} NOT NULL UNIQUE, city {TEXT_KEY} {NOCASE}, name TEXT NOT NULL
         );
         INSERT INTO users VALUES (1, 'ann@x', 'Rome', 'Ann'), (2, 'Bob@X', 'OSLO', 'Bob'), (3, 'cid@x', NULL, 'Cid');"
    )
}

/// The same, where letters count: the models are wrong about this one.
fn strict() -> String {
    format!(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email {TEXT_KEY} NOT NULL UNIQUE, city TEXT, name TEXT NOT NULL);
         INSERT INTO users VALUES (1, 'ANN@X', 'Rome', 'Big'), (2, 'ann@x', 'rome', 'Small'), (3, 'Bob@X', NULL, 'Bob');"
    )
}

fn user(id: i32, email: &str, city: Option<&str>, name: &str) -> User {
    User { id, email: email.into(), city: city.map(str::to_owned), name: name.into() }
}

#[track_caller]
fn email_cost(shop: &Shop, conn: &mut Conn, email: &str) -> usize {
    let plain = |conn: &mut Conn| users::table.filter(users::email.eq(email)).first::<User>(conn);
    shop.cost(conn, |conn| User::cached_in(&shop.name).get_by_email(email).first(conn), plain)
}

#[track_caller]
fn city_cost(shop: &Shop, conn: &mut Conn, city: Option<&str>) -> usize {
    let read = || User::cached_in(&shop.name).all_by_city(city.map(str::to_owned));
    let plain = || rows_with!(users, city, city);
    let list = shop.cost(conn, |conn| read().load(conn), |conn| plain().load::<User>(conn));
    list + shop.cost(conn, |conn| read().count(conn), |conn| plain().count().get_result::<i64>(conn))
}

/// Reads each address in several spellings; gives what it cost.
#[track_caller]
fn emails_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let spellings = ["ann@x", "ANN@X", "Ann@x", "bob@x", "BOB@X", "Bob@X", "cid@x", "dan@x", "DAN@X"];
    spellings.map(|email| email_cost(shop, conn, email)).iter().sum()
}

#[track_caller]
fn cities_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let spellings = [Some("rome"), Some("ROME"), Some("Oslo"), Some("oslo"), Some("Bern"), Some("BERN"), None];
    spellings.map(|city| city_cost(shop, conn, city)).iter().sum()
}

#[test]
fn all_spellings_share_one_entry() {
    let shop = Shop::with_tables(&with_users());
    let mut conn = shop.conn();
    assert_eq!(["BOB@x", "bob@x", "Bob@X", "bOB@x"].map(|email| email_cost(&shop, &mut conn, email)), [1, 0, 0, 0]);
    assert_eq!(["DAN@x", "dan@x", "Dan@X"].map(|email| email_cost(&shop, &mut conn, email)), [1, 0, 0], "absent");
    assert_eq!(["Rome", "rome", "ROME"].map(|city| city_cost(&shop, &mut conn, Some(city))), [2, 0, 0]);
    assert_eq!([None, None].map(|city| city_cost(&shop, &mut conn, city)), [2, 0]);
    let (count, row) = shop.counted(|| User::cached_in(&shop.name).get(2).first(&mut conn).unwrap());
    assert_eq!((count, row.email.as_str()), (0, "Bob@X"), "the row is as the database has it");
}

/// Whether the database knows that kind of upsert.
fn is_spoken(sql: &str) -> bool {
    (HAS_REPLACE || !sql.starts_with("REPLACE"))
        && (HAS_ON_CONFLICT || !sql.contains("ON CONFLICT"))
        && (HAS_ON_DUPLICATE_KEY || !sql.contains("ON DUPLICATE KEY"))
}

#[test]
fn look_ups_in_any_letters_follow_plain_writes() {
    let writes = [
        "UPDATE users SET email = 'dan@x' WHERE id = 1",
        "UPDATE users SET email = 'ANN@x' WHERE id = 1",
        "UPDATE users SET email = 'x' WHERE id = 1; UPDATE users SET email = 'ANN@X' WHERE id = 2;",
        "INSERT INTO users VALUES (4, 'DAN@X', 'BERN', 'Dan')",
        "INSERT INTO users VALUES (4, 'BOB@x', 'rome', 'New') ON CONFLICT (email) DO UPDATE SET name = 'New', city = 'Bern'",
        "REPLACE INTO users VALUES (5, 'BOB@x', 'bern', 'New')",
        "INSERT INTO users VALUES (4, 'BOB@x', 'rome', 'New') ON DUPLICATE KEY UPDATE name = 'New', city = 'Bern'",
        "DELETE FROM users WHERE email = 'ANN@X'",
        "UPDATE users SET city = 'bern' WHERE city = 'ROME'",
        "UPDATE users SET city = NULL WHERE id = 1",
    ];
    for write in writes.into_iter().filter(|sql| is_spoken(sql)) {
        let shop = Shop::with_tables(&with_users());
        let mut conn = shop.conn();
        emails_cost(&shop, &mut conn);
        cities_cost(&shop, &mut conn);
        assert_eq!([emails_cost(&shop, &mut conn), cities_cost(&shop, &mut conn)], [0, 0]);
        shop.conn().batch_execute(write).unwrap();
        emails_cost(&shop, &mut conn);
        cities_cost(&shop, &mut conn);
        assert_eq!([emails_cost(&shop, &mut conn), cities_cost(&shop, &mut conn)], [0, 0], "{write}");
    }
}

#[test]
fn look_ups_in_any_letters_follow_the_manager() {
    let shop = Shop::with_tables(&with_users());
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = User::cached_in(&shop.name);
    let check = |conn: &mut Conn| {
        emails_cost(&shop, conn);
        cities_cost(&shop, conn);
        assert_eq!([emails_cost(&shop, conn), cities_cost(&shop, conn)], [0, 0]);
    };
    check(&mut conn);
    insert_back!(manager, user(4, "Dan@X", Some("BERN"), "Dan"), &mut writer).unwrap();
    check(&mut conn);
    manager.save(&user(4, "DAN@x", Some("Bern"), "Dan")).execute(&mut writer).unwrap();
    check(&mut conn);
    manager.save(&user(4, "x", Some("rOME"), "Dan")).execute(&mut writer).unwrap();
    check(&mut conn);
    manager.save(&user(1, "dAN@x", None, "Ann")).execute(&mut writer).unwrap();
    check(&mut conn);
    manager.delete(2).execute(&mut writer).unwrap();
    check(&mut conn);
}

#[test]
fn an_insert_ends_the_scope_of_its_value_in_any_letters_and_no_other() {
    let shop = Shop::with_tables(&with_users());
    let mut conn = shop.conn();
    let cities = [Some("rome"), Some("oslo"), None];
    assert_eq!(cities.map(|city| city_cost(&shop, &mut conn, city)), [2, 2, 2]);
    let new = user(4, "dan@x", Some("OSlo"), "Dan");
    insert_back!(User::cached_in(&shop.name), new, &mut shop.conn()).unwrap();
    let others = 2 * OTHER_SCOPES_AFTER_INSERT;
    assert_eq!(cities.map(|city| city_cost(&shop, &mut conn, city)), [others, 2, others]);
    assert_eq!(city_cost(&shop, &mut conn, Some("OSLO")), 0);
}

#[test]
fn an_absent_value_is_found_once_a_row_takes_it_in_other_letters() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    shop.conn().batch_execute(&with_users()).unwrap();
    let mut conn = shop.conn();
    assert_eq!(["dan@x", "DAN@X"].map(|email| email_cost(&shop, &mut conn, email)), [1, 0]);
    clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(["DAN@X", "dan@x"].map(|email| email_cost(&shop, &mut conn, email)), [1, 0]);
    shop.conn().batch_execute("INSERT INTO users VALUES (4, 'Dan@X', NULL, 'Dan')").unwrap();
    assert_eq!(["dan@x", "DAN@X"].map(|email| email_cost(&shop, &mut conn, email)), [1, 0]);
}

#[test]
fn the_database_is_asked_again_once_the_row_is_written_in_other_letters() {
    let shop = Shop::with_tables(&with_users());
    let mut conn = shop.conn();
    assert_eq!([(); 2].map(|()| email_cost(&shop, &mut conn, "bob@x")), [1, 0]);
    shop.conn().batch_execute("UPDATE users SET email = 'BOB@X' WHERE id = 2").unwrap();
    User::cached_in(&shop.name).get(2).first(&mut conn).unwrap();
    assert_eq!([(); 2].map(|()| email_cost(&shop, &mut conn, "bob@x")), [1, 0]);
}

#[test]
fn a_table_that_comes_back_with_other_rules_is_asked_again() {
    let shop = Shop::with_tables(&with_users());
    let mut conn = shop.conn();
    assert_eq!([(); 2].map(|()| email_cost(&shop, &mut conn, "bob@x")), [1, 0]);
    shop.conn().batch_execute(&format!("DROP TABLE users; {}", strict())).unwrap();
    shop.conn().batch_execute("DELETE FROM users WHERE id = 2; UPDATE users SET id = 2 WHERE id = 3").unwrap();
    User::cached_in(&shop.name).get(2).first(&mut conn).unwrap();
    assert_eq!(email_cost(&shop, &mut conn, "bob@x"), 1, "letters count now");
}

/// The model is wrong: the column tells letters apart. Each spelling then reads what its normal form reads, however
/// warm the cache is.
#[test]
fn where_the_model_is_wrong_the_normal_form_is_what_is_asked_for() {
    let shop = Shop::with_tables(&strict());
    let mut conn = shop.conn();
    let plain = |conn: &mut Conn| users::table.filter(users::email.eq("ann@x")).first::<User>(conn);
    let read = |conn: &mut Conn, email: &str| {
        shop.cost(conn, |conn| User::cached_in(&shop.name).get_by_email(email).first(conn), plain)
    };
    let writes = [
        "SELECT 1",
        "UPDATE users SET name = 'New' WHERE id = 1",
        "DELETE FROM users WHERE id = 2",
        "UPDATE users SET email = 'ann@x' WHERE id = 1",
        "UPDATE users SET email = 'Ann@x' WHERE id = 1",
    ];
    for write in writes {
        shop.conn().batch_execute(write).unwrap();
        User::cached_in(&shop.name).get_many([1, 2, 3]).load(&mut conn).unwrap();
        for email in ["ANN@X", "ann@x", "Ann@X", "ann@x"] {
            read(&mut conn, email);
        }
    }
}

#[test]
fn models_with_other_normal_forms_reach_each_others_scopes() {
    let shop = Shop::with_tables(&format!(
        "CREATE TABLE dwellers (id INTEGER PRIMARY KEY, city {TEXT_KEY} {NOCASE} NOT NULL);
         INSERT INTO dwellers VALUES (1, 'Rome'), (2, 'Oslo');"
    ));
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let check = |conn: &mut Conn| {
        for city in ["rome", "OSLO", "Bern"] {
            let plain = || dwellers::table.filter(dwellers::city.eq(city));
            let upper = Upper::cached_in(&shop.name).all_by_city(city);
            shop.cost(conn, |conn| upper.load(conn), |conn| plain().load::<Upper>(conn));
            let lower = Lower::cached_in(&shop.name).all_by_city(city);
            shop.cost(conn, |conn| lower.load(conn), |conn| plain().load::<Lower>(conn));
        }
    };
    check(&mut conn);
    insert_back!(Upper::cached_in(&shop.name), Upper { id: 3, city: "BERN".into() }, &mut writer).unwrap();
    check(&mut conn);
    insert_back!(Lower::cached_in(&shop.name), Lower { id: 4, city: "ROME".into() }, &mut writer).unwrap();
    check(&mut conn);
    Lower::cached_in(&shop.name).save(&Lower { id: 4, city: "oslo".into() }).execute(&mut writer).unwrap();
    check(&mut conn);
}
