//! Reads what a URL says of a Redis server, and what the server says.

pub(super) mod address;
pub(super) mod failure;
pub(super) mod frame;

pub(super) use crate::store::wire::{connect, socket};
