//! Caches of several processes over one simulated server: forced schedules, faults, other lives of the server, and
//! random histories. Whatever is read is compared with what the database held when the read began.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod build;
mod city;
mod claims;
mod deploys;
mod faults;
mod found_notes;
mod given;
mod histories;
mod history;
mod lives;
mod memory_only;
mod process;
mod races;
mod refreshes;
mod renewals;
mod slow;
mod standing;
