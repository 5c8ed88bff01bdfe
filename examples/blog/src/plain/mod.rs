//! The service over plain Diesel: one connection for each request, a join where rows belong to one another, one statement for
//! each thing that a list of articles has.

mod articles;
mod comments;
mod users;

use crate::answer::Answer;
use crate::blog::{Blog, Result};
use crate::request::Request;
use crate::writes;

pub(crate) fn answer(blog: &Blog, request: &Request) -> Result<Answer> {
    let conn = &mut *blog.conn()?;
    match *request {
        Request::Register { username, email, password } => writes::register(blog, username, email, password, conn),
        Request::Login { email, password } => users::login(email, password, conn),
        Request::CurrentUser { me } => users::current(me, conn),
        Request::UpdateUser { me, bio, image } => users::update(me, bio, image, conn),
        Request::Profile { viewer, username } => users::profile(viewer, username, conn),
        Request::Follow { me, username } => users::follow(me, username, conn),
        Request::Unfollow { me, username } => users::unfollow(me, username, conn),
        Request::Articles { viewer, wanted } => articles::list(viewer, &wanted, conn),
        Request::Feed { me, page } => articles::feed(me, page, conn),
        Request::Article { viewer, slug } => articles::one(viewer, slug, conn),
        Request::CreateArticle { me, new } => articles::create(blog, me, &new, conn),
        Request::UpdateArticle { me, slug, body } => articles::update(blog, me, slug, body, conn),
        Request::DeleteArticle { me, slug } => articles::delete(me, slug, conn),
        Request::Favorite { me, slug } => articles::favorite(me, slug, conn),
        Request::Unfavorite { me, slug } => articles::unfavorite(me, slug, conn),
        Request::Tags => articles::tags(conn),
        Request::Comments { viewer, slug } => comments::list(viewer, slug, conn),
        Request::CreateComment { me, slug, body } => comments::create(blog, me, slug, body, conn),
        Request::DeleteComment { me, slug, comment } => comments::delete(me, slug, comment, conn),
    }
}
