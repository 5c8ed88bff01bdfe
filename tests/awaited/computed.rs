//! Values that are computed in tasks, over connections that are awaited.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cache_diesel::prelude::*;
use cache_diesel::{CachedEntry, acquaint_async, carry_task};
use diesel::prelude::*;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::reads::{CACHES, Tool, ToolPage, add_elsewhere, database, makers, remarks, tools, url_of};

type Conn = SyncConnectionWrapper<SqliteConnection>;
type Entry = QueryResult<CachedEntry<i64>>;

const HOUR: Duration = Duration::from_secs(3600);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// What may be read in a task: each read by itself makes a value.
async fn read(what: usize, cache: &str, url: &str, conn: &mut Conn) -> Entry {
    let (all, pages) = (Tool::cached_in(cache), ToolPage::cached_in(cache));
    let key = format!("{what} {url}");
    let cache = caches::get(cache).unwrap();
    let work = async || -> QueryResult<i64> {
        Ok(match what {
            0 => i64::from(all.get(1).first(conn).await.is_ok()),
            1 => all.every().load(conn).await?.len() as i64,
            2 => all.every().count(conn).await?,
            3 => pages.get(1).first(conn).await?.remarks.len() as i64,
            4 => all.get_many([1, 2]).load(conn).await?.into_iter().flatten().count() as i64,
            5 => i64::from(all.get_by_title("Saw").first(conn).await.is_ok()),
            // Past the cache, and past the managers: both run on another thread here.
            6 => all.every().bypass().load(conn).await?.len() as i64,
            7 => {
                acquaint_async(conn).await;
                tools::table.count().get_result(conn).await?
            }
            8 => {
                let mut other = Conn::establish(url).await.expect("it is there");
                let (one, many) = tokio::join!(all.get(1).first(conn), all.every().load(&mut other));
                one.iter().count() as i64 + many?.len() as i64
            }
            _ => {
                let mut other = Conn::establish(url).await.expect("it is there");
                let work = async move { all.every().load(&mut other).await.map(|rows| rows.len() as i64) };
                tokio::spawn(carry_task(work)).await.expect("it does not panic")?
            }
        })
    };
    cache.computation(&key).timeout(HOUR).entry_async(work).await
}

#[test]
fn y1_what_is_awaited_for_a_value_ends_it_on_every_kind_of_read() {
    add_elsewhere();
    for cache in CACHES {
        let path = database();
        let url = url_of(&path);
        block_on(async {
            let mut conn = Conn::establish(&url).await.unwrap();
            for what in 0..10 {
                let first = read(what, cache, &url, &mut conn).await.unwrap();
                let again = read(what, cache, &url, &mut conn).await.unwrap();
                assert_eq!((first.is_hit(), again.is_hit(), first.value), (false, true, again.value), "{what} {cache}");
                // It is written elsewhere, and there is one row less.
                let mut writer = Conn::establish(&url).await.unwrap();
                diesel::delete(tools::table.find(1)).execute(&mut writer).await.unwrap();
                diesel::delete(remarks::table.find(1)).execute(&mut writer).await.unwrap();
                let last = read(what, cache, &url, &mut conn).await;
                let is_less = last.as_ref().map_or(true, |last| !last.is_hit() && last.value < first.value);
                assert!(is_less, "{what} {cache}: {last:?}");
                let saw = (tools::id.eq(1), tools::maker_id.eq(1), tools::title.eq("Saw"));
                diesel::insert_into(tools::table).values(saw).execute(&mut writer).await.unwrap();
                let remark = (remarks::id.eq(1), remarks::tool_id.eq(1), remarks::words.eq("sharp"));
                diesel::insert_into(remarks::table).values(remark).execute(&mut writer).await.unwrap();
                // Of no table that was read.
                read(what, cache, &url, &mut conn).await.unwrap();
                diesel::update(makers::table).set(makers::name.eq("Bea")).execute(&mut writer).await.unwrap();
                assert_eq!(read(what, cache, &url, &mut conn).await.unwrap().is_hit(), what != 3, "{what} {cache}");
            }
        });
    }
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

#[cached_fn(
    cache = "elsewhere", depends_on_nothing, in_background = tokio::spawn, relevance_timeout = "50 milliseconds",
    timeout = "1 hour"
)]
async fn counted(name: String) -> Result<String, cache_diesel::Error> {
    Ok(format!("{name} {}", CALLS.fetch_add(1, Ordering::SeqCst)))
}

#[test]
fn a_task_is_spawned_for_what_is_stale_and_everybody_is_given_what_is_there() {
    add_elsewhere();
    block_on(async {
        let call = || counted::entry("lamp".to_owned());
        assert_eq!((call().await.unwrap().value.as_str(), call().await.unwrap().is_hit()), ("lamp 0", true));
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        let mut stale = None;
        loop {
            let entry = call().await.unwrap();
            assert!(entry.is_hit(), "nobody waits for the refresh");
            if entry.is_stale() {
                stale = Some(entry.value);
            } else if entry.value != "lamp 0" {
                break;
            }
            assert!(tokio::time::Instant::now() < until, "it is not refreshed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(stale.as_deref(), Some("lamp 0"));
    });
}
