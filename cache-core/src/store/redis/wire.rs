//! Carries bytes to a Redis server and back, before a deadline.

pub(super) mod address;
pub(super) mod connect;
pub(super) mod failure;
pub(super) mod frame;
mod resolve;
pub(super) mod slot;
pub(super) mod socket;
#[cfg(feature = "redis-tls")]
mod tls;
#[cfg(feature = "redis-tls")]
mod trust;
