//! Holds the settings of caches, reads them from URLs, and hides secrets in messages.

pub mod policy;
pub(crate) mod quantity;
pub(crate) mod secret;
