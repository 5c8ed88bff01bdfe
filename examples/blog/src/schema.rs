//! The tables, as Diesel knows them.

macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($column:ident -> $type:ty,)* })*) => { $(
        diesel::table! {
            use diesel::sql_types::*;
            use crate::database::Key;

            $name ($($key),+) { $($column -> $type,)* }
        }
    )* };
}

tables! {
    users (id) {
        id -> Key,
        username -> Text,
        email -> Text,
        password_hash -> Text,
        bio -> Text,
        image -> Nullable<Text>,
    }
    follows (follower_id, followed_id) {
        follower_id -> Key,
        followed_id -> Key,
    }
    articles (id) {
        id -> Key,
        author_id -> Key,
        slug -> Text,
        title -> Text,
        description -> Text,
        body -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
    article_tags (article_id, name) {
        article_id -> Key,
        name -> Text,
    }
    favorites (article_id, user_id) {
        article_id -> Key,
        user_id -> Key,
    }
    comments (id) {
        id -> Key,
        article_id -> Key,
        author_id -> Key,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::joinable!(articles -> users (author_id));
diesel::joinable!(article_tags -> articles (article_id));
diesel::joinable!(comments -> users (author_id));
diesel::allow_tables_to_appear_in_same_query!(users, follows, articles, article_tags, favorites, comments);
