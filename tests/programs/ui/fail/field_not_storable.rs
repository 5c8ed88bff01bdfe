use cache_diesel::prelude::*;

diesel::table! {
    paints (id) {
        id -> Integer,
        color -> Integer,
        second -> Nullable<Integer>,
    }
}

struct Color(i32);

#[derive(Cached)]
#[diesel(table_name = paints)]
struct Paint {
    id: i32,
    color: Color,
    second: Option<Color>,
}

fn main() {}
