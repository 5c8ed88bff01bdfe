//! Drives the shop in turns: nobody watches the cache, and everything does that an operator may turn on.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cache_diesel::{AuditSettings, JournalSettings};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use crate::load::client::Client;
use crate::load::drive;
use crate::load::plot::{Bar, Outcome};
use crate::site::Shop;
use crate::{Failed, database};

/// How long each turn is.
const TURN: Duration = Duration::from_secs(2);

/// Requests a second: nobody watched, and everything did.
type Pair = [f64; 2];

/// Turns of both kinds, one after the other. Whichever is first in one pair is second in the next.
pub(crate) fn run((address, file): (SocketAddr, &str), seconds: u64, shop: &Shop) -> Result<(), Failed> {
    prepare(file)?;
    let pairs = (seconds / (2 * TURN.as_secs())).max(1);
    let bar = Bar::new(TURN * 2 * u32::try_from(pairs)?);
    // The first turn fills the cache, and counts for nothing.
    drive(address, TURN / 2, &bar, shop)?;
    let mut measured: Vec<Pair> = Vec::new();
    for number in 0..pairs {
        let mut pair = [0.0; 2];
        for is_watched in [number % 2 == 1, number % 2 == 0] {
            watch(shop, is_watched);
            let outcome = if is_watched { scraped(address, &bar, shop)? } else { drive(address, TURN, &bar, shop)? };
            pair[usize::from(is_watched)] = outcome.a_second(outcome.count());
        }
        measured.push(pair);
    }
    bar.end();
    print!("{}", report(&measured));
    println!("{}", cache_diesel::audit_report());
    Ok(())
}

/// Gives the auditor its connections, and the program a subscriber.
fn prepare(file: &str) -> Result<(), Failed> {
    let file = file.to_owned();
    cache_diesel::audit_with(move || -> ConnectionResult<Box<SqliteConnection>> {
        let mut conn = SqliteConnection::establish(&file)?;
        conn.batch_execute(database::SETTINGS).map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Box::new(conn))
    })?;
    tracing::subscriber::set_global_default(Listener)?;
    Ok(())
}

/// A journal, the auditor and the subscriber: all of them, or none.
fn watch(shop: &Shop, is_watched: bool) {
    shop.cache.set_audit(is_watched.then(|| AuditSettings::one_in(1_000)));
    shop.cache.set_journal(is_watched.then(|| JournalSettings::last(10_000)));
    IS_LISTENING.store(is_watched, Ordering::SeqCst);
    tracing::callsite::rebuild_interest_cache();
}

/// A turn in which the metrics are asked for, over and over.
fn scraped(address: SocketAddr, bar: &Bar, shop: &Shop) -> Result<Outcome, Failed> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let scraper = scope.spawn(|| -> Result<(), Failed> {
            let mut client = Client::connect(address)?;
            while !is_over.load(Ordering::Relaxed) {
                client.get("/metrics")?;
                thread::sleep(Duration::from_millis(500));
            }
            Ok(())
        });
        let outcome = drive(address, TURN, bar, shop);
        is_over.store(true, Ordering::Relaxed);
        scraper.join().map_err(|_| "the scraper has panicked")??;
        outcome
    })
}

fn report(measured: &[Pair]) -> String {
    let mut text = format!("\n{:<22}{:>12}{:>12}{:>10}\n", "requests a second", "not watched", "watched", "ratio");
    let ratio = |[plain, watched]: &Pair| watched / plain;
    for pair in measured {
        // A `String` takes whatever is written.
        _ = writeln!(text, "{:<22}{:>12.0}{:>12.0}{:>10.3}", "", pair[0], pair[1], ratio(pair));
    }
    let [plain, watched] = [0, 1].map(|side| median(measured.iter().map(|pair| pair[side])));
    let ratio = median(measured.iter().map(ratio));
    _ = writeln!(text, "{:<22}{plain:>12.0}{watched:>12.0}{ratio:>10.3}", "median");
    text
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

static IS_LISTENING: AtomicBool = AtomicBool::new(false);

/// Wants every span and event while it listens, and keeps none of them.
struct Listener;

impl Subscriber for Listener {
    fn register_callsite(&self, _metadata: &'static Metadata<'static>) -> Interest {
        if IS_LISTENING.load(Ordering::SeqCst) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        IS_LISTENING.load(Ordering::Relaxed)
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, _event: &Event<'_>) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
