//! Reads and writes products: through managers, and with plain statements of Diesel.

use std::sync::Arc;

use cache_diesel::{CachedList, CachedRow, Origin, cached_fn};
use cache_web::Failure;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::connections::Taken;
use crate::models::{Category, Product, ProductData, categories, products};
use crate::trail::{Read, Trail};

pub(crate) const PAGE_SIZE: i64 = 12;

/// Which products are asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// A category; empty: all of them.
    pub(crate) category: String,
    /// A part of the title.
    pub(crate) q: String,
    pub(crate) page: Option<u32>,
}

impl Filter {
    pub(crate) fn category(&self) -> Option<i32> {
        self.category.parse().ok()
    }

    pub(crate) fn page(&self) -> i64 {
        i64::from(self.page.unwrap_or(1).max(1))
    }

    /// The pattern of the part that is looked for.
    fn pattern(&self) -> Option<String> {
        let text = self.q.trim();
        let escaped = || text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        (!text.is_empty()).then(|| format!("%{}%", escaped()))
    }
}

/// A page of products.
pub(crate) struct Found {
    pub(crate) rows: CachedList<Product>,
    pub(crate) total: i64,
}

pub(crate) async fn find(conn: &mut Taken, trail: &Trail, filter: &Filter) -> Result<Found, Failure> {
    let search = || {
        let in_category = filter.category().map(|category| products::category_id.eq(category));
        let titled = filter.pattern().map(|pattern| products::title.like(pattern).escape('\\'));
        Product::cached().all("catalogue", in_category).filter(titled)
    };
    let offset = (filter.page() - 1) * PAGE_SIZE;
    let rows = search().order_by(products::title).then_order_by(products::id).limit(PAGE_SIZE).offset(offset);
    let rows = trail.see(format!("products, page {}", filter.page()), rows.entry(&mut **conn).await?);
    let before = conn.statement_count();
    let total = search().count(&mut **conn).await?;
    let is_asked = conn.statement_count() > before;
    let origin = if is_asked { Origin::Miss } else { Origin::Hit };
    trail.note(Read { what: "number of products".to_owned(), origin, is_added: is_asked });
    Ok(Found { rows, total })
}

pub(crate) async fn every_category(conn: &mut Taken, trail: &Trail) -> Result<CachedList<Category>, Failure> {
    let entry = Category::cached().every().order_by(categories::name).entry(&mut **conn).await?;
    Ok(trail.see("categories", entry))
}

pub(crate) async fn get(conn: &mut Taken, trail: &Trail, id: i32) -> Result<CachedRow<Product>, Failure> {
    let entry = Product::cached().get(id).entry(&mut **conn).await?;
    Ok(trail.see(format!("product {id}"), entry))
}

/// A shelf in figures.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    pub(crate) count: usize,
    pub(crate) lowest_cents: i32,
    pub(crate) highest_cents: i32,
}

/// The figures of a category. They are worked out anew once any of its products is written.
#[cached_fn(label = "figures", timeout = "10 minutes")]
pub(crate) async fn figures(#[cached_fn(skip)] conn: &mut Taken, category_id: i32) -> Result<Option<Figures>, Failure> {
    let products = Product::cached().all_by_category_id(category_id).load(&mut **conn).await?;
    let prices = || products.iter().map(|product| product.price_cents);
    let range = prices().min().zip(prices().max());
    Ok(range.map(|(lowest_cents, highest_cents)| Figures { count: products.len(), lowest_cents, highest_cents }))
}

/// The same, noted.
pub(crate) async fn figures_of(conn: &mut Taken, trail: &Trail, category_id: i32) -> Result<Option<Figures>, Failure> {
    Ok(trail.see(format!("figures of category {category_id}"), figures::entry(conn, category_id).await?))
}

/// Others of the same category.
pub(crate) async fn like(conn: &mut Taken, trail: &Trail, product: &Product) -> Result<Vec<(i32, String)>, Failure> {
    let rows = Product::cached().all_by_category_id(product.category_id);
    let rows: Arc<Vec<Product>> =
        trail.see(format!("products of category {}", product.category_id), rows.entry(&mut **conn).await?);
    let others = rows.iter().filter(|other| other.id != product.id).take(4);
    Ok(others.map(|other| (other.id, other.title.clone())).collect())
}

pub(crate) async fn create(conn: &mut Taken, data: &ProductData) -> Result<i32, Failure> {
    let insert = diesel::insert_into(products::table).values(data.clone()).returning(products::id);
    Ok(insert.get_result(&mut **conn).await?)
}

pub(crate) async fn change(conn: &mut Taken, id: i32, data: &ProductData) -> Result<(), Failure> {
    let count = diesel::update(products::table.find(id)).set(data.clone()).execute(&mut **conn).await?;
    found(count)
}

pub(crate) async fn delete(conn: &mut Taken, id: i32) -> Result<(), Failure> {
    found(diesel::delete(products::table.find(id)).execute(&mut **conn).await?)
}

fn found(count: usize) -> Result<(), Failure> {
    if count == 0 { Err(diesel::result::Error::NotFound.into()) } else { Ok(()) }
}

/// What a form says of a product.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) category_id: String,
    /// In euros, with cents.
    pub(crate) price: String,
    pub(crate) stock: String,
}

impl Draft {
    pub(crate) fn of(product: &Product) -> Self {
        let Product { category_id, price_cents, stock, .. } = *product;
        let (title, description) = (product.title.clone(), product.description.clone());
        Self::from(ProductData { category_id, title, description, price_cents, stock })
    }

    /// The product, or for each field that is not right what is wrong with it.
    pub(crate) fn check(&self, categories: &[Category]) -> Result<ProductData, Vec<(&'static str, &'static str)>> {
        let mut wrong = Vec::new();
        let title = self.title.trim();
        if title.is_empty() || title.chars().count() > 80 {
            wrong.push(("title", "Between one and eighty characters."));
        }
        if self.description.chars().count() > 2000 {
            wrong.push(("description", "At most two thousand characters."));
        }
        let category = self.category_id.parse().ok().filter(|id| categories.iter().any(|known| known.id == *id));
        if category.is_none() {
            wrong.push(("category_id", "One of the categories."));
        }
        let cents = cents(&self.price);
        if cents.is_none() {
            wrong.push(("price", "A price such as 19.90."));
        }
        let stock = self.stock.trim().parse().ok().filter(|stock| (0..=1_000_000).contains(stock));
        if stock.is_none() {
            wrong.push(("stock", "A number, zero or more."));
        }
        match (category, cents, stock) {
            (Some(category_id), Some(price_cents), Some(stock)) if wrong.is_empty() => {
                let (title, description) = (title.to_owned(), self.description.trim().to_owned());
                Ok(ProductData { category_id, title, description, price_cents, stock })
            }
            _ => Err(wrong),
        }
    }
}

impl From<ProductData> for Draft {
    fn from(data: ProductData) -> Self {
        Self {
            title: data.title,
            description: data.description,
            category_id: data.category_id.to_string(),
            price: price(data.price_cents),
            stock: data.stock.to_string(),
        }
    }
}

/// A price as it is shown: `19.90`.
pub(crate) fn price(cents: i32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn cents(price: &str) -> Option<i32> {
    let price = price.trim().replace(',', ".");
    let (euros, rest) = price.split_once('.').unwrap_or((&price, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(euros) || !is_number(rest) || rest.len() > 2 || euros.len() > 6 {
        return None;
    }
    let rest: i32 = format!("{rest:0<2}").parse().ok()?;
    Some(euros.parse::<i32>().ok()? * 100 + rest)
}
