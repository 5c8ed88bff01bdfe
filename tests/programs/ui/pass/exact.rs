//! Columns that are said to be compared byte by byte: of the key, of scopes and unique values, once or more.

use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    users (id) {
        id -> Integer,
        username -> Text,
        city -> Text,
        #[sql_name = "type"]
        type_ -> Text,
    }
}

#[derive(Cached, Debug, Queryable, Selectable)]
#[cached(unique(username), scope(city, type_), exact(id, username, city))]
#[cached(exact(type_))]
struct User {
    id: i32,
    username: String,
    city: String,
    type_: String,
}

fn main() {
    assert_eq!(cache_diesel::contradictions(), []);
    let _ = User::cached().get_by_username("ann");
}
