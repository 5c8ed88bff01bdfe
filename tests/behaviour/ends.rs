//! Statements whose end Diesel does not tell of, and values that cannot be looked at or sent.

use std::fmt;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::expression::AsExpression;
use diesel::result::Error;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Integer, Text};

use crate::database::Conn;
use crate::harness::{Shop, new_product, products};
use crate::line::prelude::*;
use crate::transactions::{retitle, title};

/// Whoever prints it panics: not even its program wanted to see it.
#[derive(AsExpression)]
#[diesel(sql_type = Text)]
struct Shy(&'static str);

/// A key that cannot be printed either.
#[derive(AsExpression, Clone, Copy)]
#[diesel(sql_type = Integer)]
struct ShyKey(i32);

/// Cannot be sent.
#[derive(AsExpression, Debug)]
#[diesel(sql_type = Text)]
struct Unsendable;

impl fmt::Debug for Shy {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nobody prints this");
    }
}

impl fmt::Debug for ShyKey {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nobody prints this key");
    }
}

impl<DB: Backend> ToSql<Text, DB> for Shy
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> ToSql<Integer, DB> for ShyKey
where
    i32: ToSql<Integer, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> ToSql<Text, DB> for Unsendable {
    fn to_sql<'b>(&'b self, _: &mut Output<'b, '_, DB>) -> serialize::Result {
        Err("it cannot be sent".into())
    }
}

type Write = fn(&mut Conn) -> QueryResult<usize>;

const SHY_WRITES: &[(&str, Write)] = &[
    ("a value", |conn| diesel::update(products::table.find(1)).set(products::title.eq(Shy("New"))).execute(conn)),
    ("a key", |conn| diesel::update(products::table.find(ShyKey(1))).set(products::title.eq("New")).execute(conn)),
    ("a deleted key", |conn| diesel::delete(products::table.find(ShyKey(1))).execute(conn)),
];

#[test]
fn a_value_that_panics_when_it_is_printed_is_written_and_counts_for_every_row() {
    for (name, write) in SHY_WRITES {
        for in_transaction in [false, true] {
            let shop = Shop::new();
            let (mut other, mut conn) = (shop.warm(), shop.conn());
            let written = if in_transaction { conn.transaction(*write) } else { write(&mut conn) };
            assert_eq!(written, Ok(1), "{name}");
            assert_eq!([1, 2, 3].map(|id| shop.row_cost(&mut other, id)), [1; 3], "{name}");
            shop.read_everything(&mut other);
            retitle(&mut conn, 2, "Next").unwrap();
            assert_eq!([2, 3].map(|id| shop.row_cost(&mut other, id)), [1, 0], "{name}: the next one is exact again");
        }
    }
}

fn fail(conn: &mut Conn) {
    let update = diesel::update(products::table.find(1)).set(products::title.eq(Unsendable)).execute(conn);
    assert!(matches!(update, Err(Error::SerializationError(_))), "{update:?}");
    let all = products::table.filter(products::title.eq(Unsendable)).count().get_result::<i64>(conn);
    assert!(matches!(all, Err(Error::SerializationError(_))), "{all:?}");
}

/// A statement that is not sent has an end on some of the databases only.
#[test]
fn a_statement_that_cannot_be_sent_hides_nothing_and_keeps_nothing_from_the_cache() {
    for in_transaction in [false, true] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        if in_transaction {
            conn.transaction(|conn| {
                fail(conn);
                QueryResult::Ok(())
            })
            .unwrap();
        } else {
            fail(&mut conn);
        }
        shop.read_everything(&mut other);
        diesel::update(crate::harness::categories::table.find(7))
            .set(crate::harness::categories::name.eq("New"))
            .execute(&mut conn)
            .unwrap();
        shop.read_everything(&mut other);
        assert_eq!(shop.read_everything(&mut other), 0, "in a transaction: {in_transaction}");
    }
}

#[test]
fn writes_after_a_statement_that_cannot_be_sent_count_at_their_own_ends() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    for round in 0..20 {
        fail(&mut conn);
        let new = format!("New {round}");
        retitle(&mut conn, 1, &new).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, new);
        shop.read_everything(&mut other);
        assert_eq!(shop.row_cost(&mut conn, 1), 0, "a read of the same connection is none");
    }
    diesel::insert_into(products::table).values(new_product(4, 7, "new")).execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn a_manager_that_is_given_the_connection_knows_that_nothing_is_under_way() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    fail(&mut conn);
    shop.categories().get(99).first(&mut conn).optional().unwrap();
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
}

#[test]
fn transactions_after_a_statement_that_cannot_be_sent_are_undone_and_done() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    fail(&mut conn);
    let undone = conn.transaction(|conn| {
        retitle(conn, 1, "Undone")?;
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut conn), 0);
    fail(&mut conn);
    conn.transaction(|conn| retitle(conn, 1, "New")).unwrap();
    assert_eq!(title(&shop, &mut other, 1).1, "New");
    shop.read_everything(&mut other);
    conn.batch_execute("UPDATE products SET title = 'Newer' WHERE id = 1").unwrap();
    assert_eq!(title(&shop, &mut other, 1).1, "Newer");
}
