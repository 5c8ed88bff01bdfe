//! Entries past their soft deadline: served at once, refreshed once, in the background where there is a pool.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{CacheBuilder, Kind, Mode, Origin};
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::result::Error;

use crate::database::{self, Conn, Database};
use crate::harness::{Hook, Moment, Shop, once_at, products};
use crate::kept::cache_at;
use crate::line::prelude::*;
use crate::probe::{Probe, with_probe};
use crate::transactions::retitle;

mod alone;
mod answered;
mod lives;
mod pooled;
mod views;

const SOFT: Duration = Duration::from_secs(10);

/// What each kind of read sees of the first product's title.
type Read = fn(&Shop, &mut Conn) -> String;

const READS: [Read; 9] = [
    |shop, conn| shop.products().get(1).first(conn).unwrap().title.clone(),
    |shop, conn| {
        let slug = String::from("lamp");
        shop.products().get(1).filter(products::slug.eq(slug.as_str())).first(conn).unwrap().title.clone()
    },
    |shop, conn| shop.products().get_by_slug("lamp").first(conn).unwrap().title.clone(),
    |shop, conn| shop.products().get_many([2, 1]).load(conn).unwrap()[1].as_ref().unwrap().title.clone(),
    |shop, conn| {
        let slugs = [String::from("lamp"), String::from("table")];
        let list = shop.products().all("some", products::slug.eq_any(&slugs));
        list.order_by(products::id).load(conn).unwrap()[0].title.clone()
    },
    |shop, conn| shop.products().all_by_category_id(7).order_by(products::id).load(conn).unwrap()[0].title.clone(),
    |shop, conn| shop.products().every().order_by(products::id).first(conn).unwrap().title.clone(),
    |shop, conn| {
        let title = String::from("Lamp");
        let count = shop.products().all((), products::title.eq(title.as_str())).count(conn).unwrap();
        if count == 1 { title } else { "Unseen".into() }
    },
    |shop, conn| {
        let is_there = shop.products().all((), products::title.eq("Unseen")).exists(conn).unwrap();
        if is_there { "Unseen".into() } else { "Lamp".into() }
    },
];

/// A shop whose entries are stale after ten seconds.
fn ageing(clock: &ManualClock) -> Shop {
    Shop::with(cache_at(clock).relevance_timeout(SOFT))
}

/// Changes the first product without anybody being told.
fn change_unseen(shop: &Shop) {
    retitle(&mut shop.untracked(), 1, "Unseen").unwrap();
}

#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::yield_now();
    }
}

/// A pool of connections for refreshes, which counts them, and what is asked on them once they are set up.
struct Pool {
    statements: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
}

impl Pool {
    fn of(shop: &Shop, hook: Option<Hook>) -> Self {
        Self::at(shop.url(), hook)
    }

    fn at(url: String, hook: Option<Hook>) -> Self {
        let pool = Self { statements: Arc::default(), taken: Arc::default() };
        let (statements, taken) = (Arc::clone(&pool.statements), Arc::clone(&pool.taken));
        cache_diesel::refresh_with(move || {
            taken.fetch_add(1, Ordering::SeqCst);
            let is_set_up = Arc::new(AtomicBool::new(false));
            let counted = once_set_up(Arc::clone(&is_set_up), Arc::clone(&statements), hook.clone());
            let probe = Probe { statements: Arc::default(), hook: Some(counted) };
            let mut conn = Box::new(with_probe(probe, || Conn::establish(&url))?);
            database::set_up(&mut conn);
            is_set_up.store(true, Ordering::SeqCst);
            Ok::<_, ConnectionError>(conn)
        })
        .unwrap();
        // It was asked which database it is on.
        pool.taken.store(0, Ordering::SeqCst);
        pool.statements.store(0, Ordering::SeqCst);
        pool
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

/// Counts what a connection is asked once it is set up: another may be on its way while the statements are read.
fn once_set_up(is_set_up: Arc<AtomicBool>, statements: Arc<AtomicUsize>, hook: Option<Hook>) -> Hook {
    Arc::new(Mutex::new(move |event: &InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) && is_set_up.load(Ordering::SeqCst) {
            statements.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(hook) = &hook {
            (hook.lock().unwrap())(event);
        }
    }))
}

/// A hook that stops the first query of products until the sender is used or dropped, and tells when it is there.
fn stopped() -> (Hook, mpsc::Receiver<()>, mpsc::Sender<()>) {
    stopped_at("FROM products")
}

/// The same for the first query whose text has `sql` in it.
fn stopped_at(sql: &'static str) -> (Hook, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (arrived, arrives) = mpsc::channel();
    let (go, goes) = mpsc::channel::<()>();
    let hook = once_at(Moment::Finish, sql, move || {
        arrived.send(()).unwrap();
        let _ = goes.recv_timeout(Duration::from_secs(30));
    });
    (hook, arrives, go)
}
