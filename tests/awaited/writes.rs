//! Writes through a manager on awaited connections: one text for every database.

use std::sync::Mutex;

use cache_diesel::Saved;
use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! { posts (id) { id -> Integer, shelf -> Integer, title -> Text, } }

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = posts)]
#[cached(scope(shelf), after_save = note_save, after_delete = note_delete)]
pub struct Post {
    pub id: i32,
    pub shelf: i32,
    pub title: String,
}

#[derive(Insertable)]
#[diesel(table_name = posts)]
pub struct NewPost<'a> {
    pub shelf: i32,
    pub title: &'a str,
}

/// The same rows, which are stored when a write gives them back.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = posts)]
#[cached(key = "kept_post", write_through)]
pub struct KeptPost {
    pub id: i32,
    pub shelf: i32,
    pub title: String,
}

/// What the hooks were told, by the row's key.
pub static TOLD: Mutex<Vec<(&str, Option<i32>)>> = Mutex::new(Vec::new());

fn note_save(saved: &Saved<Post>) {
    TOLD.lock().unwrap().push(("save", saved.id().copied()));
}

fn note_delete(saved: &Saved<Post>) {
    TOLD.lock().unwrap().push(("delete", saved.id().copied()));
}

/// What hooks were told of a row since this was asked last.
pub fn told_of(id: i32) -> Vec<&'static str> {
    let mut told = TOLD.lock().unwrap();
    let of_row = told.extract_if(.., |(_, of)| *of == Some(id));
    of_row.map(|(what, _)| what).collect()
}

/// A future that another thread may go on with.
pub fn sent<T>(work: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    work
}

/// The tests, over a blocking connection that reads and an awaited one that writes. `$database` gives a database and its
/// URL, `$create` makes the table whose next key is given: one from `$first` on, of its own for each test.
macro_rules! manager_writes {
    ($blocking:ty, $awaited:ty, $database:expr, $create:expr, $first:expr) => {
        use diesel::connection::SimpleConnection;
        use diesel::prelude::*;
        use diesel_async::AsyncConnection;

        use crate::writes::{KeptPost, NewPost, Post, posts, told_of};

        fn block_on(work: impl Future<Output = ()>) {
            // That of SQLite waits for a dropped statement where there are other threads.
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(work);
        }

        /// Everything that is read of the table through the cache.
        fn seen(conn: &mut $blocking, id: i32) -> (Option<String>, Vec<usize>, i64) {
            let posts = Post::cached();
            let row = posts.get(id).first(conn).optional().unwrap().map(|post| post.title.clone());
            let shelves = [1, 2].map(|shelf| posts.all_by_shelf(shelf).load(conn).unwrap().len());
            (row, shelves.to_vec(), posts.every().count(conn).unwrap())
        }

        #[test]
        fn every_write_counts_at_its_end() {
            let (first, (_database, url)) = ($first + 0, $database);
            crate::install();
            let mut reader = <$blocking>::establish(&url).unwrap();
            reader.batch_execute(&$create(first)).unwrap();
            block_on(async {
                let conn = &mut <$awaited>::establish(&url).await.unwrap();
                let posts = Post::cached();
                assert_eq!(seen(&mut reader, first), (None, vec![0, 0], 0));
                let post = posts.insert(NewPost { shelf: 1, title: "One" }).get_result(conn).await.unwrap();
                assert_eq!(post, Post { id: first, shelf: 1, title: "One".into() });
                assert_eq!(seen(&mut reader, first), (Some("One".into()), vec![1, 0], 1));
                assert_eq!(told_of(first), ["save"]);

                assert_eq!(posts.insert(NewPost { shelf: 2, title: "Two" }).execute(conn).await.unwrap(), 1);
                assert_eq!(seen(&mut reader, first), (Some("One".into()), vec![1, 1], 2));

                let moved = Post { shelf: 2, ..post };
                assert_eq!(posts.save(&moved).get_result(conn).await.unwrap(), moved);
                assert_eq!(seen(&mut reader, first), (Some("One".into()), vec![0, 2], 2));
                let renamed = Post { title: "Uno".into(), ..moved };
                assert_eq!(posts.save(&renamed).execute(conn).await.unwrap(), 1);
                assert_eq!(seen(&mut reader, first).0.as_deref(), Some("Uno"));
                assert_eq!(told_of(first), ["save", "save"]);
                let absent = Post { id: first + 90, ..renamed };
                assert_eq!(posts.save(&absent).execute(conn).await.unwrap(), 0);
                let error = posts.save(&absent).get_result(conn).await.unwrap_err();
                assert_eq!(error, diesel::result::Error::NotFound);

                let all = diesel::update(posts::table).set(posts::title.eq("Same"));
                assert_eq!(posts.write(all).execute(conn).await.unwrap(), 2);
                assert_eq!(seen(&mut reader, first).0.as_deref(), Some("Same"));

                assert_eq!(posts.delete(first).execute(conn).await.unwrap(), 1);
                assert_eq!(seen(&mut reader, first), (None, vec![0, 1], 1));
                assert_eq!(told_of(first), ["delete"]);
                assert_eq!(posts.delete(first).execute(conn).await.unwrap(), 0);
                assert!(told_of(first).is_empty());
            });
        }

        #[test]
        fn work_that_names_its_tables_counts_when_it_is_over_and_when_it_is_dropped() {
            let (first, (_database, url)) = ($first + 300, $database);
            crate::install();
            let mut reader = <$blocking>::establish(&url).unwrap();
            reader.batch_execute(&$create(first)).unwrap();
            let mut unseen = <$blocking>::establish(&url).unwrap();
            unseen.set_instrumentation(|_: diesel::connection::InstrumentationEvent<'_>| {});
            block_on(async {
                let conn = &mut <$awaited>::establish(&url).await.unwrap();
                let post = Post::cached().insert(NewPost { shelf: 1, title: "Old" }).get_result(conn).await.unwrap();
                let mut rename = |title: &str| {
                    diesel::update(posts::table).set(posts::title.eq(title)).execute(&mut unseen).unwrap();
                };
                for _ in 0..2 {
                    assert_eq!(seen(&mut reader, post.id).0.as_deref(), Some("Old"));
                }
                let work = cache_diesel::writes_async(conn, posts::table, async |_| {
                    rename("New");
                    QueryResult::Ok(7)
                });
                assert_eq!(crate::writes::sent(work).await.unwrap(), 7);
                assert_eq!(seen(&mut reader, post.id).0.as_deref(), Some("New"));

                let begun = tokio::sync::Notify::new();
                let work = cache_diesel::writes_async(conn, ["posts"], async |_| {
                    rename("Newer");
                    begun.notify_one();
                    std::future::pending::<QueryResult<()>>().await
                });
                tokio::select! {
                    _ = work => panic!("it never ends"),
                    () = begun.notified() => {}
                }
                // Nobody waits for what follows a drop: a thread does it.
                crate::wait_until(std::time::Duration::from_secs(20), || {
                    seen(&mut reader, post.id).0.as_deref() == Some("Newer")
                });

                let work = Post::cached().clears().detail(post.id).around_on_async(conn, async |_| {
                    rename("Newest");
                    QueryResult::Ok(())
                });
                crate::writes::sent(work).await.unwrap();
                assert_eq!(seen(&mut reader, post.id).0.as_deref(), Some("Newest"));

                let nothing: [&str; 0] = [];
                let refused = cache_diesel::writes_async(conn, nothing, async |_| QueryResult::Ok(())).await;
                assert!(refused.unwrap_err().to_string().contains("at least one table"));
                assert_eq!(Post::cached().delete(post.id).execute(conn).await.unwrap(), 1);
                assert_eq!(seen(&mut reader, post.id).0, None);
            });
        }

        #[test]
        fn a_write_in_a_transaction_counts_at_the_commit_and_its_hooks_run_then() {
            let (first, (_database, url)) = ($first + 100, $database);
            crate::install();
            let mut reader = <$blocking>::establish(&url).unwrap();
            reader.batch_execute(&$create(first)).unwrap();
            block_on(async {
                let conn = &mut <$awaited>::establish(&url).await.unwrap();
                let post = Post::cached().insert(NewPost { shelf: 1, title: "Old" }).get_result(conn).await.unwrap();
                let (id, title) = (post.id, |title: &str| Post { title: title.into(), ..post.clone() });
                // The first read of a connection may have to ask who it is: the two may be different accounts.
                for _ in 0..2 {
                    assert_eq!(seen(&mut reader, id).0.as_deref(), Some("Old"));
                }
                told_of(id);
                let undone = conn.transaction(async |conn| {
                    Post::cached().save(&title("Undone")).get_result(conn).await?;
                    Err::<(), _>(diesel::result::Error::RollbackTransaction)
                });
                undone.await.unwrap_err();
                assert!(Post::cached().get(id).entry(&mut reader).unwrap().is_hit(), "nothing was committed");
                assert!(told_of(id).is_empty());
                conn.transaction(async |conn| {
                    Post::cached().save(&title("New")).get_result(conn).await?;
                    assert!(told_of(id).is_empty());
                    QueryResult::Ok(())
                })
                .await
                .unwrap();
                assert_eq!(seen(&mut reader, id).0.as_deref(), Some("New"));
                assert_eq!(told_of(id), ["save"]);
            });
        }

        #[test]
        fn a_row_that_a_write_gives_back_is_stored_once_it_is_committed() {
            let (first, (_database, url)) = ($first + 400, $database);
            crate::reads::add_elsewhere();
            let mut maker = <$blocking>::establish(&url).unwrap();
            maker.batch_execute(&$create(first)).unwrap();
            // MySQL reads the row once more, and in a transaction that may be an older one.
            let is_read_again = core::any::type_name::<$blocking>().contains("Mysql");
            block_on(async {
                for cache in crate::reads::CACHES {
                    let conn = &mut <$awaited>::establish(&url).await.unwrap();
                    let kept = KeptPost::cached_in(cache);
                    let given = kept.insert(NewPost { shelf: 1, title: "Given" }).get_result(conn).await.unwrap();
                    let entry = kept.get(given.id).entry(conn).await.unwrap();
                    assert_eq!((entry.is_hit(), entry.value.title.as_str()), (true, "Given"), "{cache}");
                    let titled = |title: &str| KeptPost { title: title.into(), ..given.clone() };
                    crate::writes::sent(kept.save(&titled("Saved")).get_result(conn)).await.unwrap();
                    let entry = kept.get(given.id).entry(conn).await.unwrap();
                    assert_eq!((entry.is_hit(), entry.value.title.as_str()), (true, "Saved"), "{cache}");

                    conn.transaction(async |conn| {
                        kept.save(&titled("Committed")).get_result(conn).await?;
                        QueryResult::Ok(())
                    })
                    .await
                    .unwrap();
                    let entry = kept.get(given.id).entry(conn).await.unwrap();
                    let is_stored = entry.is_hit() || is_read_again;
                    assert_eq!((is_stored, entry.value.title.as_str()), (true, "Committed"), "{cache}");
                    let undone = conn.transaction(async |conn| {
                        kept.save(&titled("Undone")).get_result(conn).await?;
                        Err::<(), _>(diesel::result::Error::RollbackTransaction)
                    });
                    undone.await.unwrap_err();
                    assert_eq!(kept.get(given.id).first(conn).await.unwrap().title, "Committed", "{cache}");

                    let other = diesel::update(posts::table).set(posts::title.eq("Last"));
                    diesel_async::RunQueryDsl::execute(other, conn).await.unwrap();
                    assert_eq!(kept.get(given.id).first(conn).await.unwrap().title, "Last", "{cache}");
                }
                // The future is dropped, before the statement or after it: what it gave back is stored or not, and never stale.
                for (times, cache) in (0..8).flat_map(|times| crate::reads::CACHES.map(|cache| (times, cache))) {
                    let (conn, kept) = (&mut <$awaited>::establish(&url).await.unwrap(), KeptPost::cached_in(cache));
                    let row = KeptPost { id: first, shelf: 1, title: format!("Polled {times}") };
                    drop(crate::some::polled(times, kept.save(&row).get_result(conn)).await);
                    drop(kept.get(first).first(&mut maker).unwrap());
                }
            });
            for cache in crate::reads::CACHES {
                crate::wait_until(crate::LIFE * 6, || {
                    let held: String = posts::table.find(first).select(posts::title).first(&mut maker).unwrap();
                    KeptPost::cached_in(cache).get(first).first(&mut maker).unwrap().title == held
                });
            }
        }

        /// Each kind of write is dropped after so many polls, and what is read before long is what the database has.
        #[test]
        fn every_write_may_be_dropped_at_any_poll() {
            let (first, (_database, url)) = ($first + 500, $database);
            crate::install();
            let mut reader = <$blocking>::establish(&url).unwrap();
            reader.batch_execute(&$create(first)).unwrap();
            let held = |reader: &mut $blocking| {
                let rows = posts::table.order(posts::id).select((posts::shelf, posts::title));
                rows.load::<(i32, String)>(reader).unwrap()
            };
            let read = |reader: &mut $blocking| {
                let list = Post::cached().every().load(reader).unwrap();
                let mut rows: Vec<_> = list.iter().map(|post| (post.id, post.shelf, post.title.clone())).collect();
                rows.sort_unstable();
                rows.into_iter().map(|(_, shelf, title)| (shelf, title)).collect::<Vec<_>>()
            };
            block_on(async {
                for (times, kind) in (0..6).flat_map(|times| (0..6).map(move |kind| (times, kind))) {
                    let conn = &mut <$awaited>::establish(&url).await.unwrap();
                    let managed = Post::cached();
                    let kept = Post { id: first, shelf: 1, title: format!("Kept {times}") };
                    drop(read(&mut reader));
                    match kind {
                        0 => {
                            let new = NewPost { shelf: 1, title: "New" };
                            drop(crate::some::polled(times, managed.insert(new).get_result(conn)).await);
                        }
                        1 => drop(crate::some::polled(times, managed.save(&kept).get_result(conn)).await),
                        2 => {
                            let all = diesel::update(posts::table).set(posts::shelf.eq(i32::try_from(times).unwrap()));
                            drop(crate::some::polled(times, managed.write(all).execute(conn)).await);
                        }
                        3 => drop(crate::some::polled(times, managed.delete(first + 1).execute(conn)).await),
                        4 => {
                            let work = conn.transaction(async |conn| {
                                managed.save(&kept).execute(conn).await?;
                                managed.insert(NewPost { shelf: 2, title: "Both" }).execute(conn).await
                            });
                            drop(crate::some::polled(times, work).await);
                        }
                        _ => {
                            let work = cache_diesel::writes_async(conn, posts::table, async |conn| {
                                let all = diesel::update(posts::table).set(posts::title.eq("Named"));
                                diesel_async::RunQueryDsl::execute(all, conn).await
                            });
                            drop(crate::some::polled(times, work).await);
                        }
                    }
                    drop(read(&mut reader));
                }
            });
            crate::wait_until(crate::LIFE * 6, || {
                let is_hit = Post::cached().every().entry(&mut reader).unwrap().is_hit();
                is_hit && read(&mut reader) == held(&mut reader)
            });
        }

        /// The server may run a statement that nobody waits for any more.
        #[test]
        fn a_write_that_is_dropped_at_any_point_leaves_nothing_stale() {
            let (first, (_database, url)) = ($first + 200, $database);
            crate::install();
            let mut reader = <$blocking>::establish(&url).unwrap();
            reader.batch_execute(&$create(first)).unwrap();
            block_on(async {
                let conn = &mut <$awaited>::establish(&url).await.unwrap();
                let post = Post::cached().insert(NewPost { shelf: 1, title: "Old" }).get_result(conn).await.unwrap();
                for times in 0..6 {
                    let conn = &mut <$awaited>::establish(&url).await.unwrap();
                    seen(&mut reader, post.id);
                    let row = Post { title: format!("Polled {times}"), ..post.clone() };
                    {
                        let mut write = std::pin::pin!(Post::cached().save(&row).execute(conn));
                        for _ in 0..times {
                            let polled = tokio::time::timeout(std::time::Duration::ZERO, &mut write);
                            if polled.await.is_ok() {
                                assert_eq!(seen(&mut reader, post.id).0.as_deref(), Some(&*row.title));
                                break;
                            }
                        }
                    }
                    drop(seen(&mut reader, post.id));
                }
            });
            let held = |reader: &mut $blocking| posts::table.find(first).select(posts::title).first::<String>(reader);
            crate::wait_until(crate::LIFE * 4, || {
                let row = Post::cached().get(first).entry(&mut reader).unwrap();
                row.is_hit() && Some(&row.value.title) == held(&mut reader).ok().as_ref()
            });
        }
    };
}

pub(crate) use manager_writes;
