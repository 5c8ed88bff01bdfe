//! Holds computed values: entries that depend on whatever was read while they were computed.

pub(crate) mod entry;

mod awaiting;
mod calls;
mod computation;
mod form;
mod labelled;
mod load;

pub use awaiting::RefreshTask;
pub use computation::Computation;
pub use form::{ByCodec, BySerde, Computable};
pub use labelled::Labelled;
