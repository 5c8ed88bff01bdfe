use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        is_active -> Bool,
    }
}

#[derive(Cached, Clone, Queryable, Selectable)]
#[cached(base_query = active, write_through)]
struct Product {
    id: i32,
    is_active: bool,
}

#[diesel::dsl::auto_type(no_type_alias)]
fn active() -> _ {
    products::table.filter(products::is_active)
}

fn main() {}
