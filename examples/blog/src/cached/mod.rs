//! The service through the cache: a read takes a connection if it is not cached, a write is plain Diesel.

mod articles;
mod comments;
mod users;

use crate::answer::Answer;
use crate::blog::{Blog, Result};
use crate::request::Request;
use crate::writes;

pub(crate) fn answer(blog: &Blog, request: &Request) -> Result<Answer> {
    match *request {
        Request::Register { username, email, password } => {
            writes::register(blog, username, email, password, &mut *blog.conn()?)
        }
        Request::Login { email, password } => users::login(blog, email, password),
        Request::CurrentUser { me } => users::current(blog, me),
        Request::UpdateUser { me, bio, image } => users::update(blog, me, bio, image),
        Request::Profile { viewer, username } => users::profile(blog, viewer, username),
        Request::Follow { me, username } => users::follow(blog, me, username),
        Request::Unfollow { me, username } => users::unfollow(blog, me, username),
        Request::Articles { viewer, wanted } => articles::list(blog, viewer, &wanted),
        Request::Feed { me, page } => articles::feed(blog, me, page),
        Request::Article { viewer, slug } => articles::one(blog, viewer, slug),
        Request::CreateArticle { me, new } => articles::create(blog, me, &new),
        Request::UpdateArticle { me, slug, body } => articles::update(blog, me, slug, body),
        Request::DeleteArticle { me, slug } => articles::delete(blog, me, slug),
        Request::Favorite { me, slug } => articles::favorite(blog, me, slug),
        Request::Unfavorite { me, slug } => articles::unfavorite(blog, me, slug),
        Request::Tags => articles::tags(blog),
        Request::Comments { viewer, slug } => comments::list(blog, viewer, slug),
        Request::CreateComment { me, slug, body } => comments::create(blog, me, slug, body),
        Request::DeleteComment { me, slug, comment } => comments::delete(blog, me, slug, comment),
    }
}
