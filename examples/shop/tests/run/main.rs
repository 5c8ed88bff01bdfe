//! Runs the shop, and asks for its pages over HTTP.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../src/load/client.rs"]
mod client;
mod pages;
mod shop;
mod two;
