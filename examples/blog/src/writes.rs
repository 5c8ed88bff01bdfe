//! Writes, which both halves of the service share: they are plain Diesel, and the cache reads them along.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::answer::{Answer, UserAnswer};
use crate::blog::{Blog, Result, hash_of};
use crate::database::{Conn, Id};
use crate::models::{Article, ArticleTag, Comment, Favorite, Follow, User, slug_of};
use crate::request::NewArticle;
use crate::schema::{article_tags, articles, comments, favorites, follows, users};

pub(crate) fn register(blog: &Blog, username: &str, email: &str, password: &str, conn: &mut Conn) -> Result<Answer> {
    let user = User {
        id: blog.new_key(),
        username: username.to_owned(),
        email: email.to_owned(),
        password_hash: hash_of(password),
        bio: String::new(),
        image: None,
    };
    match diesel::insert_into(users::table).values(&user).execute(conn) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Answer::Taken),
        inserted => inserted.map(|_| Answer::User(UserAnswer::of(&user))).map_err(From::from),
    }
}

/// Changes the profile of `user`; gives it as it is then.
pub(crate) fn update_user(user: &User, bio: &str, image: Option<&str>, conn: &mut Conn) -> QueryResult<User> {
    let changed = User {
        id: user.id,
        username: user.username.clone(),
        email: user.email.clone(),
        password_hash: user.password_hash.clone(),
        bio: bio.to_owned(),
        image: image.map(str::to_owned),
    };
    diesel::update(users::table.find(user.id))
        .set((users::bio.eq(&changed.bio), users::image.eq(&changed.image)))
        .execute(conn)?;
    Ok(changed)
}

pub(crate) fn follow(me: Id, followed: Id, conn: &mut Conn) -> QueryResult<usize> {
    let row = Follow { follower_id: me, followed_id: followed };
    diesel::insert_into(follows::table).values(&row).on_conflict_do_nothing().execute(conn)
}

pub(crate) fn unfollow(me: Id, followed: Id, conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(follows::table.find((me, followed))).execute(conn)
}

/// Gives the article and its tags.
pub(crate) fn create_article(
    blog: &Blog,
    me: Id,
    new: &NewArticle,
    conn: &mut Conn,
) -> QueryResult<(Article, Vec<String>)> {
    let now = blog.now();
    let article = Article {
        id: blog.new_key(),
        author_id: me,
        slug: slug_of(new.title),
        title: new.title.to_owned(),
        description: new.description.to_owned(),
        body: new.body.to_owned(),
        created_at: now,
        updated_at: now,
    };
    let mut names: Vec<String> = new.tags.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    let tags = names.iter().map(|name| ArticleTag { article_id: article.id, name: name.clone() });
    let tags: Vec<ArticleTag> = tags.collect();
    conn.transaction(|conn| {
        diesel::insert_into(articles::table).values(&article).execute(conn)?;
        diesel::insert_into(article_tags::table).values(&tags).execute(conn)
    })?;
    Ok((article, names))
}

/// Gives the article as it is then.
pub(crate) fn update_article(blog: &Blog, article: &Article, body: &str, conn: &mut Conn) -> QueryResult<Article> {
    let changed = Article {
        id: article.id,
        author_id: article.author_id,
        slug: article.slug.clone(),
        title: article.title.clone(),
        description: article.description.clone(),
        body: body.to_owned(),
        created_at: article.created_at,
        updated_at: blog.now(),
    };
    diesel::update(articles::table.find(article.id))
        .set((articles::body.eq(&changed.body), articles::updated_at.eq(changed.updated_at)))
        .execute(conn)?;
    Ok(changed)
}

/// Removes the article with all that belongs to it.
pub(crate) fn delete_article(article: Id, conn: &mut Conn) -> QueryResult<()> {
    conn.transaction(|conn| {
        diesel::delete(article_tags::table.filter(article_tags::article_id.eq(article))).execute(conn)?;
        diesel::delete(favorites::table.filter(favorites::article_id.eq(article))).execute(conn)?;
        diesel::delete(comments::table.filter(comments::article_id.eq(article))).execute(conn)?;
        diesel::delete(articles::table.find(article)).execute(conn)?;
        Ok(())
    })
}

pub(crate) fn favorite(me: Id, article: Id, conn: &mut Conn) -> QueryResult<usize> {
    let row = Favorite { article_id: article, user_id: me };
    diesel::insert_into(favorites::table).values(&row).on_conflict_do_nothing().execute(conn)
}

pub(crate) fn unfavorite(me: Id, article: Id, conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(favorites::table.find((article, me))).execute(conn)
}

pub(crate) fn create_comment(blog: &Blog, me: Id, article: Id, body: &str, conn: &mut Conn) -> QueryResult<Comment> {
    let (id, created_at) = (blog.new_key(), blog.now());
    let comment = Comment { id, article_id: article, author_id: me, body: body.to_owned(), created_at };
    diesel::insert_into(comments::table).values(&comment).execute(conn)?;
    Ok(comment)
}

pub(crate) fn delete_comment(comment: Id, conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(comments::table.find(comment)).execute(conn)
}
