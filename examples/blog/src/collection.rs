//! The collection of requests by which the RealWorld project tries its services, in its order.

use crate::answer::Answer;
use crate::database::Id;
use crate::request::{NewArticle, Page, Request, Wanted};

/// One request; it may need keys that former answers gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) request: fn(&Keys) -> Request,
}

/// Keys that answers gave.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) ann: Id,
    pub(crate) comment: Id,
}

impl Keys {
    pub(crate) fn learn(&mut self, answer: &Answer) {
        match answer {
            Answer::User(user) if user.username == ANN => self.ann = user.token,
            Answer::Comment(comment) => self.comment = comment.id,
            _ => {}
        }
    }
}

const ANN: &str = "ann";
const CELEB: &str = "celeb_ann";
const PASSWORD: &str = "correct horse";
const SLUG: &str = "how-to-train-your-dragon";
const TAG: &str = "dragons";

const BY_ANN: Wanted = Wanted { author: Some(ANN), ..WANTED };
const LIKED_BY_ANN: Wanted = Wanted { favorited: Some(ANN), ..WANTED };
const TAGGED: Wanted = Wanted { tag: Some(TAG), ..WANTED };
const WANTED: Wanted = Wanted { tag: None, author: None, favorited: None, page: PAGE };
const PAGE: Page = Page { limit: 20, offset: 0 };

const ARTICLE: NewArticle = NewArticle {
    title: "How to train your dragon",
    description: "Ever wonder how?",
    body: "Very carefully.",
    tags: &["training", TAG],
};

macro_rules! steps {
    ($($name:literal: $request:expr,)*) => { &[$(Step { name: $name, request: $request }),*] };
}

pub(crate) const COLLECTION: &[Step] = steps! {
    "register": |_| Request::Register { username: ANN, email: "ann@example.org", password: PASSWORD },
    "log in": |_| Request::Login { email: "ann@example.org", password: PASSWORD },
    "log in, and remember the token": |_| Request::Login { email: "ann@example.org", password: PASSWORD },
    "current user": |keys| Request::CurrentUser { me: keys.ann },
    "update user": |keys| Request::UpdateUser { me: keys.ann, bio: "writes", image: Some("ann.png") },
    "all articles": |_| Request::Articles { viewer: None, wanted: WANTED },
    "articles by author": |_| Request::Articles { viewer: None, wanted: BY_ANN },
    "articles favorited by": |_| Request::Articles { viewer: None, wanted: LIKED_BY_ANN },
    "articles by tag": |_| Request::Articles { viewer: None, wanted: TAGGED },
    "create article": |keys| Request::CreateArticle { me: keys.ann, new: ARTICLE },
    "feed": |keys| Request::Feed { me: keys.ann, page: PAGE },
    "all articles": |_| Request::Articles { viewer: None, wanted: WANTED },
    "all articles, logged in": |keys| Request::Articles { viewer: Some(keys.ann), wanted: WANTED },
    "articles by author": |_| Request::Articles { viewer: None, wanted: BY_ANN },
    "articles by author, logged in": |keys| Request::Articles { viewer: Some(keys.ann), wanted: BY_ANN },
    "article by slug": |_| Request::Article { viewer: None, slug: SLUG },
    "articles by tag": |_| Request::Articles { viewer: None, wanted: TAGGED },
    "update article": |keys| Request::UpdateArticle { me: keys.ann, slug: SLUG, body: "With two hands." },
    "favorite article": |keys| Request::Favorite { me: keys.ann, slug: SLUG },
    "articles favorited by": |_| Request::Articles { viewer: None, wanted: LIKED_BY_ANN },
    "articles favorited by, logged in": |keys| Request::Articles { viewer: Some(keys.ann), wanted: LIKED_BY_ANN },
    "unfavorite article": |keys| Request::Unfavorite { me: keys.ann, slug: SLUG },
    "create comment": |keys| Request::CreateComment { me: keys.ann, slug: SLUG, body: "Thank you so much!" },
    "comments, logged in": |keys| Request::Comments { viewer: Some(keys.ann), slug: SLUG },
    "comments": |_| Request::Comments { viewer: None, slug: SLUG },
    "delete comment": |keys| Request::DeleteComment { me: keys.ann, slug: SLUG, comment: keys.comment },
    "delete article": |keys| Request::DeleteArticle { me: keys.ann, slug: SLUG },
    "register a celebrity": |_| Request::Register { username: CELEB, email: "celeb@example.org", password: PASSWORD },
    "profile": |keys| Request::Profile { viewer: Some(keys.ann), username: CELEB },
    "follow": |keys| Request::Follow { me: keys.ann, username: CELEB },
    "unfollow": |keys| Request::Unfollow { me: keys.ann, username: CELEB },
    "all tags": |_| Request::Tags,
};

/// Requests that write nothing, in a blog with more in it.
pub(crate) const READS: &[Step] = steps! {
    "current user": |keys| Request::CurrentUser { me: keys.ann },
    "feed": |keys| Request::Feed { me: keys.ann, page: PAGE },
    "all articles": |_| Request::Articles { viewer: None, wanted: WANTED },
    "the second page": |_| Request::Articles { viewer: None, wanted: Wanted { page: SECOND, ..WANTED } },
    "all articles, logged in": |keys| Request::Articles { viewer: Some(keys.ann), wanted: WANTED },
    "articles by author": |_| Request::Articles { viewer: None, wanted: BY_ANN },
    "articles by nobody": |_| Request::Articles { viewer: None, wanted: Wanted { author: Some("nobody"), ..WANTED } },
    "articles by tag": |keys| Request::Articles { viewer: Some(keys.ann), wanted: TAGGED },
    "articles favorited by": |keys| Request::Articles { viewer: Some(keys.ann), wanted: LIKED_BY_ANN },
    "all conditions": |_| Request::Articles { viewer: None, wanted: Wanted { favorited: Some(ANN), tag: Some(TAG), ..BY_ANN } },
    "article by slug": |keys| Request::Article { viewer: Some(keys.ann), slug: SLUG },
    "no such article": |_| Request::Article { viewer: None, slug: "none" },
    "comments": |keys| Request::Comments { viewer: Some(keys.ann), slug: SLUG },
    "profile": |keys| Request::Profile { viewer: Some(keys.ann), username: CELEB },
    "no such profile": |_| Request::Profile { viewer: None, username: "nobody" },
    "all tags": |_| Request::Tags,
};

const SECOND: Page = Page { limit: 1, offset: 1 };

/// What is there when `READS` are asked for.
pub(crate) const FILLING: &[Step] = steps! {
    "create article": |keys| Request::CreateArticle { me: keys.ann, new: ARTICLE },
    "create another": |keys| Request::CreateArticle { me: keys.ann, new: NewArticle { title: "Another", ..ARTICLE } },
    "favorite article": |keys| Request::Favorite { me: keys.ann, slug: SLUG },
    "create comment": |keys| Request::CreateComment { me: keys.ann, slug: SLUG, body: "Thank you so much!" },
    "follow": |keys| Request::Follow { me: keys.ann, username: CELEB },
};
