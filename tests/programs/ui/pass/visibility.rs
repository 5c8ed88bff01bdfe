#![deny(private_bounds, private_interfaces)]

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        price -> Double,
    }
}

mod shop {
    use cache_diesel::prelude::*;
    use diesel::prelude::*;

    use super::products;

    pub mod open {
        use super::*;

        #[derive(Queryable, Selectable, Cached)]
        #[diesel(table_name = products)]
        #[cached(unique(slug), scope(category_id))]
        pub struct Product {
            id: i32,
            category_id: i32,
            pub slug: String,
        }
    }

    mod narrow {
        use super::*;

        #[derive(Queryable, Selectable, Cached)]
        #[diesel(table_name = products)]
        #[cached(unique(slug), scope(category_id))]
        pub(in crate::shop) struct Product {
            id: i32,
            category_id: i32,
            slug: String,
        }

        #[derive(Queryable, Selectable, Cached)]
        #[diesel(table_name = crate::products)]
        #[cached(unique(slug))]
        pub(super) struct Name {
            id: i32,
            slug: String,
        }

        #[derive(Queryable, Selectable, Cached)]
        #[diesel(table_name = super::super::products)]
        #[cached(unique(slug))]
        pub(crate) struct Slug {
            id: i32,
            slug: String,
        }
    }

    pub(super) fn read() {
        let _ = narrow::Product::cached().get_by_slug("lamp");
        let _ = narrow::Name::cached().get_by_slug("lamp");
        let _ = narrow::Slug::cached().get_by_slug("lamp");
    }
}

fn main() {
    let _ = shop::open::Product::cached().all_by_category_id(1);
    shop::read();
}
