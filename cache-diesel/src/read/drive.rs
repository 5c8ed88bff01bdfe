//! Drives reads: one text for connections that block and for those that are awaited.

pub(crate) mod acquaint;
pub(crate) mod ask;
#[cfg(feature = "async")]
pub(crate) mod awaiting;
pub(crate) mod batch;
pub(crate) mod blocking;
pub(crate) mod calls;
pub(crate) mod compare;
pub(crate) mod consult;
pub(crate) mod gate;
pub(crate) mod miss;
#[cfg(feature = "async-postgres")]
pub(crate) mod pipelined;
pub(crate) mod refresh;
pub(crate) mod span;
pub(crate) mod taking;
