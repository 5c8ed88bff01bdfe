//! What a cache on Redis costs and gives: a hit beside raw commands, a cold key that four processes want at once, and
//! four processes that read and write one table on PostgreSQL.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

mod crowd;
mod hit;
mod mixed;
mod shop;
mod worker;

use crate::shop::Servers;
use crate::worker::Errand;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(errand) = Errand::read(&arguments) {
        return errand.run();
    }
    let is_trial = arguments.iter().any(|argument| argument == "--test");
    let servers = Servers::of_environment();
    servers.set_up();
    hit::print(&servers, if is_trial { 1 } else { 400 });
    crowd::print(&servers, if is_trial { 1 } else { 5 });
    mixed::print(if is_trial { 0.2 } else { 4.0 });
    servers.tidy();
}
