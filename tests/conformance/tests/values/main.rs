//! Values that are set by hand, over every store: what each call does, at each point at which another one can come
//! between, and whatever arrives late.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod basics;
mod circles;
mod computed_circles;
mod counters;
mod failures;
mod histories;
mod keys;
mod kit;
mod late;
mod loads;
mod many;
mod places;
mod schedules;
mod sessions;
