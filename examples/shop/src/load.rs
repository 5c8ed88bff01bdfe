//! Drives the shop: with the cache and without, and shows what came out.

mod client;
mod plot;
pub(crate) mod watched;

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_diesel::Mode;

use crate::Failed;
use crate::load::client::Client;
use crate::load::plot::{Bar, Outcome};
use crate::monitor::sums;
use crate::site::Shop;

const CLIENTS: usize = 8;
const PRODUCTS: u64 = 60;

/// Half of the time without the cache, half with it.
pub(crate) fn run(address: SocketAddr, seconds: u64, shop: &Shop) -> Result<(), Failed> {
    println!("{CLIENTS} clients, {seconds} seconds: 80 % of the requests for 20 % of the products, 2 % writes");
    let half = Duration::from_secs(seconds.max(2)) / 2;
    let bar = Bar::new(half * 2);
    shop.cache.set_mode(Mode::Off);
    let plain = drive(address, half, &bar, shop)?;
    shop.cache.set_mode(Mode::Normal);
    let cached = drive(address, half, &bar, shop)?;
    bar.end();
    print!("{}", plot::report(&cached, &plain));
    Ok(())
}

fn drive(address: SocketAddr, time: Duration, bar: &Bar, shop: &Shop) -> Result<Outcome, Failed> {
    let (is_over, times) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let (before, began) = (sums(shop), Instant::now());
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS as u64)
            .map(|number| {
                let (is_over, times) = (&is_over, &times);
                scope.spawn(move || -> Result<(), Failed> {
                    let own = one_client(address, number, is_over)?;
                    times.lock().map_err(|_| "a client has panicked")?.extend(own);
                    Ok(())
                })
            })
            .collect();
        while began.elapsed() < time && clients.iter().all(|client| !client.is_finished()) {
            thread::sleep(Duration::from_millis(100));
            bar.show();
        }
        is_over.store(true, Ordering::Relaxed);
        clients.into_iter().try_for_each(|client| client.join().map_err(|_| "a client has panicked")?)
    })?;
    let (took, after) = (began.elapsed(), sums(shop));
    let mut times = times.into_inner().map_err(|_| "a client has panicked")?;
    times.sort_unstable();
    Ok(Outcome {
        took,
        times,
        statements: after.statements - before.statements,
        hits: after.hits - before.hits,
        misses: after.misses - before.misses,
        invalidations: after.invalidations - before.invalidations,
    })
}

/// The requests of one client, and how long each took.
fn one_client(address: SocketAddr, number: u64, is_over: &AtomicBool) -> Result<Vec<Duration>, Failed> {
    let mut client = Client::connect(address)?;
    let (mut dice, mut times) = (Dice(number + 1), Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = match dice.roll(100) {
            0 | 1 => {
                let id = dice.product();
                let body = format!(
                    "title=Product+{id}&description=Anew&category_id={}&price={}.50&stock={}",
                    id % 6 + 1,
                    dice.roll(500) + 1,
                    dice.roll(40)
                );
                client.send("POST", &format!("/products/{id}"), "application/x-www-form-urlencoded", &body)?
            }
            2..30 => client.get(&format!("/?category={}&page={}", dice.roll(6) + 1, 1))?,
            30..40 => client.get(&format!("/?page={}", dice.roll(5) + 1))?,
            40..60 => client.get(&format!("/api/products/{}", dice.product()))?,
            _ => client.get(&format!("/products/{}", dice.product()))?,
        };
        if answer.status >= 400 {
            return Err(format!("the shop answered with {}", answer.status).into());
        }
        times.push(began.elapsed());
    }
    Ok(times)
}

/// Numbers that look like chance (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    /// Four times of five one of the first twelve.
    fn product(&mut self) -> u64 {
        let most = if self.roll(5) < 4 { PRODUCTS / 5 } else { PRODUCTS };
        self.roll(most) + 1
    }
}
