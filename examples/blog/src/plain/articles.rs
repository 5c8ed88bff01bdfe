//! Articles over plain Diesel.

use std::collections::{HashMap, HashSet};

use diesel::dsl::{self, InnerJoinQuerySource};
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::users::{followed_of, user};
use crate::answer::{Answer, Around, ArticleAnswer};
use crate::blog::{Blog, Result};
use crate::database::{Conn, Id};
use crate::models::{Article, ArticleTag, User};
use crate::request::{NewArticle, Page, Viewer, Wanted};
use crate::schema::{article_tags, articles, favorites, follows, users};
use crate::writes;

type Joined = InnerJoinQuerySource<articles::table, users::table>;
type Condition = Box<dyn BoxableExpression<Joined, <Conn as Connection>::Backend, SqlType = Bool>>;

pub(super) fn list(viewer: Viewer, wanted: &Wanted, conn: &mut Conn) -> Result<Answer> {
    if let Some(me) = viewer {
        user(me, conn)?;
    }
    page_of(viewer, || condition(wanted), wanted.page, conn)
}

pub(super) fn feed(me: Id, page: Page, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let followed = || -> Condition {
        let followed = follows::table.filter(follows::follower_id.eq(me)).select(follows::followed_id);
        Box::new(articles::author_id.eq_any(followed))
    };
    page_of(Some(me), followed, page, conn)
}

/// Boxed conditions are no `Clone`: they are made for the rows, and once more for their number.
fn condition(wanted: &Wanted) -> Condition {
    let mut condition: Condition = Box::new(articles::id.eq(articles::id));
    if let Some(name) = wanted.author {
        condition = Box::new(condition.and(users::username.eq(name)));
    }
    if let Some(name) = wanted.tag {
        let tagged = article_tags::table.filter(article_tags::name.eq(name)).select(article_tags::article_id);
        condition = Box::new(condition.and(articles::id.eq_any(tagged)));
    }
    if let Some(name) = wanted.favorited {
        let them = diesel::alias!(users as them);
        let favorited = favorites::table
            .inner_join(them.on(them.field(users::id).eq(favorites::user_id)))
            .filter(them.field(users::username).eq(name))
            .select(favorites::article_id);
        condition = Box::new(condition.and(articles::id.eq_any(favorited)));
    }
    condition
}

fn page_of(viewer: Viewer, condition: impl Fn() -> Condition, page: Page, conn: &mut Conn) -> Result<Answer> {
    let joined = || articles::table.inner_join(users::table).filter(condition());
    let rows: Vec<(Article, User)> = joined()
        .order_by((articles::created_at.desc(), articles::id))
        .limit(page.limit)
        .offset(page.offset)
        .select(<(Article, User)>::as_select())
        .load(conn)?;
    let total = joined().count().get_result(conn)?;
    Ok(Answer::Articles { articles: finished(viewer, rows, conn)?, total })
}

pub(super) fn one(viewer: Viewer, slug: &str, conn: &mut Conn) -> Result<Answer> {
    if let Some(me) = viewer {
        user(me, conn)?;
    }
    let Some(found) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    answer_of(viewer, found, conn)
}

pub(super) fn create(blog: &Blog, me: Id, new: &NewArticle, conn: &mut Conn) -> Result<Answer> {
    let author = user(me, conn)?;
    let (article, tags) = writes::create_article(blog, me, new, conn)?;
    Ok(Answer::Article(ArticleAnswer::of(&article, &author, Around { tags, ..Around::default() })))
}

pub(super) fn update(blog: &Blog, me: Id, slug: &str, body: &str, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some((article, author)) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    if author.id != me {
        return Ok(Answer::Forbidden);
    }
    let article = writes::update_article(blog, &article, body, conn)?;
    answer_of(Some(me), (article, author), conn)
}

pub(super) fn delete(me: Id, slug: &str, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some((article, _)) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    if article.author_id != me {
        return Ok(Answer::Forbidden);
    }
    writes::delete_article(article.id, conn)?;
    Ok(Answer::Done)
}

pub(super) fn favorite(me: Id, slug: &str, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some(found) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    writes::favorite(me, found.0.id, conn)?;
    answer_of(Some(me), found, conn)
}

pub(super) fn unfavorite(me: Id, slug: &str, conn: &mut Conn) -> Result<Answer> {
    user(me, conn)?;
    let Some(found) = by_slug(slug, conn)? else { return Ok(Answer::NotFound) };
    writes::unfavorite(me, found.0.id, conn)?;
    answer_of(Some(me), found, conn)
}

pub(super) fn tags(conn: &mut Conn) -> Result<Answer> {
    let names = article_tags::table.select(article_tags::name).distinct().order_by(article_tags::name);
    Ok(Answer::Tags(names.load(conn)?))
}

/// The article that is called so, and its author.
pub(super) fn by_slug(slug: &str, conn: &mut Conn) -> Result<Option<(Article, User)>> {
    let joined = articles::table.inner_join(users::table).filter(articles::slug.eq(slug));
    Ok(joined.select(<(Article, User)>::as_select()).first(conn).optional()?)
}

fn answer_of(viewer: Viewer, found: (Article, User), conn: &mut Conn) -> Result<Answer> {
    Ok(finished(viewer, vec![found], conn)?.pop().map_or(Answer::NotFound, Answer::Article))
}

/// The answers for `rows`, with a statement for each thing that is around them.
fn finished(viewer: Viewer, rows: Vec<(Article, User)>, conn: &mut Conn) -> Result<Vec<ArticleAnswer>> {
    let (of, authors): (Vec<Id>, Vec<Id>) = rows.iter().map(|(article, author)| (article.id, author.id)).unzip();
    let tags: Vec<ArticleTag> = article_tags::table
        .filter(article_tags::article_id.eq_any(&of))
        .order_by(article_tags::name)
        .select(ArticleTag::as_select())
        .load(conn)?;
    let counts: HashMap<Id, i64> = favorites::table
        .filter(favorites::article_id.eq_any(&of))
        .group_by(favorites::article_id)
        .select((favorites::article_id, dsl::count_star()))
        .load(conn)?
        .into_iter()
        .collect();
    let favorited: HashSet<Id> = match viewer {
        Some(me) => {
            let of_me = favorites::table.filter(favorites::user_id.eq(me)).filter(favorites::article_id.eq_any(&of));
            of_me.select(favorites::article_id).load(conn)?.into_iter().collect()
        }
        None => HashSet::new(),
    };
    let followed = followed_of(viewer, &authors, conn)?;
    let answer = |(article, author): &(Article, User)| {
        let of_it = tags.iter().filter(|tag| tag.article_id == article.id);
        let around = Around {
            tags: of_it.map(|tag| tag.name.clone()).collect(),
            favorited: favorited.contains(&article.id),
            favorites_count: counts.get(&article.id).copied().unwrap_or(0),
            following: followed.contains(&author.id),
        };
        ArticleAnswer::of(article, author, around)
    };
    Ok(rows.iter().map(answer).collect())
}
