//! Comments over plain Diesel.

use diesel::prelude::*;

use super::articles::by_slug;
use super::users::{followed_of, user};
use crate::answer::{Answer, CommentAnswer};
use crate::blog::{Blog, Result};
use crate::database::{Conn, Id};
use crate::models::{Comment, User};
use crate::request::Viewer;
use crate::schema::{comments, users};
use crate::writes;

pub(super) fn list(viewer: Viewer, slug: &str, conn: &mut Conn) -> Result<Answer> {
    if let Some(me) = viewer {
        user(me, conn)?;
    }
    let Some((article, _)) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    let rows: Vec<(Comment, User)> = comments::table
        .inner_join(users::table)
        .filter(comments::article_id.eq(article.id))
        .order_by(comments::created_at)
        .select(<(Comment, User)>::as_select())
        .load(conn)?;
    let authors: Vec<Id> = rows.iter().map(|(_, author)| author.id).collect();
    let followed = followed_of(viewer, &authors, conn)?;
    let answer =
        |(comment, author): &(Comment, User)| CommentAnswer::of(comment, author, followed.contains(&author.id));
    Ok(Answer::Comments(rows.iter().map(answer).collect()))
}

pub(super) fn create(blog: &Blog, me: Id, slug: &str, body: &str, conn: &mut Conn) -> Result<Answer> {
    let author = user(me, conn)?;
    let Some((article, _)) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    let comment = writes::create_comment(blog, me, article.id, body, conn)?;
    Ok(Answer::Comment(CommentAnswer::of(&comment, &author, false)))
}

pub(super) fn delete(me: Id, slug: &str, comment: Id, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some((article, _)) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    let found = comments::table.find(comment).filter(comments::article_id.eq(article.id));
    let Some(found) = found.select(Comment::as_select()).first(conn).optional()? else {
        return Ok(Answer::NotFound);
    };
    if found.author_id != me {
        return Ok(Answer::Forbidden);
    }
    writes::delete_comment(found.id, conn)?;
    Ok(Answer::Done)
}
