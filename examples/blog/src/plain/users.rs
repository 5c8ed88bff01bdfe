//! Users and profiles over plain Diesel.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::answer::{Answer, ProfileAnswer, UserAnswer};
use crate::blog::{Result, hash_of};
use crate::database::{Conn, Id};
use crate::models::User;
use crate::request::Viewer;
use crate::schema::{follows, users};
use crate::writes;

pub(super) fn login(email: &str, password: &str, conn: &mut Conn) -> Result<Answer> {
    let user = users::table.filter(users::email.eq(email)).select(User::as_select()).first(conn).optional()?;
    Ok(match user {
        Some(user) if user.password_hash == hash_of(password) => Answer::User(UserAnswer::of(&user)),
        _ => Answer::Forbidden,
    })
}

pub(super) fn current(me: Id, conn: &mut Conn) -> Result<Answer> {
    Ok(Answer::User(UserAnswer::of(&user(me, conn)?)))
}

pub(super) fn update(me: Id, bio: &str, image: Option<&str>, conn: &mut Conn) -> Result<Answer> {
    let changed = writes::update_user(&user(me, conn)?, bio, image, conn)?;
    Ok(Answer::User(UserAnswer::of(&changed)))
}

pub(super) fn profile(viewer: Viewer, username: &str, conn: &mut Conn) -> Result<Answer> {
    if let Some(me) = viewer {
        user(me, conn)?;
    }
    let Some(shown) = named(username, conn)? else { return Ok(Answer::NotFound) };
    let following = is_following(viewer, shown.id, conn)?;
    Ok(Answer::Profile(ProfileAnswer::of(&shown, following)))
}

pub(super) fn follow(me: Id, username: &str, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some(followed) = named(username, conn)? else { return Ok(Answer::NotFound) };
    writes::follow(me, followed.id, conn)?;
    Ok(Answer::Profile(ProfileAnswer::of(&followed, true)))
}

pub(super) fn unfollow(me: Id, username: &str, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some(followed) = named(username, conn)? else { return Ok(Answer::NotFound) };
    writes::unfollow(me, followed.id, conn)?;
    Ok(Answer::Profile(ProfileAnswer::of(&followed, false)))
}

/// The user that a token names; each request with one begins so.
pub(super) fn user(id: Id, conn: &mut Conn) -> Result<User> {
    Ok(users::table.find(id).select(User::as_select()).first(conn)?)
}

pub(super) fn is_following(viewer: Viewer, followed: Id, conn: &mut Conn) -> Result<bool> {
    let Some(me) = viewer else { return Ok(false) };
    Ok(diesel::select(diesel::dsl::exists(follows::table.find((me, followed)))).get_result(conn)?)
}

/// Whom of `users` the viewer follows.
pub(super) fn followed_of(viewer: Viewer, users: &[Id], conn: &mut Conn) -> Result<HashSet<Id>> {
    let Some(me) = viewer else { return Ok(HashSet::new()) };
    let of_me = follows::table.filter(follows::follower_id.eq(me)).filter(follows::followed_id.eq_any(users));
    Ok(of_me.select(follows::followed_id).load(conn)?.into_iter().collect())
}

fn named(username: &str, conn: &mut Conn) -> Result<Option<User>> {
    Ok(users::table.filter(users::username.eq(username)).select(User::as_select()).first(conn).optional()?)
}
