use cache_diesel::prelude::*;

diesel::table! {
    paints (id) {
        id -> Integer,
        color -> Integer,
    }
}

struct Color(i32);

mod color {}

#[derive(Cached)]
#[diesel(table_name = paints)]
struct Paint {
    id: i32,
    #[cached(with = color)]
    color: Color,
}

fn main() {}
