//! Models of every shape.

use cache_diesel::prelude::*;

use crate::database::{Conn, insert_back, quoted};
use crate::harness::{Shop, list_cost, rows_with};
use crate::line::prelude::*;

diesel::table! {
    bare (id) {
        id -> Integer,
        note -> Nullable<Text>,
    }
}

/// Neither `Clone` nor serde, `Identifiable` nor `AsChangeset`.
#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = bare)]
struct Bare {
    id: i32,
    note: Option<String>,
}

/// Another view of the same table; neither has a `key`.
#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = bare)]
struct BareId {
    id: i32,
}

const BARE: &str =
    "CREATE TABLE bare (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO bare VALUES (1, 'a'), (2, NULL);";

#[test]
fn a_model_needs_no_clone_no_serde_and_no_identifiable() {
    let shop = Shop::with_tables(BARE);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Bare::cached_in(&shop.name);
    for expected in [1, 0] {
        let (count, row) = shop.counted(|| manager.get(2).first(&mut conn).unwrap());
        assert_eq!((count, &*row), (expected, &Bare { id: 2, note: None }));
        let (count, rows) = shop.counted(|| manager.every().load(&mut conn).unwrap());
        assert_eq!((count, &*rows), (expected, &bare::table.load::<Bare>(&mut conn).unwrap()));
    }
    diesel::update(bare::table.find(2)).set(bare::note.eq("b")).execute(&mut writer).unwrap();
    assert_eq!(manager.get(2).first(&mut conn).unwrap().note.as_deref(), Some("b"));
    insert_back!(manager, (bare::id.eq(3), bare::note.eq("c")), &mut writer).unwrap();
    assert_eq!(manager.every().count(&mut conn).unwrap(), 3);
    manager.delete(1).execute(&mut writer).unwrap();
    assert_eq!(*manager.every().load(&mut conn).unwrap(), bare::table.load::<Bare>(&mut conn).unwrap());
}

#[test]
fn k10_models_of_one_table_without_a_key_do_not_collide() {
    let shop = Shop::with_tables(BARE);
    let mut conn = shop.conn();
    let (all, ids) = (Bare::cached_in(&shop.name), BareId::cached_in(&shop.name));
    for expected in [1, 0] {
        let (count, row) = shop.counted(|| ids.get(1).first(&mut conn).unwrap());
        assert_eq!((count, &*row), (expected, &BareId { id: 1 }));
        let (count, row) = shop.counted(|| all.get(1).first(&mut conn).unwrap());
        assert_eq!((count, &*row), (expected, &Bare { id: 1, note: Some("a".into()) }));
        let (count, rows) = shop.counted(|| ids.every().load(&mut conn).unwrap().len());
        assert_eq!((count, rows), (expected, 2));
        let (count, rows) = shop.counted(|| all.every().load(&mut conn).unwrap().len());
        assert_eq!((count, rows), (expected, 2));
    }
    assert_ne!(all.name(), ids.name());
}

mod hidden {
    use crate::line::prelude::*;
    use cache_diesel::prelude::*;

    diesel::table! {
        #[sql_name = "Odd Machines"]
        machines (serial) {
            serial -> BigInt,
            #[sql_name = "type"]
            kind_of -> Text,
            #[sql_name = "Max Load"]
            max_load -> Nullable<Integer>,
        }
    }

    /// Private fields, and columns of other names.
    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = machines, primary_key(serial))]
    #[cached(unique(kind_of), scope(max_load), list_timeout = "1 hour", detail_timeout = "never")]
    pub struct Machine {
        #[diesel(column_name = serial)]
        number: i64,
        #[diesel(column_name = kind_of)]
        r#type: String,
        #[diesel(column_name = max_load)]
        load: Option<i32>,
    }

    impl Machine {
        pub fn new(number: i64, kind: &str, load: Option<i32>) -> Self {
            Self { number, r#type: kind.into(), load }
        }
    }
}

use hidden::{Machine, machines};

#[track_caller]
fn machines_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Machine::cached_in(&shop.name);
    let mut cost = list_cost!(shop, conn, manager.every());
    for serial in [1, 2] {
        let plain = |conn: &mut Conn| machines::table.find(serial).first::<Machine>(conn);
        cost += shop.cost(conn, |conn| manager.get(serial).first(conn), plain);
    }
    for kind in ["crane", "drill"] {
        let plain = || machines::table.filter(machines::kind_of.eq(kind));
        cost += shop.cost(conn, |conn| manager.get_by_kind_of(kind).first(conn), |conn| plain().first::<Machine>(conn));
    }
    for load in [None, Some(10)] {
        let plain = || rows_with!(machines, max_load, load);
        let read = manager.all_by_max_load(load);
        cost += shop.cost(conn, |conn| read.load(conn), |conn| plain().load::<Machine>(conn));
    }
    cost
}

#[test]
fn private_and_renamed_fields_and_odd_names_are_followed() {
    let [machines, load] = ["Odd Machines", "Max Load"].map(quoted);
    let shop = Shop::with_tables(&format!(
        "CREATE TABLE {machines} (serial BIGINT PRIMARY KEY, type VARCHAR(255) NOT NULL, {load} INTEGER);
         INSERT INTO {machines} VALUES (1, 'crane', 10), (2, 'drill', NULL);"
    ));
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Machine::cached_in(&shop.name);
    assert_eq!([(); 2].map(|()| machines_cost(&shop, &mut conn)), [7, 0]);
    diesel::update(machines::table.find(1)).set(machines::kind_of.eq("winch")).execute(&mut writer).unwrap();
    machines_cost(&shop, &mut conn);
    manager.save(&Machine::new(1, "crane", None)).execute(&mut writer).unwrap();
    machines_cost(&shop, &mut conn);
    insert_back!(manager, Machine::new(3, "saw", Some(10)), &mut writer).unwrap();
    machines_cost(&shop, &mut conn);
    diesel::sql_query(format!("UPDATE {machines} SET {load} = 10 WHERE serial = 2")).execute(&mut writer).unwrap();
    machines_cost(&shop, &mut conn);
    assert_eq!(machines_cost(&shop, &mut conn), 0);
}
