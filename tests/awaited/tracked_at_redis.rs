//! The library's own connections while entries are on a server of Redis: its calls hold no thread of the runtime.

tests::redis_suite! {
    fn tracked_with_entries_at_redis();

    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, LazyLock, Mutex};
    use std::thread;
    use std::time::Duration;

    use cache_diesel::prelude::*;
    use cache_diesel::{AsyncPgConnection, Tracked};
    use diesel::prelude::*;
    use diesel_async::{AsyncConnection, RunQueryDsl};

    use crate::postgres::{Board, Note, notes};
    use crate::some::polled;
    use crate::wait_until;

    const NAME: &str = "at redis";
    /// A call that stands still is given up after a quarter of it.
    const INTENT_LIFE: Duration = Duration::from_secs(4);

    /// The way to the server, which can be made to stand still.
    struct Way {
        is_closed: Mutex<bool>,
        opened: Condvar,
        /// How many messages to the server wait.
        waiting: AtomicUsize,
    }

    static WAY: Way = Way { is_closed: Mutex::new(false), opened: Condvar::new(), waiting: AtomicUsize::new(0) };

    impl Way {
        fn set(&self, is_closed: bool) {
            *self.is_closed.lock().unwrap() = is_closed;
            self.opened.notify_all();
        }

        fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                self.waiting.fetch_add(1, Ordering::SeqCst);
                drop(self.opened.wait_while(self.is_closed.lock().unwrap(), |is_closed| *is_closed).unwrap());
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        }

        /// Leads from a port of its own to the server.
        fn begin(&'static self) -> String {
            let url = std::env::var("CACHE_DIESEL_REDIS_URL").unwrap();
            let server = url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let way = format!("redis://{}?prefix=awaited-{}", listener.local_addr().unwrap(), std::process::id());
            thread::spawn(move || {
                for client in listener.incoming() {
                    let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                    let (answers, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                    thread::spawn(move || self.pass(client, server));
                    thread::spawn(move || drop(std::io::copy(&mut &answers, &mut &to)));
                }
            });
            way
        }
    }

    /// Whether there is a cache at the server; the tests of this file share it, one after the other.
    fn at_redis() -> std::sync::MutexGuard<'static, ()> {
        static TURN: LazyLock<Mutex<()>> = LazyLock::new(|| {
            let cache = Cache::builder().redis(WAY.begin()).operation_timeout(INTENT_LIFE / 4);
            caches::configure([(NAME, cache.intent_life(INTENT_LIFE).build().unwrap())]).unwrap();
            Mutex::new(())
        });
        TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    impl Board {
        fn read_at_redis(&self, id: i32) -> String {
            self.with_reader(|reader| Note::cached_in(NAME).get(id).first(reader).unwrap().title.clone())
        }

        fn is_hit_at_redis(&self, id: i32) -> bool {
            self.with_reader(|reader| Note::cached_in(NAME).get(id).entry(reader).unwrap().is_hit())
        }
    }

    async fn retitle(conn: &mut AsyncPgConnection, title: &str) -> QueryResult<usize> {
        diesel::update(notes::table.find(1)).set(notes::title.eq(title)).execute(conn).await
    }

    #[test]
    fn writes_and_transactions_count_at_their_ends() {
        let _turn = at_redis();
        let board = Board::new();
        board.block_on(async {
            let conn: &mut Tracked<_> = &mut board.tracked().await;
            assert_eq!(board.read_at_redis(1), "Old");
            assert!(board.is_hit_at_redis(1));
            retitle(conn, "New").await.unwrap();
            assert_eq!(board.read_at_redis(1), "New");
            conn.transaction(async |conn| {
                retitle(conn, "Newer").await?;
                assert_eq!(board.read_at_redis(1), "New");
                QueryResult::Ok(())
            })
            .await
            .unwrap();
            assert_eq!(board.read_at_redis(1), "Newer");
            assert!(board.is_hit_at_redis(1), "no intent is left");
        });
    }

    #[test]
    fn a_write_that_is_dropped_at_any_poll_leaves_nothing_stale_and_no_intent() {
        let _turn = at_redis();
        let board = Board::new();
        for times in 0.. {
            let mut conn = board.block_on(board.tracked());
            board.read_at_redis(1);
            let done = board.block_on(polled(times, retitle(&mut conn, &format!("After {times}"))));
            if done.is_some() {
                assert_eq!(board.read_at_redis(1), format!("After {times}"));
                assert!(times > 0, "it was never dropped");
                break;
            }
            // The next statement ends behind it.
            let look = notes::table.count().get_result::<i64>(&mut conn);
            assert_eq!(board.block_on(look).unwrap(), 2);
            assert_eq!(board.read_at_redis(1), board.held(1), "after {times} polls");
        }
        wait_until(INTENT_LIFE * 4, || board.is_hit_at_redis(1));
        assert_eq!(board.read_at_redis(1), board.held(1));
    }

    #[test]
    fn a_write_waits_for_a_server_that_stands_still_and_holds_up_nobody() {
        let _turn = at_redis();
        let board = Board::new();
        board.read_at_redis(1);
        static TICKS: AtomicUsize = AtomicUsize::new(0);
        let url = board.url().to_owned();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (go, may_go) = tokio::sync::oneshot::channel::<()>();
        let task = thread::spawn(move || {
            let alone = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            alone.block_on(async move {
                let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
                let ticking = tokio::spawn(async {
                    loop {
                        TICKS.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                });
                ready.send(()).unwrap();
                may_go.await.unwrap();
                retitle(&mut conn, "New").await.unwrap();
                ticking.abort();
            });
        });
        is_ready.recv().unwrap();
        WAY.set(true);
        go.send(()).unwrap();
        wait_until(Duration::from_secs(20), || AtomicUsize::load(&WAY.waiting, Ordering::SeqCst) > 0);
        let ticks = AtomicUsize::load(&TICKS, Ordering::SeqCst);
        let goes_on = || AtomicUsize::load(&TICKS, Ordering::SeqCst) > ticks + 20;
        wait_until(Duration::from_secs(20), goes_on);
        assert!(!task.is_finished());
        assert_eq!(board.held(1), "Old", "it is not sent before its intents stand");
        WAY.set(false);
        task.join().unwrap();
        assert_eq!(board.read_at_redis(1), "New");
    }
}
