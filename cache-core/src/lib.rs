//! The part of cache-diesel that knows no SQL: what entries and tags are, what reads depend on and writes
//! change, where both are kept.
//!
//! An entry carries the [tokens](Token) of all [tags](Tag) it depends on, as they were before its query began. A write gives
//! the tags of what it changed new tokens. A hit needs all tokens to be equal now, so that a fill that a
//! write has overtaken is never served, whatever the order in which the two reach the store.
//!
//! Programs use the crate `cache-diesel`; this one is for stores and drivers.

mod approach;
mod background;
mod builder;
mod cache;
mod clock;
mod codec;
mod dirty;
mod entry;
mod error;
mod event;
mod fill;
mod flight;
mod foreign;
mod format;
mod guard;
mod inspect;
pub mod intent;
mod invalidate;
mod key;
mod lease;
mod mode;
mod operation;
mod place;
pub mod policy;
pub mod protocol;
mod quantity;
mod read;
mod refresh;
pub mod registry;
mod secret;
pub mod serial;
mod settle;
mod shutdown;
mod standing;
mod statistics;
pub mod store;
#[doc(hidden)]
pub mod sync;
pub mod tables;
mod tag;
mod values;

pub use builder::CacheBuilder;
pub use cache::Cache;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use codec::{Codec, Encode, Form};
pub use entry::{Flaw, Life, Value, Worth, judge};
pub use error::{Error, ErrorKind, Result};
pub use event::{Bypass, Cause, Event};
pub use fill::{Fill, Sought, Start};
pub use flight::{Follower, Waited};
pub use inspect::Inspected;
pub use invalidate::{Ending, Invalidation};
pub use key::{CacheKey, Fingerprint, KeyBytes, KeyDigest, Kind, name_of};
pub use lease::{Approach, Right};
pub use mode::Mode;
pub use operation::Operation;
pub use policy::{Jitter, Lifetime, Timeout, Writes};
pub use protocol::breaker::BreakerState;
pub use protocol::miss::Miss;
pub use quantity::MIB;
pub use read::{Missed, Reader, Served};
pub use refresh::{Claim, Refreshing};
pub use settle::{Conclusion, Loaded, Verdict};
pub use statistics::{Counters, Counts, NearCounts, Statistics, StoreCounts};
pub use tag::{Database, ManagerTags, Reach, TableTags, Tag, TagKind, Token};
#[doc(hidden)]
pub use values::tell_circles_by;
pub use values::{Cacheable, IntoTimeout};
