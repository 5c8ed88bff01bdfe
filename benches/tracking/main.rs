//! What tracking costs: plain Diesel on a tracked connection beside the same on one without a tracker.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

mod shop;
mod way;

use benches::{Compared, Plan, print};
use cache_diesel::Cache;
use diesel::SqliteConnection;

use crate::shop::{NewProduct, Shop};
use crate::way::{Insert, InsertMany};

fn main() {
    // Whoever asks for `--test` wants to see it run, not to measure.
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = |batches, turns| if is_trial { Plan { batches: 1, turns: 1 } } else { Plan { batches, turns } };
    // The first one is opened before the cache is there.
    let mut plain: SqliteConnection = open(":memory:");
    #[cfg(feature = "postgres")]
    let mut plain_on_server = server::open("bench_untracked");
    cache_diesel::install(Cache::memory()).unwrap();
    let mut tracked = open(":memory:");
    print("SQLite in memory", ["untracked", "tracked"], &tracking(&mut plain, &mut tracked, &plan));
    #[cfg(feature = "postgres")]
    {
        let mut tracked = server::open("bench_tracked");
        // Each turn takes twenty times as long.
        let on_server = |batches, turns| plan(batches / 20, turns);
        print("PostgreSQL", ["untracked", "tracked"], &tracking(&mut plain_on_server, &mut tracked, &on_server));
    }
}

fn open<C: Shop>(url: &str) -> C {
    let mut conn = C::establish(url).unwrap();
    conn.set_up();
    conn
}

#[cfg(feature = "postgres")]
mod server {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    /// A connection to a schema of its own, which is made anew.
    pub fn open(schema: &str) -> PgConnection {
        let url = std::env::var("CACHE_DIESEL_POSTGRES_URL").expect(
            "`CACHE_DIESEL_POSTGRES_URL` is not set: run `./scripts/with-servers cargo bench -p benches --all-features`",
        );
        let mut keeper = PgConnection::establish(&url).unwrap();
        keeper.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).unwrap();
        super::open(&format!("{url}?options=-csearch_path%3D{schema}"))
    }
}

fn tracking<C: Shop>(plain: &mut C, tracked: &mut C, plan: &dyn Fn(usize, usize) -> Plan) -> Vec<Compared> {
    let ids: Vec<i32> = (1..=1000).collect();
    let rows: Vec<NewProduct> = (0..500).map(NewProduct::numbered).collect();
    vec![
        plan(4000, 50).compare("`UPDATE` by key", &mut || plain.update(7), &mut || tracked.update(7)),
        plan(4000, 50).compare("`INSERT`", &mut Insert(plain), &mut Insert(tracked)),
        plan(1500, 2).compare(
            "`INSERT` of 500 rows",
            &mut InsertMany { conn: plain, rows: &rows },
            &mut InsertMany { conn: tracked, rows: &rows },
        ),
        plan(4000, 50).compare("transaction with an `UPDATE`", &mut || plain.transact(7), &mut || tracked.transact(7)),
        plan(4000, 50).compare("`SELECT` by key", &mut || plain.find(7), &mut || tracked.find(7)),
        plan(4000, 50).compare("`SELECT`, three filters", &mut || plain.select(), &mut || tracked.select()),
        plan(1500, 4)
            .compare("`SELECT`, `eq_any` of 1000", &mut || plain.select_any(&ids), &mut || tracked.select_any(&ids)),
    ]
}
