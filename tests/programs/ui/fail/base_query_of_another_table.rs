use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        maker_id -> Integer,
    }
}

diesel::table! {
    makers (id) {
        id -> Integer,
    }
}

diesel::joinable!(products -> makers (maker_id));
diesel::allow_tables_to_appear_in_same_query!(makers, products);

#[diesel::dsl::auto_type]
fn every_maker() -> _ {
    makers::table.filter(makers::id.gt(0_i32))
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "a", base_query = every_maker)]
struct A {
    id: i32,
}

#[diesel::dsl::auto_type]
fn perhaps_a_product() -> _ {
    makers::table.left_join(products::table)
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "b", base_query = perhaps_a_product)]
struct B {
    id: i32,
}

fn main() {}
