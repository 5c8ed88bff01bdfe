//! A service of the RealWorld kind: users, profiles, articles, tags, favorites, comments, feeds. Its handlers are written
//! twice, through the cache and over plain Diesel, and the collection of requests by which the RealWorld project tries its
//! services runs over both.

mod answer;
mod blog;
mod cached;
mod collection;
mod compare;
mod database;
mod models;
mod plain;
mod request;
mod schema;
mod statements;
mod writes;

use std::error::Error;
use std::io::{self, Write};

use cache_diesel::prelude::*;

use crate::compare::{Cost, Pair, total};
use crate::database::Databases;
use crate::statements::Statements;

fn main() -> Result<(), Box<dyn Error>> {
    let databases = Databases::new()?;
    let (url, plain_url) = (databases.url("cached"), databases.url("plain"));
    // First of all: connections that are opened from now on are tracked, and counted by the program's own instrumentation.
    // A program with one database says `cache_diesel::only_database(&url)` instead; this one has another for plain Diesel.
    cache_diesel::install_with(Cache::builder().database(&url), || Some(Box::new(Statements)))?;
    let mut pair = Pair::new(databases.blog(&url)?, databases.blog(&plain_url)?);
    let costs = pair.run()?;
    let sent = pair.read_again()?;
    show(&costs, &mut io::stdout().lock())?;
    println!();
    println!(
        "Every answer of the one equals that of the other. A ping is the SELECT 1 by which r2d2 tries a connection."
    );
    println!(
        "All reads once more, while no connection is to be had: {} statements, {} pings.",
        sent.selects, sent.pings
    );
    Ok(())
}

fn show(costs: &[Cost], to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "{:34} {:>15} {:>15}", "", "through cache", "plain Diesel")?;
    writeln!(to, "{:34} {:>8} {:>6} {:>8} {:>6}", "request", "SELECTs", "pings", "SELECTs", "pings")?;
    let mut line = |Cost { name, cached, plain }: &Cost| {
        let [cached, plain] = [cached, plain].map(|counts| (counts.selects, counts.pings));
        writeln!(to, "{name:34} {:>8} {:>6} {:>8} {:>6}", cached.0, cached.1, plain.0, plain.1)
    };
    costs.iter().try_for_each(&mut line)?;
    line(&total(costs))
}
