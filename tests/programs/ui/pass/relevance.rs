use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "a", detail_timeout = "5 minutes", relevance_timeout = "1 minute")]
struct A {
    id: i32,
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "b", relevance_timeout = "1 hour", detail_relevance_timeout = 30, list_timeout = "never")]
struct B {
    id: i32,
}

/// Never stale, whatever the cache says.
#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "c", relevance_timeout = "never")]
struct C {
    id: i32,
}

fn main() {
    let _ = (A::cached(), B::cached(), C::cached());
}
