use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    types (r#type) {
        r#type -> Integer,
        r#match -> Text,
        r#yield -> Integer,
        title -> Text,
        label -> Text,
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = r#types, primary_key(r#type))]
#[cached(unique(r#match), scope(yield), scope(title, label))]
struct Type {
    r#type: i32,
    r#match: String,
    #[diesel(column_name = "yield")]
    r#gain: i32,
    #[diesel(column_name = title)]
    _title: String,
    #[diesel(column_name = "label")]
    text: String,
}

fn main() {
    let _ = Type::cached().get_by_match("x");
    let _ = Type::cached().all_by_yield(1);
    let _ = Type::cached().all_by_title_and_label("x", "y");
}
