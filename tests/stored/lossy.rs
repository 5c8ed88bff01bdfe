//! What the struct's own serde attributes leave out or rename is stored all the same.

use cache_diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::columns::{bytes_of, row_of};

diesel::table! {
    users (id) { id -> Integer, name -> Text, secret -> Text, bio -> Nullable<Text>, score -> Integer, }
}

#[derive(Cached, Debug, Deserialize, PartialEq, Serialize)]
#[diesel(table_name = users)]
#[serde(rename_all = "camelCase")]
struct User {
    #[serde(rename = "key")]
    id: i32,
    name: String,
    #[serde(skip)]
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bio: Option<String>,
    #[serde(skip_deserializing)]
    score: i32,
}

#[test]
fn rows_are_stored_whole_whatever_the_struct_says_to_serde() {
    let user = || User { id: 1, name: "Ada".into(), secret: "hash".into(), bio: None, score: 41 };
    assert_eq!(*row_of::<User>(&bytes_of(user())).unwrap(), user());
    let json = serde_json::to_string(&user()).unwrap();
    assert!(serde_json::from_str::<User>(&json).unwrap() != user(), "serde itself loses what it is told to lose");
}
