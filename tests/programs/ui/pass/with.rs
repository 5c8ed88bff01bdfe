#![deny(warnings, clippy::pedantic)]

use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> Text,
        nick -> Nullable<Text>,
        with -> Text,
    }
}

mod normal {
    pub fn lower(email: &str) -> String {
        email.to_lowercase()
    }
}

#[derive(Queryable, Selectable, Cached)]
#[cached(unique(email, with = normal::lower), unique(nick, with = str::to_ascii_lowercase), unique(with))]
#[cached(scope(with = str::to_ascii_uppercase, nick), scope(with, with = normal::lower))]
struct User {
    id: i32,
    email: String,
    nick: Option<String>,
    with: String,
}

fn main() {
    let users = User::cached();
    let _ = users.get_by_email("ANN@X");
    let _ = users.get_by_nick("Ann");
    let _ = users.get_by_nick(None::<String>);
    let _ = users.get_by_with("x");
    let _ = users.all_by_nick("Ann");
    let _ = users.all_by_with("Ann");
    let user = User { id: 1, email: String::new(), nick: None, with: String::new() };
    let _ = (user.id, user.email, user.nick, user.with);
}
