use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    trips (line, day, run) {
        line -> Integer,
        day -> Text,
        run -> BigInt,
    }
}

#[derive(Queryable, Selectable, Identifiable, Cached)]
#[diesel(table_name = trips, primary_key(line, day, run))]
#[cached(scope(line, day))]
struct Trip {
    run: i64,
    day: String,
    line: i32,
}

fn main() {
    let _ = Trip::cached().get((1, "monday".to_owned(), 2_i64));
    let _ = Trip::cached().all_by_line_and_day(1, "monday");
}
