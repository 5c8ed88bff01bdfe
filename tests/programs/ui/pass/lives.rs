use std::time::SystemTime;

use cache_diesel::prelude::*;
use cache_diesel::{Moment, Timestamp};
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        ends -> Nullable<BigInt>,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[cached(max_rows = 1_000, jitter = "50%", expires_at = ends)]
struct Product {
    id: i32,
    ends: Option<i64>,
}

struct Day(i64);

impl Moment for Day {
    fn timestamp(&self) -> Option<Timestamp> {
        (self.0 * 86_400).timestamp()
    }
}

/// The field is called otherwise, and of a type of its own.
#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "other", detail_timeout = "1 hour", jitter = "1 minute 30 seconds", expires_at = ends)]
struct Other {
    id: i32,
    #[diesel(column_name = ends)]
    until: Option<i64>,
}

fn main() {
    let _ = (Product::cached(), Other::cached(), Day(1).timestamp(), SystemTime::now().timestamp());
}
