//! Answers with JSON: the same products as the pages.

use axum::Json;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use cache_web::Failure;
use serde::Serialize;

use crate::models::{Product, ProductData};
use crate::products::{self, Draft, Filter};
use crate::site::Shop;
use crate::trail::Trail;

#[derive(Serialize)]
struct List<'a> {
    total: i64,
    page: i64,
    products: &'a [Product],
}

pub(crate) async fn list(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let found = products::find(&mut conn, &trail, &filter).await?;
    Ok(Json(List { total: found.total, page: filter.page(), products: &found.rows }).into_response())
}

pub(crate) async fn detail(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    Ok(Json(&*products::get(&mut conn, &trail, id).await?).into_response())
}

/// What is wrong with each field.
type Wrong = Vec<(&'static str, &'static str)>;

fn refused(wrong: Wrong) -> Response {
    let wrong: std::collections::BTreeMap<_, _> = wrong.into_iter().collect();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(wrong)).into_response()
}

pub(crate) async fn create(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Json(data): Json<ProductData>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    let data = match Draft::from(data).check(&categories) {
        Ok(data) => data,
        Err(wrong) => return Ok(refused(wrong)),
    };
    let id = products::create(&mut conn, &data).await?;
    let product = products::get(&mut conn, &trail, id).await?;
    Ok((StatusCode::CREATED, [(LOCATION, format!("/api/products/{id}"))], Json(&*product)).into_response())
}

pub(crate) async fn change(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
    Json(data): Json<ProductData>,
) -> Result<Response, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    let categories = products::every_category(&mut conn, &trail).await?;
    match Draft::from(data).check(&categories) {
        Ok(data) => products::change(&mut conn, id, &data).await?,
        Err(wrong) => return Ok(refused(wrong)),
    }
    Ok(Json(&*products::get(&mut conn, &trail, id).await?).into_response())
}

pub(crate) async fn delete(
    State(shop): State<Shop>,
    Extension(trail): Extension<Trail>,
    Path(id): Path<i32>,
) -> Result<StatusCode, Failure> {
    let mut conn = shop.connections.take(&trail).await?;
    products::delete(&mut conn, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
