use cache_diesel::prelude::*;

diesel::table! {
    paints (id) {
        id -> Integer,
        color -> Integer,
    }
}

#[derive(Cached)]
#[diesel(table_name = paints)]
#[cached(memory_only)]
struct Paint {
    id: i32,
    #[cached(with = color)]
    color: i32,
}

fn main() {}
