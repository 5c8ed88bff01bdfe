//! What the service answers.

use crate::database::Id;
use crate::models::{Article, Comment, User};

#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    User(UserAnswer),
    Profile(ProfileAnswer),
    Article(ArticleAnswer),
    Articles { articles: Vec<ArticleAnswer>, total: i64 },
    Comment(CommentAnswer),
    Comments(Vec<CommentAnswer>),
    Tags(Vec<String>),
    Done,
    Forbidden,
    NotFound,
    Taken,
}

#[derive(Debug, PartialEq)]
pub(crate) struct UserAnswer {
    /// A service answers with a signed token.
    pub(crate) token: Id,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) bio: String,
    pub(crate) image: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct ProfileAnswer {
    pub(crate) username: String,
    pub(crate) bio: String,
    pub(crate) image: Option<String>,
    pub(crate) following: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) struct ArticleAnswer {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) body: String,
    pub(crate) tags: Vec<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) favorited: bool,
    pub(crate) favorites_count: i64,
    pub(crate) author: ProfileAnswer,
}

/// What the answer of an article holds besides its row and its author.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pub(crate) tags: Vec<String>,
    pub(crate) favorited: bool,
    pub(crate) favorites_count: i64,
    pub(crate) following: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) struct CommentAnswer {
    pub(crate) id: Id,
    pub(crate) body: String,
    pub(crate) created_at: i64,
    pub(crate) author: ProfileAnswer,
}

impl UserAnswer {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            token: user.id,
            username: user.username.clone(),
            email: user.email.clone(),
            bio: user.bio.clone(),
            image: user.image.clone(),
        }
    }
}

impl ProfileAnswer {
    pub(crate) fn of(user: &User, following: bool) -> Self {
        Self { username: user.username.clone(), bio: user.bio.clone(), image: user.image.clone(), following }
    }
}

impl ArticleAnswer {
    pub(crate) fn of(article: &Article, author: &User, around: Around) -> Self {
        Self {
            slug: article.slug.clone(),
            title: article.title.clone(),
            description: article.description.clone(),
            body: article.body.clone(),
            tags: around.tags,
            created_at: article.created_at,
            updated_at: article.updated_at,
            favorited: around.favorited,
            favorites_count: around.favorites_count,
            author: ProfileAnswer::of(author, around.following),
        }
    }
}

impl CommentAnswer {
    pub(crate) fn of(comment: &Comment, author: &User, following: bool) -> Self {
        Self {
            id: comment.id,
            body: comment.body.clone(),
            created_at: comment.created_at,
            author: ProfileAnswer::of(author, following),
        }
    }
}
