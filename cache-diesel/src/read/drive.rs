//! Drives reads, on a connection that blocks and on one that is awaited.

pub(crate) mod acquaint;
pub(crate) mod ask;
#[cfg(feature = "async")]
pub(crate) mod awaiting;
pub(crate) mod batch;
pub(crate) mod blocking;
pub(crate) mod consult;
pub(crate) mod gate;
pub(crate) mod refresh;
