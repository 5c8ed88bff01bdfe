//! Articles through the cache. A list knows which articles are in it; these come by their keys, and all lists share them.

use std::collections::HashSet;

use cache_diesel::CachedRow;
use cache_diesel::prelude::*;
use diesel::prelude::*;

use super::users::{followed_by, named, user, users_of};
use crate::answer::{Answer, Around, ArticleAnswer};
use crate::blog::{Blog, Result};
use crate::database::Id;
use crate::models::{Article, ArticlePage, ArticleTag, Favorite};
use crate::request::{NewArticle, Page, Viewer, Wanted};
use crate::schema::{article_tags, articles, favorites};
use crate::writes;

pub(super) fn list(blog: &Blog, viewer: Viewer, wanted: &Wanted) -> Result<Answer> {
    if let Some(me) = viewer {
        user(blog, me)?;
    }
    let (Some(author), Some(favorited)) = (key_of(blog, wanted.author)?, key_of(blog, wanted.favorited)?) else {
        return Ok(Answer::Articles { articles: Vec::new(), total: 0 });
    };
    let tagged = |name| article_tags::table.filter(article_tags::name.eq(name)).select(article_tags::article_id);
    let liked = |user: Id| favorites::table.filter(favorites::user_id.eq(user)).select(favorites::article_id);
    let found = Article::cached()
        .all("articles", author.map(|author| articles::author_id.eq(author)))
        .filter(wanted.tag.map(|name| articles::id.eq_any(tagged(name))))
        .filter(favorited.map(|user| articles::id.eq_any(liked(user))))
        .order_by((articles::created_at.desc(), articles::id))
        .limit(wanted.page.limit)
        .offset(wanted.page.offset)
        .load_and_count_with(&blog.pool)?;
    let articles = answers(blog, viewer, &found.rows)?;
    Ok(Answer::Articles { articles, total: found.total })
}

/// The key of the user who is called so; `Some(None)`: nobody is asked for, `None`: there is no such user.
fn key_of(blog: &Blog, name: Option<&str>) -> Result<Option<Option<Id>>> {
    let Some(name) = name else { return Ok(Some(None)) };
    Ok(named(blog, name)?.map(|user| Some(user.id)))
}

pub(super) fn feed(blog: &Blog, me: Id, page: Page) -> Result<Answer> {
    user(blog, me)?;
    let mut followed: Vec<Id> = followed_by(blog, Some(me))?.into_iter().collect();
    if followed.is_empty() {
        return Ok(Answer::Articles { articles: Vec::new(), total: 0 });
    }
    followed.sort_unstable();
    let found = Article::cached()
        .all("feed", articles::author_id.eq_any(followed))
        .order_by((articles::created_at.desc(), articles::id))
        .limit(page.limit)
        .offset(page.offset)
        .load_and_count_with(&blog.pool)?;
    Ok(Answer::Articles { articles: answers(blog, Some(me), &found.rows)?, total: found.total })
}

pub(super) fn one(blog: &Blog, viewer: Viewer, slug: &str) -> Result<Answer> {
    if let Some(me) = viewer {
        user(blog, me)?;
    }
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    answer_of(blog, viewer, page)
}

pub(super) fn create(blog: &Blog, me: Id, new: &NewArticle) -> Result<Answer> {
    let author = user(blog, me)?;
    let (article, tags) = writes::create_article(blog, me, new, &mut *blog.conn()?)?;
    Ok(Answer::Article(ArticleAnswer::of(&article, &author, Around { tags, ..Around::default() })))
}

pub(super) fn update(blog: &Blog, me: Id, slug: &str, body: &str) -> Result<Answer> {
    user(blog, me)?;
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    if page.author_id != me {
        return Ok(Answer::Forbidden);
    }
    writes::update_article(blog, &page.article, body, &mut *blog.conn()?)?;
    one(blog, Some(me), slug)
}

pub(super) fn delete(blog: &Blog, me: Id, slug: &str) -> Result<Answer> {
    user(blog, me)?;
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    if page.author_id != me {
        return Ok(Answer::Forbidden);
    }
    writes::delete_article(page.id, &mut *blog.conn()?)?;
    Ok(Answer::Done)
}

pub(super) fn favorite(blog: &Blog, me: Id, slug: &str) -> Result<Answer> {
    user(blog, me)?;
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    writes::favorite(me, page.id, &mut *blog.conn()?)?;
    answer_of(blog, Some(me), page)
}

pub(super) fn unfavorite(blog: &Blog, me: Id, slug: &str) -> Result<Answer> {
    user(blog, me)?;
    let Some(page) = by_slug(blog, slug)? else { return Ok(Answer::NotFound) };
    writes::unfavorite(me, page.id, &mut *blog.conn()?)?;
    answer_of(blog, Some(me), page)
}

pub(super) fn tags(blog: &Blog) -> Result<Answer> {
    let rows = ArticleTag::cached().every().load_with(&blog.pool)?;
    let mut names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    names.sort();
    names.dedup();
    Ok(Answer::Tags(names))
}

pub(super) fn by_slug(blog: &Blog, slug: &str) -> Result<Option<CachedRow<ArticlePage>>> {
    ArticlePage::cached().get_by_slug(slug).first_with(&blog.pool).optional()
}

fn answer_of(blog: &Blog, viewer: Viewer, page: CachedRow<ArticlePage>) -> Result<Answer> {
    Ok(finished(blog, viewer, &[page])?.pop().map_or(Answer::NotFound, Answer::Article))
}

fn answers(blog: &Blog, viewer: Viewer, rows: &[Article]) -> Result<Vec<ArticleAnswer>> {
    let keys = rows.iter().map(|article| article.id);
    let pages = ArticlePage::cached().get_many(keys).load_with(&blog.pool)?;
    finished(blog, viewer, &pages.into_iter().flatten().collect::<Vec<_>>())
}

/// The answers for `pages`. Nothing in a page is about the viewer, so that all of them share it.
fn finished(blog: &Blog, viewer: Viewer, pages: &[CachedRow<ArticlePage>]) -> Result<Vec<ArticleAnswer>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let authors = users_of(blog, pages.iter().map(|page| page.author_id))?;
    let mut of: Vec<Id> = pages.iter().map(|page| page.id).collect();
    of.sort_unstable();
    let favorites = Favorite::cached().all((), favorites::article_id.eq_any(of)).load_with(&blog.pool)?;
    let followed = followed_by(blog, viewer)?;
    let answer = |page: &CachedRow<ArticlePage>| {
        let author = authors.get(&page.author_id)?;
        let of_it: HashSet<Id> =
            favorites.iter().filter(|row| row.article_id == page.id).map(|row| row.user_id).collect();
        let around = Around {
            tags: page.tags.iter().map(|tag| tag.name.clone()).collect(),
            favorited: viewer.is_some_and(|me| of_it.contains(&me)),
            favorites_count: i64::try_from(of_it.len()).unwrap_or(i64::MAX),
            following: followed.contains(&author.id),
        };
        Some(ArticleAnswer::of(&page.article, author, around))
    };
    Ok(pages.iter().filter_map(answer).collect())
}
