//! What one table's rows do to another's without a statement that says so: it has to be declared.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::{CHECK_FOREIGN_KEYS, Conn, insert_back};
use crate::harness::{Shop, list_cost};
use crate::line::prelude::*;

diesel::table! {
    firms (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    teams (id) {
        id -> Integer,
        firm_id -> Integer,
    }
}

diesel::table! {
    members (id) {
        id -> Integer,
        team_id -> Nullable<Integer>,
    }
}

diesel::table! {
    folders (id) {
        id -> Integer,
        parent_id -> Nullable<Integer>,
    }
}

diesel::table! {
    sums (id) {
        id -> Integer,
        count -> BigInt,
    }
}

/// Generates a model with the derives that all here have.
macro_rules! models {
    ($($table:ident $(, $option:meta)*: $Model:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = $table)]
        $(#[$option])*
        struct $Model { $($field: $type),* }
    )*};
}

models! {
    firms: Firm { id: i32, name: String }
    teams, cached(cascaded_by(Firm), scope(firm_id)): Team { id: i32, firm_id: i32 }
    members, cached(cascaded_by(teams), negative_timeout = 30, scope(team_id)): Member { id: i32, team_id: Option<i32> }
    folders, cached(cascaded_by(Folder), scope(parent_id)): Folder { id: i32, parent_id: Option<i32> }
    sums, cached(depends_on(members, Folder)): Sum { id: i32, count: i64 }
}

const SCHEMA: &str = "
    CREATE TABLE firms (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE teams (id INTEGER PRIMARY KEY, firm_id INT NOT NULL REFERENCES firms (id) ON DELETE CASCADE ON UPDATE CASCADE);
    CREATE TABLE members (id INTEGER PRIMARY KEY, team_id INT REFERENCES teams (id) ON DELETE CASCADE ON UPDATE SET NULL);
    CREATE TABLE folders (id INTEGER PRIMARY KEY, parent_id INT REFERENCES folders (id) ON DELETE CASCADE);
    CREATE VIEW sums AS SELECT 1 AS id, (SELECT count(*) FROM members) + (SELECT count(*) FROM folders) AS count;
    INSERT INTO firms VALUES (1, 'a'), (2, 'b');
    INSERT INTO teams VALUES (1, 1), (2, 2);
    INSERT INTO members VALUES (1, 1), (2, 2);
    INSERT INTO folders VALUES (1, NULL), (2, 1), (3, 2);";

fn shop() -> (Shop, Conn, Conn) {
    let shop = Shop::with_tables(SCHEMA);
    let (reader, mut writer) = (shop.conn(), shop.conn());
    writer.batch_execute(CHECK_FOREIGN_KEYS).unwrap();
    (shop, reader, writer)
}

/// Reads rows, scopes, lists and counts of every model; the number of statements.
#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn) -> usize {
    let name = &shop.name;
    let (teams_of, members_of, folders_of) = (Team::cached_in(name), Member::cached_in(name), Folder::cached_in(name));
    let mut cost = 0;
    for id in [1, 2, 3] {
        let plain = |conn: &mut Conn| teams::table.find(id).first::<Team>(conn);
        cost += shop.cost(conn, |conn| teams_of.get(id).first(conn), plain);
        let plain = |conn: &mut Conn| members::table.find(id).first::<Member>(conn);
        cost += shop.cost(conn, |conn| members_of.get(id).first(conn), plain);
        let plain = |conn: &mut Conn| folders::table.find(id).first::<Folder>(conn);
        cost += shop.cost(conn, |conn| folders_of.get(id).first(conn), plain);
        cost += list_cost!(shop, conn, teams_of.all_by_firm_id(id));
        cost += list_cost!(shop, conn, members_of.all_by_team_id(Some(id)));
        cost += list_cost!(shop, conn, folders_of.all_by_parent_id(Some(id)));
        let plain = |conn: &mut Conn| folders::table.count().get_result::<i64>(conn);
        cost += shop.cost(conn, |conn| folders_of.every().count(conn), plain);
    }
    let sum = |conn: &mut Conn| sums::table.find(1).first::<Sum>(conn);
    cost += shop.cost(conn, |conn| Sum::cached_in(name).get(1).first(conn), sum);
    cost + list_cost!(shop, conn, members_of.every()) + list_cost!(shop, conn, Sum::cached_in(name).every())
}

/// Warms every read, writes, and compares every read with the database.
#[track_caller]
fn check(write: impl Fn(&Shop, &mut Conn) -> QueryResult<usize>) {
    for in_transaction in [false, true] {
        let (shop, mut conn, mut writer) = shop();
        cost(&shop, &mut conn);
        if in_transaction {
            writer.transaction(|writer| write(&shop, writer)).unwrap();
        } else {
            write(&shop, &mut writer).unwrap();
        }
        assert!(cost(&shop, &mut conn) > 0);
        cost(&shop, &mut conn);
    }
}

#[test]
fn a_cascade_reaches_the_children() {
    check(|_, conn| diesel::delete(teams::table.find(1)).execute(conn));
    check(|shop, conn| Team::cached_in(&shop.name).delete(1).execute(conn));
}

#[test]
fn a_cascade_reaches_through_two_levels() {
    check(|_, conn| diesel::delete(firms::table.find(1)).execute(conn));
    check(|_, conn| diesel::delete(firms::table).execute(conn));
    check(|shop, conn| Firm::cached_in(&shop.name).delete(1).execute(conn));
}

#[test]
fn a_changed_key_reaches_the_children() {
    check(|_, conn| diesel::sql_query("UPDATE firms SET id = 3 WHERE id = 1").execute(conn));
    check(|_, conn| diesel::sql_query("UPDATE teams SET id = 3 WHERE id = 1").execute(conn));
}

#[test]
fn a_cascade_reaches_rows_of_its_own_table() {
    check(|_, conn| diesel::delete(folders::table.find(1)).execute(conn));
    check(|shop, conn| Folder::cached_in(&shop.name).delete(1).execute(conn));
    check(|shop, conn| {
        shop.products().delete(1).execute(conn)?;
        Folder::cached_in(&shop.name).delete(2).execute(conn)
    });
}

#[test]
fn a_view_follows_the_tables_it_depends_on() {
    check(|_, conn| diesel::sql_query("INSERT INTO members VALUES (9, NULL)").execute(conn));
    check(|shop, conn| Member::cached_in(&shop.name).insert(Member { id: 9, team_id: Some(1) }).execute(conn));
    check(|shop, conn| {
        insert_back!(Folder::cached_in(&shop.name), Folder { id: 9, parent_id: None }, conn).map(|()| 1)
    });
    check(|_, conn| diesel::delete(folders::table.find(3)).execute(conn));
}

#[test]
fn an_insert_leaves_the_children() {
    let (shop, mut conn, mut writer) = shop();
    cost(&shop, &mut conn);
    Firm::cached_in(&shop.name).insert(Firm { id: 3, name: "c".into() }).execute(&mut writer).unwrap();
    assert_eq!(cost(&shop, &mut conn), 1, "the team 3 is not there, and absent teams are not remembered");
}
