//! The model of near caches: a link that delays, loses and comes back; writes of this process and of another one.

mod fill;
mod link;
mod state;
mod verdict;
mod world;
mod writer;

pub(crate) use state::Left;
pub(crate) use world::NearWorld;
