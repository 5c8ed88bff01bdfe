//! Reads, blocking and awaited, by one text: every method that ends a read, on each kind of store.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cache_core::store::{Names, RemoteStore};
use cache_diesel::prelude::*;
use cache_diesel::{Cache, caches};
use conformance::Time;
use conformance::simulation::{Server, SimulatedLink};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_async::AsyncConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

use crate::install;

diesel::table! { makers (id) { id -> Integer, name -> Text, } }
diesel::table! { tools (id) { id -> Integer, maker_id -> Integer, title -> Text, } }
diesel::table! { remarks (id) { id -> Integer, tool_id -> Integer, words -> Text, } }
diesel::joinable!(tools -> makers (maker_id));
diesel::joinable!(remarks -> tools (tool_id));
diesel::allow_tables_to_appear_in_same_query!(makers, remarks, tools);

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Maker {
    id: i32,
    name: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Maker))]
#[cached(
    unique(title),
    scope(maker_id),
    view(ToolPage, derive(Debug), select_related(maker: Maker), prefetch_related(remarks: Remark))
)]
pub struct Tool {
    id: i32,
    maker_id: i32,
    pub title: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Tool))]
pub struct Remark {
    id: i32,
    tool_id: i32,
    words: String,
}

type AsyncSqlite = SyncConnectionWrapper<SqliteConnection>;

pub fn database() -> tempfile::TempPath {
    install();
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    conn.batch_execute(TABLES).unwrap();
    path
}

pub const TABLES: &str = "
    CREATE TABLE makers (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE tools (id INTEGER PRIMARY KEY NOT NULL, maker_id INTEGER NOT NULL, title TEXT NOT NULL);
    CREATE TABLE remarks (id INTEGER PRIMARY KEY NOT NULL, tool_id INTEGER NOT NULL, words TEXT NOT NULL);
    INSERT INTO makers VALUES (1, 'Ann');
    INSERT INTO tools VALUES (1, 1, 'Saw'), (2, 1, 'Axe');
    INSERT INTO remarks VALUES (1, 1, 'sharp'), (2, 1, 'old');";

/// The caches that the reads are made in: in memory, and on a server.
pub const CACHES: [&str; 2] = ["default", "elsewhere"];

/// Adds caches on servers; `crowd` is for one test alone.
pub fn add_elsewhere() {
    static ADDED: std::sync::Once = std::sync::Once::new();
    ADDED.call_once(|| {
        install();
        caches::configure(["elsewhere", "crowd"].map(|name| {
            let link = SimulatedLink::new(&Server::new(Time::real()), Names::starting_with(name).unwrap());
            let builder = Cache::builder().store(RemoteStore::new(link));
            // A machine that is busy may let a crowd wait for long.
            (name, builder.intent_life(Duration::from_secs(120)).operation_timeout(Duration::from_secs(20)))
        }))
        .unwrap();
    });
}

/// Every method that ends a read, each once; what it gives is printed.
macro_rules! every_read {
    ($cache:expr, $conn:ident, $printed:ident $(, $await:tt)?) => {{
        let (tools, pages) = (Tool::cached_in($cache), ToolPage::cached_in($cache));
        let title = String::from("Axe");
        let borrowed = tools::title.eq(&title);
        let mut print = |value: String| $printed.push(value);
        print(format!("{:?}", tools.get(1).first(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.get(9).first(&mut $conn)$(.$await)?.optional().unwrap()));
        print(format!("{:?}", tools.get(1).require(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", *tools.get(1).entry(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.get(2).filter(borrowed).first(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.get_by_title("Axe").first(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.get_by_title("None").first(&mut $conn)$(.$await)?.optional().unwrap()));
        print(format!("{:?}", tools.every().load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.all("named", borrowed).load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", *tools.every().entry(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.every().order_by(tools::title).first(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.every().count(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.all((), borrowed).exists(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.all_by_maker_id(1).load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.every().limit(1).load_and_count(&mut $conn)$(.$await)?.unwrap().total));
        print(format!("{:?}", tools.get_many([2, 9, 1, 2]).load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", pages.get(1).first(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", pages.every().load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", pages.get_many([2, 1]).load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.get(1).explain(&mut $conn)$(.$await)?.unwrap().answer));
        print(format!("{:?}", tools.every().refresh().load(&mut $conn)$(.$await)?.unwrap()));
        print(format!("{:?}", tools.every().bypass().load(&mut $conn)$(.$await)?.unwrap()));
    }};
}

#[cfg(feature = "postgres")]
pub(crate) use every_read;

pub fn url_of(path: &tempfile::TempPath) -> String {
    path.display().to_string()
}

#[test]
fn an_awaited_read_gives_what_a_blocking_one_gives_from_the_database_and_from_the_cache() {
    add_elsewhere();
    for cache in CACHES {
        let (path, other) = (database(), database());
        let mut conn = SqliteConnection::establish(&url_of(&path)).unwrap();
        let (mut blocking, mut awaited) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            every_read!(cache, conn, blocking);
        }
        let url = url_of(&other);
        let task = async move {
            let mut conn = AsyncSqlite::establish(&url).await.unwrap();
            for _ in 0..2 {
                every_read!(cache, conn, awaited, await);
            }
            awaited
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        // Its future may go from thread to thread.
        let awaited = runtime.block_on(async { tokio::spawn(task).await.unwrap() });
        assert_eq!(blocking, awaited, "{cache}");
    }
}

#[test]
fn a_thousand_tasks_that_miss_together_on_a_server_ask_the_database_once() {
    add_elsewhere();
    let path = database();
    let url = url_of(&path);
    let one_thread = tokio::runtime::Builder::new_current_thread().build().unwrap();
    one_thread.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..1_000 {
            let mut conn = AsyncSqlite::establish(&url).await.unwrap();
            tasks.push(tokio::spawn(
                async move { Tool::cached_in("crowd").every().load(&mut conn).await.unwrap().len() },
            ));
        }
        for task in tasks {
            assert_eq!(task.await.unwrap(), 2);
        }
    });
    let counts = caches::get("crowd").unwrap().statistics().total();
    assert_eq!((counts.load_count, counts.bypass_count), (1, 0));
}

/// Polls `future` so many times and drops it; says whether it was over.
fn polled<T>(future: impl Future<Output = T>, times: usize) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).any(|_| {
        std::thread::sleep(Duration::from_millis(1));
        matches!(future.as_mut().poll(&mut context), Poll::Ready(_))
    })
}

#[test]
fn a_read_that_is_dropped_at_any_moment_leaves_nothing_behind() {
    add_elsewhere();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    for cache in CACHES {
        let _entered = runtime.enter();
        for times in 0.. {
            let path = database();
            let url = url_of(&path);
            let (mut first, mut second) = runtime.block_on(async {
                (AsyncSqlite::establish(&url).await.unwrap(), AsyncSqlite::establish(&url).await.unwrap())
            });
            let tools = Tool::cached_in(cache);
            let (pages, named) = (ToolPage::cached_in(cache), tools::title.eq("Axe"));
            let is_over = polled(tools.every().load(&mut first), times)
                & polled(tools.get(2).first(&mut first), times)
                & polled(tools.get(2).require(&mut first), times)
                & polled(tools.get(9).entry(&mut first), times)
                & polled(tools.get(2).filter(named).first(&mut first), times)
                & polled(pages.get(1).first(&mut first), times)
                & polled(pages.every().load(&mut first), times)
                & polled(pages.get_many([2, 1]).load(&mut first), times)
                & polled(tools.get_many([1, 2]).load(&mut first), times)
                & polled(tools.get_by_title("Saw").first(&mut first), times)
                & polled(tools.all("named", named).load(&mut first), times)
                & polled(tools.every().order_by(tools::title).first(&mut first), times)
                & polled(tools.every().count(&mut first), times)
                & polled(tools.all((), named).exists(&mut first), times)
                & polled(tools.all_by_maker_id(1).load(&mut first), times)
                & polled(tools.every().limit(1).load_and_count(&mut first), times)
                & polled(tools.every().entry(&mut first), times)
                & polled(tools.get(1).explain(&mut first), times)
                & polled(tools.every().refresh().load(&mut first), times)
                & polled(tools.every().bypass().load(&mut first), times);
            // Nobody waits for what was dropped, and what follows is stored.
            runtime.block_on(async {
                assert_eq!(tools.every().load(&mut second).await.unwrap().len(), 2);
                assert_eq!(tools.get_by_title("Saw").first(&mut second).await.unwrap().id, 1);
                assert_eq!(ToolPage::cached_in(cache).get(1).first(&mut second).await.unwrap().remarks.len(), 2);
                assert_eq!(tools.every().count(&mut second).await.unwrap(), 2);
                assert_eq!(tools.all_by_maker_id(1).load(&mut second).await.unwrap().len(), 2);
                assert_eq!(tools.get(2).first(&mut second).await.unwrap().title, "Axe");
                assert!(tools.get_many([1, 2]).load(&mut second).await.unwrap().iter().all(Option::is_some));
                assert!(tools.every().entry(&mut second).await.unwrap().is_hit(), "{cache} {times}");
            });
            if is_over {
                break;
            }
        }
    }
}
