//! The whole interface, as a program would write it.

use std::time::Duration;

use cache_diesel::prelude::*;
use cache_diesel::{Mode, NotFound, Saved};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        title -> Text,
    }
}

#[derive(Debug)]
enum ShopError {
    Database(diesel::result::Error),
    Missing(NotFound),
    Pool(diesel::r2d2::PoolError),
}

impl From<diesel::result::Error> for ShopError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotFound> for ShopError {
    fn from(error: NotFound) -> Self {
        Self::Missing(error)
    }
}

impl From<diesel::r2d2::PoolError> for ShopError {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Pool(error)
    }
}

#[derive(AsChangeset, Cached, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "product", detail_timeout = "5 minutes", unique(slug), scope(category_id), error = ShopError)]
#[cached(after_save = saved)]
struct Product {
    id: i32,
    category_id: i32,
    slug: String,
    title: String,
}

fn saved(saved: &Saved<Product>) {
    let _ = saved;
}

type AnyError = Box<dyn std::error::Error>;

fn reads(conn: &mut SqliteConnection) -> Result<(), AnyError> {
    let products = Product::cached();
    let filters = || products::title.ne("Torch");
    let list = products.all("some", filters()).order_by(products::id).limit(10).offset(0).load(conn)?;
    assert_eq!(list.len(), 2);
    products.all(String::from("some"), ()).first(conn)?;
    assert_eq!(products.all(Some("some"), filters()).count(conn)?, 2);
    assert!(products.all((), filters()).exists(conn)?);
    assert_eq!(products.every().load(conn)?.len(), 3);
    let titles: Vec<String> = products.all("some", filters()).query().select(products::title).load(conn)?;
    assert_eq!(titles, ["Lamp", "Table"]);
    assert_eq!(products.get(1).first(conn)?.title, "Lamp");
    assert!(products.get(9).first(conn).optional()?.is_none());
    products.get(1).filter(products::category_id.eq(7)).first(conn)?;
    assert!(matches!(products.get(9).require(conn), Err(ShopError::Missing(_))));
    products.get_by_slug("lamp").first(conn)?;
    let rows = products.get_many([3, 1, 9]).load(conn)?;
    assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(products.all_by_category_id(7).load(conn)?.len(), 2);
    let entry = products.get(1).entry(conn)?;
    assert!(entry.is_hit() && entry.created_at().is_some());
    products.get(1).timeout(Duration::from_secs(5)).refresh().first(conn)?;
    products.get(1).bypass().assume_deterministic().first(conn)?;
    conn.transaction(|conn| products.get(1).cached_in_transaction().first(conn))?;
    Ok(())
}

fn reads_without_a_connection(pool: &Pool<ConnectionManager<SqliteConnection>>) -> Result<(), AnyError> {
    let products = Product::cached();
    products.get(1).first_with(|| pool.get())?;
    products.get(1).first_with(pool)?;
    products.get(1).entry_with(pool)?;
    products.get_by_slug("lamp").first_with(|| pool.get())?;
    products.get_many([1, 2]).load_with(|| pool.get())?;
    products.every().load_with(|| pool.get())?;
    products.every().entry_with(pool)?;
    products.all("some", products::id.gt(1)).first_with(|| pool.get())?;
    assert_eq!(products.every().count_with(|| pool.get())?, 3);
    assert!(products.every().exists_with(pool)?);
    Ok(())
}

fn reads_with_the_programs_own_error(pool: &Pool<ConnectionManager<SqliteConnection>>) -> Result<(), ShopError> {
    let products = Product::cached();
    products.get(1).first_with(|| pool.get().map_err(ShopError::from))?;
    products.get(1).require_with(|| pool.get())?;
    products.get(1).require_with(pool)?;
    products.get_by_slug("lamp").require_with(|| pool.get().map_err(ShopError::from))?;
    Ok(())
}

fn writes(conn: &mut SqliteConnection) -> Result<(), AnyError> {
    let products = Product::cached();
    let new = || Product { id: 4, category_id: 8, slug: "new".into(), title: "New".into() };
    let mut product = products.insert(new()).get_result(conn)?;
    product.title = "Newer".into();
    assert_eq!(products.save(&product).get_result(conn)?.title, "Newer");
    let update = diesel::update(products::table.filter(products::id.eq(4))).set(products::title.eq("Newest"));
    assert_eq!(products.write(update).get_result(conn)?.title, "Newest");
    let update = diesel::update(products::table.find(4)).set(products::title.eq("Last"));
    assert_eq!(products.write(update).execute(conn)?, 1);
    assert_eq!(products.delete(4).execute(conn)?, 1);
    cache_diesel::writes(conn, ["products", "tags"], |conn| conn.batch_execute("UPDATE products SET title = title"))?;
    products.clear_detail(1)?;
    products.clear_list("some")?;
    products.clear_lists()?.after(conn)?;
    products.clear()?;
    Ok(())
}

fn values() -> cache_diesel::Result<()> {
    let cache = caches::default()?;
    cache.listen("id", |event| drop(format!("{event:?}")));
    cache.set("a", &1_i64, Duration::from_secs(5))?;
    assert_eq!(cache.get::<i64>("a")?, Some(1));
    cache.add("a", &2_i64, Duration::from_secs(5))?;
    cache.get_or_set("b", Duration::from_secs(5), || Ok::<_, cache_diesel::Error>(2_i64))?;
    cache.touch("a", Duration::from_secs(5))?;
    cache.incr("a", 1)?;
    cache.decr("a", 1)?;
    assert!(cache.contains_key("a")?);
    cache.delete("a")?;
    cache.get_many::<i64>(&["a", "b"])?;
    cache.set_many(&[("a", 1_i64)], Duration::from_secs(5))?;
    cache.delete_many(&["a", "b"])?;
    cache.with_version(2).get::<i64>("a")?;
    cache.clear()?;
    cache.set_mode(Mode::ReadOnly);
    cache.set_mode(Mode::Off);
    cache.set_mode(Mode::Normal);
    cache.shutdown(Duration::from_secs(1))
}

fn main() -> Result<(), AnyError> {
    let file = std::env::temp_dir().join(format!("interface-{}.sqlite", std::process::id()));
    let url = file.display().to_string();
    caches::configure([("sessions", Cache::builder().memory(16 * MIB))])?;
    cache_diesel::install_with(Cache::memory(), || None)?;
    cache_diesel::only_database(&url)?;
    let mut conn = SqliteConnection::establish(&url)?;
    conn.batch_execute(
        "CREATE TABLE products (
             id INTEGER PRIMARY KEY NOT NULL, category_id INTEGER NOT NULL, slug TEXT NOT NULL, title TEXT NOT NULL
         );
         INSERT INTO products VALUES (1, 7, 'lamp', 'Lamp'), (2, 7, 'torch', 'Torch'), (3, 8, 'table', 'Table');",
    )?;
    let pool = Pool::builder().max_size(2).build(ConnectionManager::<SqliteConnection>::new(&url))?;
    reads(&mut conn)?;
    reads_without_a_connection(&pool)?;
    reads_with_the_programs_own_error(&pool).map_err(|error| format!("{error:?}"))?;
    writes(&mut conn)?;
    Product::cached_in("sessions").get(1).first(&mut conn)?;
    caches::get("sessions")?;
    values()?;
    drop((pool, conn));
    std::fs::remove_file(file)?;
    Ok(())
}
