//! Searches for stale reads: several processes on one database and one Redis, under every fault.
//!
//! ```text
//! cargo run --release -p torture -- --seconds 60
//! cargo run --release -p torture -- --seconds 60 --near
//! cargo run --release -p torture -- --seconds 60 --standby
//! cargo run --release -p torture -- --seconds 60 --file
//! cargo run --release -p torture -- --seconds 60 --tables --near
//! cargo run --release -p torture -- --seconds 60 --cluster --near
//! cargo run --release -p torture -- --seconds 60 --cluster --spread
//! cargo run --release -p torture -- --seconds 10 --without-protocol
//! ```
//!
//! Workers are processes of this program. Each reads rows in every way that managers have and writes them in every way
//! that is tracked; what a write returned and what a read gave, they tell the run, which kills and pauses them, spoils
//! their links, and restarts and empties Redis. Before a read begins, the run notes the least versions that it may give.

use std::process::ExitCode;

mod arguments;
mod coordinator;
mod grade;
mod ledger;
mod message;
mod models;
mod nemesis;
mod process;
mod proxy;
mod question;
mod report;
mod run;
mod schema;
mod servers;
mod worker;
mod workers;

use arguments::{Arguments, USAGE};

fn main() -> ExitCode {
    let done = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Arguments::Run(run)) => run::run(&run),
        Ok(Arguments::Worker(worker)) => worker::work(&worker).map(|()| ExitCode::SUCCESS),
        Err(error) => Err(format!("{error}\n{USAGE}").into()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("torture: {error}");
        ExitCode::from(2)
    })
}
