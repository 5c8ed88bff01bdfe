//! The library's own connections while entries are on a server of Redis: its calls hold no thread of the runtime.

tests::redis_suite! {
    fn tracked_with_entries_at_redis();

    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, LazyLock, Mutex};
    use std::thread;
    use std::time::{Duration, Instant};

    use cache_diesel::prelude::*;
    use cache_diesel::{AsyncPgConnection, Tracked};
    use diesel::prelude::*;
    use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

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

    /// A batch is told of by its text before it is sent, and others may begin before it is.
    #[test]
    fn what_is_sent_while_a_batch_waits_for_its_intents_counts_too() {
        let _turn = at_redis();
        let board = Board::new();
        board.batch("CREATE TABLE others (id INTEGER)");
        assert_eq!(board.read_at_redis(1), "Old");
        assert!(board.is_hit_at_redis(1));
        let conn = board.block_on(board.tracked());
        WAY.set(true);
        board.block_on(async {
            let batch = async { (&conn).batch_execute("UPDATE others SET id = 1").await };
            let update = async {
                let update = diesel::update(notes::table.find(1)).set(notes::title.eq("New"));
                update.execute(&mut &conn).await
            };
            let opened = async {
                while AtomicUsize::load(&WAY.waiting, Ordering::SeqCst) == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                WAY.set(false);
            };
            let (batch, update, ()) = tokio::join!(batch, update, opened);
            assert_eq!((batch, update), (Ok(()), Ok(1)));
        });
        assert_eq!(board.read_at_redis(1), "New");
    }

    /// Runs `work` on a runtime with one thread while the server stands still for a while. Gives the longest time that one
    /// poll of it took, or its drop.
    fn longest_pause(work: impl Future<Output = ()>) -> Duration {
        let opened = thread::spawn(|| {
            thread::sleep(STANDS_STILL);
            WAY.set(false);
        });
        let alone = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (mut work, mut longest) = (Box::pin(work), Duration::ZERO);
        alone.block_on(std::future::poll_fn(|context| {
            let began = Instant::now();
            let polled = work.as_mut().poll(context);
            longest = longest.max(began.elapsed());
            polled
        }));
        let began = Instant::now();
        drop(work);
        longest = longest.max(began.elapsed());
        opened.join().unwrap();
        longest
    }

    const STANDS_STILL: Duration = Duration::from_millis(120);
    const MOST_PAUSE: Duration = Duration::from_millis(5);
    /// A machine that is busy takes the thread away now and then; a thread that waits for the server does so each time.
    const ATTEMPTS: usize = 20;

    /// `$work` uses a connection `$conn` and is over, or gives up, while the server stands still.
    macro_rules! pauses_nobody {
        ($board:ident, $open:ident, |$conn:ident| $work:expr) => {{
            let pauses = (0..ATTEMPTS).map(|_| {
                // Whatever is asked once was asked.
                let mut $conn = $board.block_on(async {
                    let mut conn = $board.$open().await;
                    Note::cached_in(NAME).get(2).refresh().first(&mut conn).await.unwrap();
                    conn
                });
                WAY.set(true);
                longest_pause($work)
            });
            let least = pauses.take_while(|pause| *pause >= MOST_PAUSE).collect::<Vec<_>>();
            assert!(least.len() < ATTEMPTS, "{}: {least:?}", stringify!($work));
        }};
    }

    #[test]
    fn the_longest_pause_of_a_runtime_is_short_while_the_server_stands_still() {
        let _turn = at_redis();
        let board = Board::new();
        let rows = || Note::cached_in(NAME);
        board.read_at_redis(1);
        // Reads: a hit, a miss, and one that is dropped, with its lease or its fill.
        pauses_nobody!(board, tracked, |conn| async move { drop(rows().get(1).first(&mut conn).await) });
        pauses_nobody!(board, conn, |conn| async move { drop(rows().get(1).first(&mut conn).await) });
        pauses_nobody!(board, conn, |conn| async move { drop(rows().every().refresh().load(&mut conn).await) });
        pauses_nobody!(board, tracked, |conn| async move {
            let conn = &mut conn;
            drop(rows().get(9).refresh().first(&mut &*conn).await);
        });
        for times in 1..4 {
            pauses_nobody!(board, tracked, |conn| async move {
                drop(polled(times, rows().every().refresh().load(&mut conn)).await);
            });
        }
        // Writes: plain ones, in a transaction, by a manager, and dropped with their connection.
        pauses_nobody!(board, tracked, |conn| async move { drop(retitle(&mut conn, "New").await) });
        pauses_nobody!(board, tracked, |conn| async move {
            drop(conn.transaction(async |conn| retitle(conn, "Newer").await).await);
        });
        pauses_nobody!(board, tracked, |conn| async move {
            let update = diesel::update(notes::table.find(1)).set(notes::title.eq("Newest"));
            drop(rows().write(update).execute(&mut conn).await);
        });
        for times in 1..4 {
            pauses_nobody!(board, tracked, |conn| async move {
                drop(polled(times, retitle(&mut conn, "Dropped")).await);
                drop(conn);
            });
        }
        wait_until(INTENT_LIFE * 4, || board.read_at_redis(1) == board.held(1) && board.is_hit_at_redis(1));
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
