use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

diesel::table! {
    reviews (id) {
        id -> Integer,
        product_id -> Integer,
    }
}

#[derive(Associations, Cached, Identifiable, Queryable, Selectable)]
#[diesel(belongs_to(Product))]
struct Review {
    id: i32,
    product_id: i32,
}

#[derive(Cached, Identifiable, Queryable, Selectable)]
#[cached(cache = "sessions", key_version = 4_294_967_295, view(ProductPage, prefetch_related(reviews: Review)))]
struct Product {
    id: i32,
    title: String,
}

fn main() {
    caches::configure([("sessions", Cache::memory())]).unwrap();
    let _ = (Product::cached(), ProductPage::cached(), Product::cached_in("default"));
}
