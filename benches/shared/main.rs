//! What a cache on Redis costs and gives: a hit beside raw commands, lists beside those by hand, a thousand tasks beside
//! redis' multiplexed connection, a cold key that four processes want at once, and four processes that read and write one table on PostgreSQL, under several loads, from cold
//! and in the steady state.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

mod crowd;
mod hit;
mod ledger;
mod lists;
mod load;
mod mixed;
mod processor;
mod shop;
mod tasks;
mod worker;

use cache_diesel::prelude::*;

use crate::shop::Servers;
use crate::worker::Errand;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(errand) = Errand::read(&arguments) {
        return errand.run();
    }
    let is_trial = arguments.iter().any(|argument| argument == "--test");
    // `-- hit mixed`: only these.
    let is_wanted = |name: &str| {
        let mut named = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        named.peek().is_none() || named.any(|argument| argument == name)
    };
    let servers = Servers::of_environment();
    servers.set_up();
    cache_diesel::install(Cache::none()).unwrap();
    if is_wanted("hit") {
        hit::print(&servers, if is_trial { 1 } else { 400 });
    }
    if is_wanted("lists") {
        lists::print(&servers, if is_trial { 1 } else { 400 });
    }
    if is_wanted("tasks") {
        tasks::print(&servers, if is_trial { 1 } else { 40 });
    }
    if is_wanted("crowd") {
        crowd::print(&servers, if is_trial { 1 } else { 5 });
    }
    if is_wanted("mixed") {
        mixed::print(if is_trial { 0.2 } else { 4.0 });
    }
    servers.tidy();
}
