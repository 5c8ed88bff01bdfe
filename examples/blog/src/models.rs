//! The rows, and how they are cached. Both halves of the service use them; plain Diesel takes no notice of `Cached`.
//!
//! The program is the only one that writes, so entries need no short lives: a write ends what it changes.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::database::Id;
use crate::schema::{article_tags, articles, comments, favorites, follows, users};

#[derive(AsChangeset, Cached, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = users, treat_none_as_null = true)]
#[cached(key = "user", detail_timeout = "1 day", negative_timeout = "1 minute", unique(username), unique(email))]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) bio: String,
    pub(crate) image: Option<String>,
}

#[derive(Cached, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = follows, primary_key(follower_id, followed_id))]
#[cached(key = "follow", scope(follower_id))]
pub(crate) struct Follow {
    pub(crate) follower_id: Id,
    pub(crate) followed_id: Id,
}

#[derive(AsChangeset, Cached, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = articles)]
#[cached(key = "article", detail_timeout = "1 day", negative_timeout = "1 minute", unique(slug))]
#[cached(view(ArticlePage, derive(Debug), prefetch_related(tags: ArticleTag order_by(article_tags::name))))]
pub(crate) struct Article {
    pub(crate) id: Id,
    pub(crate) author_id: Id,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) body: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Associations, Cached, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = article_tags, primary_key(article_id, name), belongs_to(Article))]
#[cached(key = "article_tag")]
pub(crate) struct ArticleTag {
    pub(crate) article_id: Id,
    pub(crate) name: String,
}

#[derive(Cached, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = favorites, primary_key(article_id, user_id))]
#[cached(key = "favorite")]
pub(crate) struct Favorite {
    pub(crate) article_id: Id,
    pub(crate) user_id: Id,
}

#[derive(Cached, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = comments)]
#[cached(key = "comment", detail_timeout = "1 day", scope(article_id), fixed(article_id), order_by = (created_at.asc()))]
pub(crate) struct Comment {
    pub(crate) id: Id,
    pub(crate) article_id: Id,
    pub(crate) author_id: Id,
    pub(crate) body: String,
    pub(crate) created_at: i64,
}

/// `How to train` becomes `how-to-train`.
pub(crate) fn slug_of(title: &str) -> String {
    title.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}
