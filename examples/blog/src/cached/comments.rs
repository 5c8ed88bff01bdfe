//! Comments through the cache.

use super::articles::by_slug;
use super::users::{followed_by, user, users_of};
use crate::answer::{Answer, CommentAnswer};
use crate::blog::{Blog, Result};
use crate::database::Id;
use crate::models::Comment;
use crate::request::Viewer;
use crate::writes;

pub(super) fn list(blog: &Blog, viewer: Viewer, slug: &str) -> Result<Answer> {
    if let Some(me) = viewer {
        user(blog, me)?;
    }
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    let comments = Comment::cached().all_by_article_id(page.id).load_with(&blog.pool)?;
    let authors = users_of(blog, comments.iter().map(|comment| comment.author_id))?;
    let followed = followed_by(blog, viewer)?;
    let answer = |comment: &Comment| {
        let author = authors.get(&comment.author_id)?;
        Some(CommentAnswer::of(comment, author, followed.contains(&author.id)))
    };
    Ok(Answer::Comments(comments.iter().filter_map(answer).collect()))
}

pub(super) fn create(blog: &Blog, me: Id, slug: &str, body: &str) -> Result<Answer> {
    let author = user(blog, me)?;
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    let comment = writes::create_comment(blog, me, page.id, body, &mut *blog.conn()?)?;
    Ok(Answer::Comment(CommentAnswer::of(&comment, &author, false)))
}

pub(super) fn delete(blog: &Blog, me: Id, slug: &str, comment: Id) -> Result<Answer> {
    user(blog, me)?;
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    let comments = Comment::cached().all_by_article_id(page.id).load_with(&blog.pool)?;
    let Some(found) = comments.iter().find(|found| found.id == comment) else { return Ok(Answer::NotFound) };
    if found.author_id != me {
        return Ok(Answer::Forbidden);
    }
    writes::delete_comment(found.id, &mut *blog.conn()?)?;
    Ok(Answer::Done)
}
