//! Settings of caches, how URLs say them, and what a message may show of a URL.

pub mod policy;
pub(crate) mod quantity;
pub(crate) mod secret;
