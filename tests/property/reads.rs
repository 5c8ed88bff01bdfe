//! Cached reads of every kind, each beside the plain query that has to give the same.

use diesel::helper_types::IntoBoxed;

use crate::database::DatabaseConn;
use crate::jobs::JobRead;
use crate::line::prelude::*;
use crate::models::{
    Code, Folder, Label, Name, Note, Product, Review, Stock, Tally, codes, folders, labels, notes, products, reviews,
    stocks, tallies,
};
use crate::pages::PageRead;
use crate::people::PersonRead;
use crate::same::{At, Compared, any, asked, count, list, listed, many, row};
use crate::world::cache_name;

#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    // Products: rows.
    Product(i32),
    ProductEntry(i32),
    ProductRefreshed(i32),
    ProductIfCheap(i32),
    ProductIfReviewed(i32),
    Products(Vec<i32>),
    ProductBySlug(&'static str),
    Name(i32),
    NameBySlug(&'static str),
    // Products: lists.
    EveryProduct,
    EveryProductRefreshed,
    EveryName,
    CheapProducts,
    ProductsUnder(&'static str, i32),
    SlicedProducts(i64, i64),
    FirstProduct(i32),
    ReviewedProducts,
    ProductsOf(i32),
    CheapProductsOf(i32),
    FirstProductOf(i32),
    ProductsOfOwner(Option<i32>),
    ProductsByTitle(&'static str),
    ProductCount,
    ProductCountOf(i32),
    AnyCheapProduct,
    AnyProductOfOwner(Option<i32>),
    // Labels and codes, which are compared without regard to case.
    Label(i32),
    LabelByName(&'static str),
    LabelsByColour(&'static str),
    LabelCount,
    Code(&'static str),
    Codes(Vec<&'static str>),
    EveryCode,
    // Tables that others reach.
    Folder(i32),
    FoldersIn(Option<i32>),
    FolderCount,
    Review(i32),
    ReviewBy(i32, i32),
    ReviewsOf(i32),
    ReviewsOfCheapProducts,
    Tally(i32),
    EveryTally,
    // A composite key.
    Stock(i32, i32),
    Stocks(Vec<(i32, i32)>),
    StocksOf(i32),
    AmpleStock(i32, i32),
    // Rows that change unseen.
    Note(i32),
    NotesOfKind(&'static str),
    NoteCountOfKind(&'static str),
    // Types that are looked up, and views.
    Job(JobRead),
    Page(PageRead),
    // UUIDs, and texts that are compared byte by byte.
    Person(PersonRead),
}

const CHEAP: i32 = 20;

impl Read {
    pub fn run(&self, at: &mut At<'_>) -> Compared {
        use products::dsl as p;
        let asked = at.asked;
        let product = Product::cached_in(cache_name());
        let name = Name::cached_in(cache_name());
        let (label, code, folder) =
            (Label::cached_in(cache_name()), Code::cached_in(cache_name()), Folder::cached_in(cache_name()));
        let (review, tally) = (Review::cached_in(cache_name()), Tally::cached_in(cache_name()));
        let (stock, note) = (Stock::cached_in(cache_name()), Note::cached_in(cache_name()));
        let reviewed = || p::id.eq_any(reviews::table.select(reviews::product_id));
        match self {
            Self::Product(id) => row!(at, Product, product.get(id), p::products.find(id)),
            Self::ProductEntry(id) => at.same(
                |conn| Ok(asked!(asked, product.get(id)).entry(conn)?.value),
                |conn| p::products.find(id).first::<Product>(conn),
            ),
            Self::ProductRefreshed(id) => row!(at, Product, product.get(id).refresh(), p::products.find(id)),
            Self::ProductIfCheap(id) => {
                let plain = || p::products.find(id).filter(p::price.lt(CHEAP));
                row!(at, Product, product.get(id).filter(p::price.lt(CHEAP)), plain())
            }
            Self::ProductIfReviewed(id) => {
                row!(at, Product, product.get(id).filter(reviewed()), p::products.find(id).filter(reviewed()))
            }
            Self::Products(ids) => many!(at, Product, products, ids),
            Self::ProductBySlug(slug) => {
                row!(at, Product, product.get_by_slug(*slug), p::products.filter(p::slug.eq(slug)))
            }
            Self::Name(id) => row!(at, Name, name.get(id), p::products.find(id)),
            Self::NameBySlug(slug) => row!(at, Name, name.get_by_slug(*slug), p::products.filter(p::slug.eq(slug))),
            Self::EveryProduct => list!(at, Product, product.every()),
            Self::EveryProductRefreshed => list!(at, Product, product.every().refresh()),
            Self::EveryName => list!(at, Name, name.every()),
            Self::CheapProducts => list!(at, Product, product.all("cheap", p::price.lt(CHEAP))),
            Self::ProductsUnder(suffix, price) => list!(at, Product, product.all(*suffix, p::price.lt(*price))),
            Self::SlicedProducts(limit, offset) => {
                list!(at, Product, product.all((), ()).order_by(p::slug.desc()).limit(*limit).offset(*offset))
            }
            Self::FirstProduct(price) => {
                let plain = || p::products.filter(p::price.ge(price)).order((p::title, p::id));
                row!(at, Product, product.all((), p::price.ge(*price)).order_by((p::title, p::id)), plain())
            }
            Self::ReviewedProducts => list!(at, Product, product.all("reviewed", reviewed())),
            Self::ProductsOf(id) => list!(at, Product, product.all_by_category_id(id)),
            Self::CheapProductsOf(id) => {
                list!(at, Product, product.all_by_category_id(id).filter(p::price.lt(CHEAP)))
            }
            Self::FirstProductOf(id) => {
                let plain = || p::products.filter(p::category_id.eq(id)).order(p::slug.desc());
                row!(at, Product, product.all_by_category_id(id).order_by(p::slug.desc()), plain())
            }
            Self::ProductsOfOwner(owner) => at.same(
                |conn| asked!(asked, product.all_by_owner_id(*owner)).load(conn).map(|rows| listed(rows.to_vec())),
                |conn| of_owner(*owner).load::<Product>(conn).map(listed),
            ),
            Self::ProductsByTitle(title) => list!(at, Product, product.all_by_title(*title)),
            Self::ProductCount => count!(at, product.every(), p::products),
            Self::ProductCountOf(id) => {
                count!(at, product.all_by_category_id(id), p::products.filter(p::category_id.eq(id)))
            }
            Self::AnyCheapProduct => {
                any!(at, product.all((), p::price.lt(CHEAP)), p::products.filter(p::price.lt(CHEAP)))
            }
            Self::AnyProductOfOwner(owner) => any!(at, product.all_by_owner_id(*owner), of_owner(*owner)),
            Self::Label(id) => row!(at, Label, label.get(id), labels::table.find(id)),
            Self::LabelByName(name) => {
                row!(at, Label, label.get_by_name(*name), labels::table.filter(labels::name.eq(name)))
            }
            Self::LabelsByColour(colour) => list!(at, Label, label.all_by_colour(*colour)),
            Self::LabelCount => count!(at, label.every(), labels::table),
            Self::Code(text) => row!(at, Code, code.get(*text), codes::table.find(text)),
            Self::Codes(texts) => many!(at, Code, codes, texts),
            Self::EveryCode => list!(at, Code, code.every()),
            Self::Folder(id) => row!(at, Folder, folder.get(id), folders::table.find(id)),
            Self::FoldersIn(parent) => list!(at, Folder, folder.all_by_parent_id(*parent)),
            Self::FolderCount => count!(at, folder.every(), folders::table),
            Self::Review(id) => row!(at, Review, review.get(id), reviews::table.find(id)),
            Self::ReviewBy(id, author) => {
                let plain = || reviews::table.filter(reviews::product_id.eq(id)).filter(reviews::author.eq(author));
                row!(at, Review, review.get_by_product_id_and_author(id, author), plain())
            }
            Self::ReviewsOf(id) => list!(at, Review, review.all_by_product_id(id)),
            Self::ReviewsOfCheapProducts => {
                let cheap = || p::products.filter(p::price.lt(CHEAP)).select(p::id);
                list!(at, Review, review.all((), reviews::product_id.eq_any(cheap())))
            }
            Self::Tally(id) => row!(at, Tally, tally.get(id), tallies::table.find(id)),
            Self::EveryTally => list!(at, Tally, tally.every()),
            Self::Stock(shop, id) => row!(at, Stock, stock.get((*shop, *id)), stocks::table.find((shop, id))),
            Self::Stocks(keys) => many!(at, Stock, stocks, keys),
            Self::StocksOf(shop) => list!(at, Stock, stock.all_by_shop_id(shop)),
            Self::AmpleStock(shop, id) => {
                let plain = || stocks::table.find((shop, id)).filter(stocks::amount.gt(5));
                row!(at, Stock, stock.get((*shop, *id)).filter(stocks::amount.gt(5)), plain())
            }
            Self::Note(id) => row!(at, Note, note.get(id), notes::table.find(id)),
            Self::NotesOfKind(kind) => list!(at, Note, note.all(*kind, notes::kind.eq(*kind))),
            Self::NoteCountOfKind(kind) => {
                count!(at, note.all(*kind, notes::kind.eq(*kind)), notes::table.filter(notes::kind.eq(kind)))
            }
            Self::Job(read) => read.run(at),
            Self::Page(read) => read.run(at),
            Self::Person(read) => read.run(at),
        }
    }
}

type Backend = <DatabaseConn as Connection>::Backend;

fn of_owner(owner: Option<i32>) -> IntoBoxed<'static, products::table, Backend> {
    match owner {
        Some(owner) => products::table.filter(products::owner_id.eq(owner)).into_boxed(),
        None => products::table.filter(products::owner_id.is_null()).into_boxed(),
    }
}
