use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        maker_id -> Integer,
        slug -> Text,
        is_deleted -> Bool,
    }
}

diesel::table! {
    makers (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::joinable!(products -> makers (maker_id));
diesel::allow_tables_to_appear_in_same_query!(makers, products);

mod queries {
    use diesel::prelude::*;

    #[diesel::dsl::auto_type]
    pub fn kept() -> _ {
        crate::products::table.filter(crate::products::is_deleted.eq(false))
    }
}

/// A function with a type of its own name.
#[derive(AsChangeset, Cached, Insertable, Queryable, Selectable)]
#[cached(key = "product", base_query = queries::kept, unique(slug), scope(maker_id), order_by = slug)]
struct Product {
    id: i32,
    maker_id: i32,
    slug: String,
}

type Deleted = diesel::dsl::Filter<products::table, products::is_deleted>;

fn deleted() -> Deleted {
    products::table.filter(products::is_deleted)
}

/// A function with a type behind it.
#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "gone", base_query = deleted: Deleted, memory_only)]
struct Gone {
    id: i32,
}

/// Diesel's own attribute.
#[derive(Cached, HasQuery)]
#[diesel(table_name = products)]
#[diesel(base_query = products::table.left_join(makers::table).filter(products::is_deleted.eq(false)))]
#[cached(key = "made")]
struct Made {
    id: i32,
    #[diesel(select_expression = makers::name.nullable())]
    maker: Option<String>,
}

/// A query that is implemented by hand.
#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(base_query, key = "first")]
struct First {
    id: i32,
}

impl<DB: diesel::backend::Backend> HasQuery<DB> for First {
    type BaseQuery = diesel::dsl::Filter<products::table, diesel::dsl::Lt<products::id, i32>>;

    fn base_query() -> Self::BaseQuery {
        products::table.filter(products::id.lt(10))
    }
}

fn main() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let products = Product::cached();
    let _ = products.get(1).first(&mut conn);
    let _ = products.get(1).filter(products::maker_id.eq(7)).first(&mut conn);
    let _ = products.get_many([1, 2]).load(&mut conn);
    let _ = products.get_by_slug("lamp").require(&mut conn);
    let _ = products.all("cheap", products::maker_id.eq(7)).limit(3).load(&mut conn);
    let _ = products.all_by_maker_id(7).count(&mut conn);
    let _ = products.every().exists(&mut conn);
    let _ = products.insert(Product { id: 1, maker_id: 7, slug: "lamp".into() }).get_result(&mut conn);
    let _ = products.save(&Product { id: 1, maker_id: 7, slug: "lamp".into() }).get_result(&mut conn);
    let _ = products.delete(1).execute(&mut conn);
    let _ = Gone::cached().every().load(&mut conn);
    let _ = Made::cached().all((), makers::name.eq("Ann")).order_by(makers::name).load(&mut conn);
    let _ = Made::cached().every().count(&mut conn);
    let _ = First::cached().every().query().count().get_result::<i64>(&mut conn);
}
