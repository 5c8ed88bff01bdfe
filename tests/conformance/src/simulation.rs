//! A server, and links to it, that do what no real server does on demand.
//!
//! A [`Server`] keeps bytes under keys with expiry, as Redis does, and executes what a
//! [`Link`](cache_core::store::Link) asks for. Each process of a test has a [`SimulatedLink`] of its own. Nothing here is
//! left to chance that a seed does not repeat.

mod fault;
mod hooks;
mod keyspace;
mod link;
mod sent;
mod server;
mod stamp;
mod world;

pub use fault::{Fault, Operation};
pub use link::SimulatedLink;
pub use server::{Server, Snapshot};
pub use world::World;
