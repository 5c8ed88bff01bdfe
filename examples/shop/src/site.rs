//! Holds the places of the shop: which handler answers what, and which layers stand before it.

use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use cache_diesel::Cache;
use cache_web::{Failure, PageCache};
use serde::Deserialize;

use crate::connections::Connections;
use crate::html::{Html, form, layout, shelf};
use crate::monitor::Monitor;
use crate::observe::Writes;
use crate::products::{self, Draft, Filter};
use crate::trail::Trail;
use crate::{api, assets, observe, statistics};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) cache: Cache,
    pub(crate) connections: Connections,
    pub(crate) monitor: Arc<Monitor>,
    /// What the last writes did, to be shown with the page that follows.
    pub(crate) writes: Arc<Writes>,
    /// No line is printed for a request.
    pub(crate) is_quiet: bool,
}

impl Shop {
    pub(crate) fn new(cache: &Cache, connections: Connections, is_quiet: bool) -> Self {
        Self { cache: cache.clone(), connections, monitor: Arc::default(), writes: Arc::default(), is_quiet }
    }
}

/// The cookie that hides the panel: the pages themselves are the same.
pub(crate) const PANEL_COOKIE: &str = "panel";

pub(crate) fn router(shop: &Shop) -> Router {
    let pages = PageCache::new(&shop.cache, "pages")
        .ignore_cookie(PANEL_COOKIE)
        .vary_by_query(["category", "page", "q"])
        .timeout(std::time::Duration::from_secs(600));
    let assets = PageCache::new(&shop.cache, "assets").ignore_cookie(PANEL_COOKIE).depends_on_nothing();
    let shown = Router::new()
        .route("/", get(list))
        .route("/products", post(create))
        .route("/products/new", get(new))
        .route("/products/{id}", get(detail).post(change))
        .route("/products/{id}/edit", get(edit))
        .route("/products/{id}/delete", post(delete))
        .route("/api/products", get(api::list).post(api::create))
        .route("/api/products/{id}", get(api::detail).put(api::change).delete(api::delete))
        .layer(pages);
    let static_files = Router::new()
        .route("/assets/shop.css", get(assets::style))
        .route("/assets/shop.js", get(assets::script))
        .layer(assets);
    Router::new()
        .merge(shown)
        .merge(static_files)
        .route("/panel", post(set_panel))
        .route("/statistics", get(statistics::page))
        .route("/statistics/live", get(statistics::live))
        .fallback(nothing)
        .layer(from_fn(observe::same_site))
        .layer(from_fn_with_state(shop.clone(), observe::observe))
        .with_state(shop.clone())
}

async fn list(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Query(filter): Query<Filter>,
) -> Result<Html, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    let found = products::find(&mut conn, &trail, &filter).await?;
    Ok(shelf::list(&found, &categories, &filter))
}

async fn detail(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
) -> Result<Html, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let product = products::get(&mut conn, &trail, id).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    let others = products::like(&mut conn, &trail, &product).await?;
    let figures = products::figures_of(&mut conn, &trail, product.category_id).await?;
    Ok(shelf::detail(&product, &categories, &others, figures.as_ref()))
}

async fn new(State(shop): State<Shop>, Extension(trail): Extension<Trail>) -> Result<Html, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    Ok(form::form(None, &Draft::default(), &categories, &Vec::new()))
}

async fn edit(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
) -> Result<Html, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let product = products::get(&mut conn, &trail, id).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    Ok(form::form(Some(id), &Draft::of(&product), &categories, &Vec::new()))
}

async fn create(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Form(draft): Form<Draft>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    match draft.check(&categories) {
        Ok(data) => {
            let id = products::create(&mut conn, &data).await?;
            Ok(see_other(&format!("/products/{id}")))
        }
        Err(wrong) => Ok(refused(&form::form(None, &draft, &categories, &wrong))),
    }
}

async fn change(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
    Form(draft): Form<Draft>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    match draft.check(&categories) {
        Ok(data) => {
            products::change(&mut conn, id, &data).await?;
            Ok(see_other(&format!("/products/{id}")))
        }
        Err(wrong) => Ok(refused(&form::form(Some(id), &draft, &categories, &wrong))),
    }
}

async fn delete(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    products::delete(&mut conn, id).await?;
    Ok(see_other("/"))
}

/// Leads to a page that is to be asked for.
fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}

/// A form that is to be filled in again.
fn refused(form: &Html) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, form.clone()).into_response()
}

async fn nothing() -> Response {
    let page = layout::trouble("There is nothing here", "The address leads to no page.");
    (StatusCode::NOT_FOUND, page).into_response()
}

/// Whether the panel is to be shown, and where to go back to.
#[derive(Deserialize)]
struct Panel {
    shown: String,
    back: String,
}

async fn set_panel(Form(panel): Form<Panel>) -> Response {
    // No other site, whatever the form says.
    let is_here = panel.back.starts_with('/') && !panel.back.starts_with("//") && !panel.back.contains('\\');
    let back = if is_here { &*panel.back } else { "/" };
    let life = if panel.shown == "yes" { 0 } else { 31_536_000 };
    let mut answer = see_other(back);
    let cookie = format!("{PANEL_COOKIE}=off; Path=/; Max-Age={life}; SameSite=Lax; HttpOnly");
    if let Ok(cookie) = cookie.parse() {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}
