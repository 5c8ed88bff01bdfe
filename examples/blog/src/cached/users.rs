//! Users and profiles through the cache.

use std::collections::{HashMap, HashSet};

use cache_diesel::CachedRow;
use cache_diesel::prelude::*;

use crate::answer::{Answer, ProfileAnswer, UserAnswer};
use crate::blog::{Blog, Result, hash_of};
use crate::database::Id;
use crate::models::{Follow, User};
use crate::request::Viewer;
use crate::writes;

pub(super) fn login(blog: &Blog, email: &str, password: &str) -> Result<Answer> {
    let user = User::cached().get_by_email(email).first_with(&blog.pool).optional()?;
    Ok(match user {
        Some(user) if user.password_hash == hash_of(password) => Answer::User(UserAnswer::of(&user)),
        _ => Answer::Forbidden,
    })
}

pub(super) fn current(blog: &Blog, me: Id) -> Result<Answer> {
    Ok(Answer::User(UserAnswer::of(&*user(blog, me)?)))
}

pub(super) fn update(blog: &Blog, me: Id, bio: &str, image: Option<&str>) -> Result<Answer> {
    let changed = writes::update_user(&*user(blog, me)?, bio, image, &mut *blog.conn()?)?;
    Ok(Answer::User(UserAnswer::of(&changed)))
}

pub(super) fn profile(blog: &Blog, viewer: Viewer, username: &str) -> Result<Answer> {
    if let Some(me) = viewer {
        user(blog, me)?;
    }
    let Some(shown) = named(blog, username)? else { return Ok(Answer::NotFound) };
    let following = followed_by(blog, viewer)?.contains(&shown.id);
    Ok(Answer::Profile(ProfileAnswer::of(&shown, following)))
}

pub(super) fn follow(blog: &Blog, me: Id, username: &str) -> Result<Answer> {
    user(blog, me)?;
    let Some(followed) = named(blog, username)? else { return Ok(Answer::NotFound) };
    writes::follow(me, followed.id, &mut *blog.conn()?)?;
    Ok(Answer::Profile(ProfileAnswer::of(&followed, true)))
}

pub(super) fn unfollow(blog: &Blog, me: Id, username: &str) -> Result<Answer> {
    user(blog, me)?;
    let Some(followed) = named(blog, username)? else { return Ok(Answer::NotFound) };
    writes::unfollow(me, followed.id, &mut *blog.conn()?)?;
    Ok(Answer::Profile(ProfileAnswer::of(&followed, false)))
}

/// The user that a token names; each request with one begins so.
pub(super) fn user(blog: &Blog, id: Id) -> Result<CachedRow<User>> {
    User::cached().get(id).first_with(&blog.pool)
}

pub(super) fn named(blog: &Blog, username: &str) -> Result<Option<CachedRow<User>>> {
    User::cached().get_by_username(username).first_with(&blog.pool).optional()
}

/// Several users by their keys.
pub(super) fn users_of(blog: &Blog, keys: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, CachedRow<User>>> {
    let found = User::cached().get_many(keys).load_with(&blog.pool)?;
    Ok(found.into_iter().flatten().map(|user| (user.id, user)).collect())
}

/// Whom the viewer follows.
pub(super) fn followed_by(blog: &Blog, viewer: Viewer) -> Result<HashSet<Id>> {
    let Some(me) = viewer else { return Ok(HashSet::new()) };
    let rows = Follow::cached().all_by_follower_id(me).load_with(&blog.pool)?;
    Ok(rows.iter().map(|row| row.followed_id).collect())
}
