use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    stocks (product_id, shop_id) {
        product_id -> Integer,
        shop_id -> Integer,
        amount -> Integer,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = stocks, primary_key(product_id, shop_id))]
struct Stock {
    product_id: i32,
    shop_id: i32,
    amount: i32,
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let _ = Stock::cached().get(1).first(&mut conn);
}
