//! A shop in the browser. Each page shows, for its own request, what the cache gave, missed, added and ended, and which
//! statements were sent.
//!
//! `cargo run -p shop` needs nothing; `--database FILE`, `--redis URL` and `--port NUMBER` are for more. Two of them with one
//! database and one Redis are one shop. `-- --database FILE --redis URL manage list` looks into their cache, and `manage --help` says
//! how else. Prometheus scrapes `/metrics`. `cargo run --release -p shop -- load --seconds 20` drives it, cached and not.

mod api;
mod assets;
mod charts;
mod connections;
mod database;
mod html;
mod load;
mod log;
mod manage;
mod metrics;
mod models;
mod monitor;
mod observe;
mod options;
mod products;
mod site;
mod statements;
mod statistics;
mod trail;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use cache_diesel::Cache;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::connections::Connections;
use crate::options::{Command, Options};
use crate::site::Shop;

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if let Command::Manage { arguments } = &options.command {
        return manage::run(&options, arguments);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Failed::from).and_then(|runtime| runtime.block_on(run(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Failed> {
    let cache = match &options.redis {
        Some(url) => Cache::from_url(url)?,
        None => Cache::memory(),
    };
    // First of all: connections that are opened from now on are tracked.
    cache_diesel::install_with(cache.clone(), statements::of_connection)?;
    cache.listen("shop", statements::note);
    let folder = tempfile::tempdir()?;
    let file = options.database.clone().unwrap_or_else(|| folder.path().join("shop.sqlite").display().to_string());
    let port = if matches!(options.command, Command::Load { .. }) { 0 } else { options.port };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let is_quiet = matches!(options.command, Command::Load { .. });
    let shop = Shop::new(&cache, Connections::open(&file)?, is_quiet);
    let stop = Arc::new(Notify::new());
    let ended = Arc::clone(&stop);
    // `notify_one` is remembered until somebody waits.
    ctrlc::set_handler(move || ended.notify_one())?;
    tokio::spawn(monitor::watch(shop.clone()));
    let router = site::router(&shop).merge(metrics::router()?);
    match options.command {
        Command::Load { seconds, is_watched } => {
            tokio::spawn(async move { axum::serve(listener, router).await });
            let drive = tokio::task::spawn_blocking(move || {
                if is_watched {
                    load::watched::run((address, &file), seconds, &shop)
                } else {
                    load::run(address, seconds, &shop)
                }
            });
            tokio::select! {
                done = drive => done??,
                () = stop.notified() => return Ok(()),
            }
        }
        Command::Manage { .. } | Command::Serve => {
            println!("http://{address}");
            let served = axum::serve(listener, router);
            tokio::select! {
                served = served => served?,
                () = stop.notified() => {}
            }
        }
    }
    cache.shutdown(std::time::Duration::from_secs(2))?;
    Ok(())
}
