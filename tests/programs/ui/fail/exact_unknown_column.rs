use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    users (id) {
        id -> Integer,
        username -> Text,
        bio -> Text,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = users)]
#[cached(unique(username), exact(usrname), exact(bio), exact(username, username))]
struct User {
    id: i32,
    username: String,
    bio: String,
}

fn main() {}
