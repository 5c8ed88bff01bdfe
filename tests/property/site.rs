//! Pages that show what a program's reads give, with parts that are kept too.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache_diesel::prelude::*;
use cache_web::{Fragments, PageCache};
use diesel::result::Error;
use tower_service::Service;

use crate::computed::{drive, key, said, source, yield_now};
use crate::database::{self, DatabaseConn};
use crate::program::Conn;
use crate::reads::Read;
use crate::same::Source;
use crate::world::cache_name;

/// A site of one page.
pub struct Site {
    router: Router,
    conn: Arc<Mutex<DatabaseConn>>,
}

/// A page, as a browser has it that was given it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    etag: Option<String>,
    pub body: String,
}

/// Nothing is shown: another connection's open transaction is in the way.
#[derive(Debug)]
pub struct InTheWay;

impl Site {
    pub fn new(reads: &[Read], name: Conn, conn: DatabaseConn) -> Self {
        let (cache, conn) = (caches::get(cache_name()).unwrap(), Arc::new(Mutex::new(conn)));
        let (own, shown) = (key("page", reads, name), Shown::new(reads, name, &cache, &conn));
        let pages = PageCache::new(&cache, "pages").vary_by(move |_| own.clone());
        let page = move || {
            let shown = Arc::clone(&shown);
            async move { shown.page().await }
        };
        Self { router: Router::new().route("/", get(page)).layer(pages), conn }
    }

    pub fn conn(&self) -> MutexGuard<'_, DatabaseConn> {
        self.conn.lock().unwrap()
    }

    /// The page for a browser that has been given this one. Each time that its rendering waits, `amid` is called.
    pub fn ask(&self, had: Option<&Given>, amid: &mut dyn FnMut()) -> Result<Given, InTheWay> {
        let mut request = Request::get("/");
        if let Some(etag) = had.and_then(|had| had.etag.as_deref()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = drive(self.router.clone().call(request), amid).unwrap();
        let etag = answer.headers().get(ETAG).map(|etag| etag.to_str().unwrap().to_owned());
        match answer.status() {
            StatusCode::NOT_MODIFIED => Ok(had.expect("nobody has said that he has a page").clone()),
            StatusCode::SERVICE_UNAVAILABLE => Err(InTheWay),
            _ => {
                let body = drive(to_bytes(answer.into_body(), usize::MAX), amid).unwrap();
                Ok(Given { etag, body: String::from_utf8(body.to_vec()).unwrap() })
            }
        }
    }
}

/// What the page shows.
struct Shown {
    reads: Vec<Read>,
    name: Conn,
    parts: Fragments,
    conn: Arc<Mutex<DatabaseConn>>,
}

impl Shown {
    fn new(reads: &[Read], name: Conn, cache: &Cache, conn: &Arc<Mutex<DatabaseConn>>) -> Arc<Self> {
        let parts = Fragments::new(cache, "parts of pages");
        Arc::new(Self { reads: reads.to_vec(), name, parts, conn: Arc::clone(conn) })
    }

    async fn page(&self) -> Response {
        match self.all().await {
            Err(error) if database::is_in_the_way(&error) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, text_of(&Err(error))).into_response(),
            Ok(all) => text_of(&Ok(all)).into_response(),
        }
    }

    async fn all(&self) -> Result<Vec<String>, Error> {
        let mut all = Vec::new();
        for (place, read) in self.reads.iter().enumerate() {
            yield_now().await;
            all.push(if place % 3 == 0 { self.part(read).await? } else { self.one(read, source(place))? });
        }
        Ok(all)
    }

    /// A part of the page that is kept for itself.
    async fn part(&self, read: &Read) -> Result<String, Error> {
        let part = async || {
            yield_now().await;
            self.one(read, Source::Cache)
        };
        let part = self.parts.render_async("part", &key("part", read, self.name), part).await?;
        Ok(part.to_string())
    }

    fn one(&self, read: &Read, source: Source) -> Result<String, Error> {
        said(read, self.name, source, &mut self.conn.lock().unwrap())
    }
}

/// What the page is to show.
pub fn text_of(all: &Result<Vec<String>, Error>) -> String {
    format!("{all:?}")
}
