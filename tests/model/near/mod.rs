//! The model of near caches: a link that delays, loses and comes back; writes of this process and of another one.

mod state;
mod world;

pub(crate) use state::Left;
pub(crate) use world::NearWorld;
