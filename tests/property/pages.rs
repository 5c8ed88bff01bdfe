//! Reads of views: rows with their related rows.

use crate::database::DatabaseConn;
use crate::line::prelude::*;
use crate::models::{Product, ProductPage, Review, ReviewPage, products, reviews};
use crate::same::{At, Compared, asked, count, listed};
use crate::world::cache_name;

#[derive(Clone, Debug, PartialEq)]
pub enum PageRead {
    CountOfReviews,
    EveryProduct,
    Product(i32),
    ProductsOf(i32),
    Review(i32),
    Reviews(Vec<i32>),
    ReviewsOf(i32),
}

/// A product and its reviews; a review and its product.
type ProductWhole = (Product, Vec<Review>);
type ReviewWhole = (Review, Product);

impl PageRead {
    pub fn run(&self, at: &mut At<'_>) -> Compared {
        let (product, review) = (ProductPage::cached_in(cache_name()), ReviewPage::cached_in(cache_name()));
        let asked = at.asked;
        match self {
            Self::CountOfReviews => {
                count!(at, review.every(), reviews::table.inner_join(products::table))
            }
            Self::EveryProduct => at.same(
                |conn| {
                    asked!(asked, product.every())
                        .load(conn)
                        .map(|pages| listed(pages.iter().map(of_product).collect()))
                },
                |conn| products::table.load(conn).and_then(|rows| with_reviews(rows, conn)).map(listed),
            ),
            Self::Product(id) => at.same(
                |conn| asked!(asked, product.get(id)).first(conn).map(|page| of_product(&page)),
                |conn| with_reviews(vec![products::table.find(id).first(conn)?], conn).map(|mut rows| rows.remove(0)),
            ),
            Self::ProductsOf(id) => at.same(
                |conn| {
                    let pages = asked!(asked, product.all_by_category_id(id)).load(conn)?;
                    Ok(listed(pages.iter().map(of_product).collect()))
                },
                |conn| {
                    let rows = products::table.filter(products::category_id.eq(id)).load(conn)?;
                    with_reviews(rows, conn).map(listed)
                },
            ),
            Self::Review(id) => at.same(
                |conn| asked!(asked, review.get(id)).first(conn).map(|page| of_review(&page)),
                |conn| joined().filter(reviews::id.eq(id)).select(Whole::as_select()).first(conn).map(Whole::pair),
            ),
            Self::Reviews(ids) => at.same(
                |conn| {
                    let pages = asked!(asked, review.get_many(ids.iter().copied())).load(conn)?;
                    Ok(pages.iter().map(|page| page.as_ref().map(|page| of_review(page))).collect::<Vec<_>>())
                },
                |conn| {
                    let one = |id: &i32| {
                        joined().filter(reviews::id.eq(*id)).select(Whole::as_select()).first(conn).optional()
                    };
                    ids.iter().map(one).map(|row| row.map(|row| row.map(Whole::pair))).collect::<QueryResult<Vec<_>>>()
                },
            ),
            Self::ReviewsOf(id) => at.same(
                |conn| {
                    let pages = asked!(asked, review.all_by_product_id(id)).load(conn)?;
                    Ok(listed(pages.iter().map(of_review).collect()))
                },
                |conn| {
                    let rows = joined().filter(reviews::product_id.eq(id)).select(Whole::as_select()).load(conn)?;
                    Ok(listed(rows.into_iter().map(Whole::pair).collect()))
                },
            ),
        }
    }
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    reviews::table.inner_join(products::table)
}

/// Both rows of the join.
#[derive(Queryable, Selectable)]
#[diesel(table_name = reviews)]
struct Whole {
    #[diesel(embed)]
    review: Review,
    #[diesel(embed)]
    product: Product,
}

impl Whole {
    fn pair(self) -> ReviewWhole {
        (self.review, self.product)
    }
}

fn of_product(page: &ProductPage) -> ProductWhole {
    (Product::clone(&page.product), page.reviews.clone())
}

fn of_review(page: &ReviewPage) -> ReviewWhole {
    (Review::clone(&page.review), Product::clone(&page.product))
}

fn with_reviews(rows: Vec<Product>, conn: &mut DatabaseConn) -> QueryResult<Vec<ProductWhole>> {
    rows.into_iter()
        .map(|row| {
            let own = reviews::table.filter(reviews::product_id.eq(row.id)).order(reviews::id);
            own.load(conn).map(|reviews| (row, reviews))
        })
        .collect()
}
