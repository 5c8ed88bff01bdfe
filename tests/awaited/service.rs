//! A small registry of packages: a schema for each tenant, pools whose connections no URL opens, statements that are
//! under way together, and a blocking tool beside them.

use cache_diesel::AsyncPgConnection;
use cache_diesel::prelude::*;
use diesel::prelude::*;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{AsyncConnection, RunQueryDsl};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{NoTls, Socket};

use crate::postgres::Board;

diesel::table! { accounts (id) { id -> Integer, login -> Text, } }
diesel::table! { packages (id) { id -> Integer, account_id -> Integer, title -> Text, } }
diesel::table! { versions (id) { id -> Integer, package_id -> Integer, number -> Text, } }
diesel::table! { keywords (id) { id -> Integer, package_id -> Integer, word -> Text, } }
diesel::table! { downloads (id) { id -> Integer, package_id -> Integer, total -> Integer, } }

#[derive(Cached, Debug, Queryable, Selectable)]
struct Account {
    id: i32,
    login: String,
}

#[derive(Cached, Debug, Queryable, Selectable)]
struct Package {
    id: i32,
    account_id: i32,
    title: String,
}

#[derive(Cached, Debug, Queryable, Selectable)]
struct Version {
    id: i32,
    package_id: i32,
    number: String,
}

#[derive(Cached, Debug, Queryable, Selectable)]
struct Keyword {
    id: i32,
    package_id: i32,
    word: String,
}

#[derive(AsChangeset, Cached, Debug, Queryable, Selectable)]
struct Download {
    id: i32,
    package_id: i32,
    total: i32,
}

const TABLES: &str = "
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, login TEXT NOT NULL);
    CREATE TABLE packages (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, title TEXT NOT NULL);
    CREATE TABLE versions (id SERIAL PRIMARY KEY, package_id INTEGER NOT NULL, number TEXT NOT NULL);
    CREATE TABLE keywords (id SERIAL PRIMARY KEY, package_id INTEGER NOT NULL, word TEXT NOT NULL);
    CREATE TABLE downloads (id INTEGER PRIMARY KEY, package_id INTEGER NOT NULL, total INTEGER NOT NULL);
    INSERT INTO accounts VALUES (1, 'ada');
    INSERT INTO packages VALUES (1, 1, 'lamp');
    INSERT INTO downloads VALUES (1, 1, 0);";

/// Makes the schema of a tenant, and gives the URL of its sessions.
fn tenant(database: &str, schema: &str) -> String {
    let url = format!("{database}{}options=-csearch_path%3D{schema}", if database.contains('?') { '&' } else { '?' });
    let mut conn = PgConnection::establish(&url).unwrap();
    let sql = format!("CREATE SCHEMA {schema}; {TABLES}");
    diesel::connection::SimpleConnection::batch_execute(&mut conn, &sql).unwrap();
    url
}

/// A pool as services have it that speak TLS: they connect by themselves, over `tls`.
fn pool<Tls>(url: &str, tls: &Tls) -> Pool<AsyncPgConnection>
where
    Tls: MakeTlsConnect<Socket, Stream: Send + 'static, TlsConnect: Send> + Clone + Send + Sync + 'static,
    <Tls::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let mut config = ManagerConfig::default();
    let tls = tls.clone();
    config.custom_setup = Box::new(move |url| {
        let (url, tls) = (url.to_owned(), tls.clone());
        Box::pin(async move {
            let bad = |error: tokio_postgres::Error| ConnectionError::BadConnection(error.to_string());
            let (client, connection) = tokio_postgres::connect(&url, tls).await.map_err(bad)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        })
    });
    Pool::builder(AsyncDieselConnectionManager::new_with_config(url, config)).max_size(2).build().unwrap()
}

/// What the page of a package shows, by queries that are sent together.
async fn page(mut conn: &AsyncPgConnection) -> QueryResult<String> {
    let package = Package::cached().get(1).first(&mut conn).await?;
    let (owner, versions, keywords, download) = tokio::try_join!(
        Account::cached().get(package.account_id).first(&mut &*conn),
        Version::cached().all((), versions::package_id.eq(package.id)).load(&mut &*conn),
        Keyword::cached().all((), keywords::package_id.eq(package.id)).count(&mut &*conn),
        Download::cached().get(1).first(&mut &*conn),
    )?;
    assert!(versions.iter().all(|version| version.package_id == package.id && version.id > 0));
    assert_eq!((download.id, download.package_id, owner.id), (1, package.id, 1));
    let mut numbers: Vec<_> = versions.iter().map(|version| version.number.as_str()).collect();
    numbers.sort_unstable();
    let Download { total, .. } = *download;
    Ok(format!("{} by {}: {} {keywords} {total}", package.title, owner.login, numbers.join(",")))
}

async fn add_version(mut conn: &AsyncPgConnection, number: &str) -> QueryResult<usize> {
    let values = (versions::package_id.eq(1), versions::number.eq(number));
    diesel::insert_into(versions::table).values(values).execute(&mut conn).await
}

async fn add_keyword(mut conn: &AsyncPgConnection, word: &str) -> QueryResult<String> {
    let values = (keywords::package_id.eq(1), keywords::word.eq(word));
    let insert = diesel::insert_into(keywords::table).values(values).returning(keywords::word);
    insert.get_result(&mut conn).await
}

async fn add_download(mut conn: &AsyncPgConnection) -> QueryResult<usize> {
    let update = diesel::update(downloads::table.find(1)).set(downloads::total.eq(downloads::total + 1));
    update.execute(&mut conn).await
}

/// Publishes a version by statements that are sent together.
async fn publish(conn: &mut AsyncPgConnection, number: &str) -> QueryResult<()> {
    conn.transaction(async |conn| {
        let conn = &*conn;
        let (_, word, _) = tokio::try_join!(add_version(conn, number), add_keyword(conn, "light"), add_download(conn))?;
        assert_eq!(word, "light");
        QueryResult::Ok(())
    })
    .await
}

#[test]
fn handlers_return_what_either_kind_of_connection_wrote_in_their_schema() {
    let board = Board::new();
    board.block_on(served(board.url(), NoTls));
}

#[test]
fn handlers_do_so_over_encrypted_connections() {
    crate::install();
    let (server, tls) = crate::encrypted::server();
    let url = format!("postgres://postgres@localhost:{}/postgres?sslmode=require", server.port());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let encrypted = diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("({encrypted})"));
        let conn = &mut *pool(&url, &tls).get().await.unwrap();
        assert!(diesel::select(encrypted).get_result::<bool>(conn).await.unwrap());
        served(&url, tls).await;
    });
}

async fn served<Tls>(database: &str, tls: Tls)
where
    Tls: MakeTlsConnect<Socket, Stream: Send + 'static, TlsConnect: Send> + Clone + Send + Sync + 'static,
    <Tls::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (one, other) = (tenant(database, "one"), tenant(database, "other"));
    let (pool, others) = (pool(&one, &tls), pool(&other, &tls));
    let (conn, theirs) = (&mut *pool.get().await.unwrap(), &mut *others.get().await.unwrap());
    assert_eq!(page(conn).await.unwrap(), "lamp by ada:  0 0");
    assert_eq!(page(theirs).await.unwrap(), "lamp by ada:  0 0");
    publish(conn, "1.0").await.unwrap();
    assert_eq!(page(conn).await.unwrap(), "lamp by ada: 1.0 1 1");
    assert_eq!(page(theirs).await.unwrap(), "lamp by ada:  0 0");
    tokio::try_join!(add_version(conn, "1.1"), add_download(conn)).unwrap();
    assert_eq!(page(&pool.get().await.unwrap()).await.unwrap(), "lamp by ada: 1.0,1.1 1 2");

    // An administrator's tool blocks, with the same models.
    let tool = &mut PgConnection::establish(&one).unwrap();
    let rename = diesel::update(accounts::table.find(1)).set(accounts::login.eq("grace"));
    diesel::RunQueryDsl::execute(rename, tool).unwrap();
    Download::cached().save(&Download { id: 1, package_id: 1, total: 9 }).execute(tool).unwrap();
    assert_eq!(page(conn).await.unwrap(), "lamp by grace: 1.0,1.1 1 9");
    Package::cached()
        .write(diesel::update(packages::table).set(packages::title.eq("lantern")))
        .execute(conn)
        .await
        .unwrap();
    assert_eq!(Package::cached().get(1).first(tool).unwrap().title, "lantern");
    let words = Keyword::cached().all((), keywords::package_id.eq(1)).load(tool).unwrap();
    assert!(words.iter().all(|keyword| keyword.id > 0 && keyword.package_id == 1 && keyword.word == "light"));
    assert_eq!(page(theirs).await.unwrap(), "lamp by ada:  0 0");
}
