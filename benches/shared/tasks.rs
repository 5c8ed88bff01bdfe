//! A thousand tasks at once: hits on Redis beside `GET`s over redis' own multiplexed connection, and hits in memory that are
//! awaited beside those that block.

use core::hint::black_box;
use std::sync::Arc;

use benches::{Plan, print as print_table};
use cache_diesel::prelude::*;
use cache_diesel::{AsyncPgConnection, only_database};
use diesel_async::AsyncConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::shop::{Product, ProductManager, Servers, fresh_prefix};

const TASKS: i32 = 1_000;
/// How often each task reads in one turn.
const ROUNDS: i32 = 10;

pub fn print(servers: &Servers, batches: usize) {
    only_database(&servers.postgres).unwrap();
    let several = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    let plan = Plan { batches, turns: 1 };
    let rows: Vec<_> = [("one thread", &one), ("two threads", &several)]
        .into_iter()
        .flat_map(|(threads, runtime)| {
            [1, 16, TASKS].map(|tasks| {
                let (crowd, mut others) = (Crowd::of(servers, runtime, tasks), Others::of(servers, runtime, tasks));
                let what = format!("{tasks} tasks, a runtime of {threads}");
                plan.compare(&what, &mut || others.get(), &mut || crowd.read()).shared_by(tasks * ROUNDS)
            })
        })
        .collect();
    print_table("A hit on Redis, awaited", ["`GET`, multiplexed", "`cached().get(..)`"], &rows);
    print_table("A hit in memory", ["blocking", "awaited"], &[in_memory(servers, &one, batches)]);
}

/// Tasks that read rows, each its own, of a cache on Redis.
struct Crowd<'a> {
    runtime: &'a Runtime,
    tasks: i32,
    products: ProductManager,
    pool: Arc<Pool<AsyncPgConnection>>,
}

impl<'a> Crowd<'a> {
    fn of(servers: &Servers, runtime: &'a Runtime, tasks: i32) -> Self {
        let prefix = fresh_prefix("tasks");
        caches::configure([(&*prefix, Cache::from_url(&servers.cache_url(&prefix)).unwrap())]).unwrap();
        let products = Product::cached_in(&prefix);
        let manager = AsyncDieselConnectionManager::new(&servers.postgres);
        let crowd =
            Self { runtime, tasks, products, pool: Arc::new(Pool::builder(manager).max_size(4).build().unwrap()) };
        // What is found once was loaded, and what is loaded is stored by and by.
        (0..3).for_each(|_| crowd.read());
        crowd
    }

    fn read(&self) {
        let (pool, products) = (&self.pool, self.products);
        each(self.runtime, self.tasks, |id| {
            let pool = Arc::clone(pool);
            async move {
                for _ in 0..ROUNDS {
                    assert_eq!(black_box(products.get(id).first_with(&*pool).await.unwrap()).id, id);
                }
            }
        });
    }
}

/// Tasks that get texts, each its own, over one connection.
struct Others<'a> {
    runtime: &'a Runtime,
    tasks: i32,
    connection: MultiplexedConnection,
    prefix: String,
}

impl<'a> Others<'a> {
    fn of(servers: &Servers, runtime: &'a Runtime, tasks: i32) -> Self {
        let (client, prefix) = (redis::Client::open(servers.redis.as_str()).unwrap(), fresh_prefix("get"));
        let mut connection = runtime.block_on(client.get_multiplexed_async_connection()).unwrap();
        runtime.block_on(async {
            for id in 1..=tasks {
                // As many bytes as an entry has.
                connection.set::<_, _, ()>(format!("{prefix}:{id}"), vec![7_u8; 250]).await.unwrap();
            }
        });
        Self { runtime, tasks, connection, prefix }
    }

    fn get(&mut self) {
        let (connection, prefix) = (&self.connection, &self.prefix);
        each(self.runtime, self.tasks, |id| {
            let (mut connection, key) = (connection.clone(), format!("{prefix}:{id}"));
            async move {
                for _ in 0..ROUNDS {
                    let bytes: Vec<u8> = connection.get(&key).await.unwrap();
                    assert_eq!(black_box(bytes).len(), 250);
                }
            }
        });
    }
}

/// Runs so many tasks at once, to their end.
fn each<F: Future<Output = ()> + Send + 'static>(runtime: &Runtime, tasks: i32, task: impl Fn(i32) -> F) {
    runtime.block_on(async {
        let running: JoinSet<()> = (1..=tasks).map(task).collect();
        running.join_all().await;
    });
}

fn in_memory(servers: &Servers, runtime: &Runtime, batches: usize) -> benches::Compared {
    caches::configure([("memory", Cache::memory())]).unwrap();
    let products = Product::cached_in("memory");
    let mut blocking = servers.database();
    let mut awaited = runtime.block_on(AsyncPgConnection::establish(&servers.postgres)).unwrap();
    let mut block = || drop(black_box(products.get(1).first(&mut blocking).unwrap()));
    block();
    let turns = 1_000;
    let mut many = || (0..turns).for_each(|_| block());
    let mut others = || {
        runtime.block_on(async {
            for _ in 0..turns {
                drop(black_box(products.get(1).first(&mut awaited).await.unwrap()));
            }
        });
    };
    Plan { batches: 4 * batches, turns: 1 }.compare("one row by its key", &mut many, &mut others).shared_by(turns)
}
