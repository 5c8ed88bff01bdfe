//! Holds the low-level cache: values that a program sets under keys of its own.
//!
//! Every call is a method of [`Cache`](crate::Cache). A value lies in a *slot* of the store. Whoever changes a slot has
//! looked at it first, and the change is done only if the slot is still what was seen
//! ([`Store::exchange`](crate::store::Store::exchange)); otherwise it is decided again. Where there is nothing, a vacant
//! slot is put first. What arrives late therefore finds another slot, and changes nothing. A value carries the token of
//! the whole cache, as an entry does.

mod circle;
mod count;
mod form;
mod load;
mod many;
mod read;
mod slots;
mod timeout;
mod version;
mod write;

pub(crate) use circle::circle;
pub use circle::tell_circles_by;
pub use form::Cacheable;
pub use timeout::IntoTimeout;
