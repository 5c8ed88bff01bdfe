use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    entries (model, value) {
        value -> Integer,
        model -> Integer,
        cache -> Text,
        ids -> Nullable<Text>,
        id -> Integer,
        key -> Text,
    }
}

use self::entries::dsl::*;

#[derive(Queryable, Cached)]
#[diesel(table_name = entries, primary_key(model, value))]
#[cached(unique(cache), unique(cache, key), scope(ids), scope(id))]
struct Entry {
    value: i32,
    model: i32,
    cache: String,
    ids: Option<String>,
    id: i32,
    key: String,
}

fn main() {
    let _ = Entry::cached_in("other").get_by_cache_and_key("a", "b");
    let _ = entries.select(id);
}
