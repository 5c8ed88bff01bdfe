//! Runs the shop, and asks for its pages over HTTP.

#![allow(clippy::unwrap_used, reason = "tests")]

mod browser;
mod chromium;
#[path = "../../src/load/client.rs"]
mod client;
mod manage;
mod metrics;
mod pages;
mod pictures;
mod shop;
mod two;
