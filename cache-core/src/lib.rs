//! The part of cache-diesel that knows no SQL: entries and tags, the decisions of the protocol, and the stores.
//!
//! An entry carries the [tokens](Token) of all [tags](Tag) it depends on, as they were before its query began. A write gives
//! the tags of what it changed new tokens. A hit needs all tokens to be equal now, so that a fill that a
//! write has overtaken is never served, whatever the order in which the two reach the store.
//!
//! Programs use the crate `cache-diesel`; this one is for stores and drivers.

mod cache;
mod clock;
mod computed;
mod entry;
mod error;
mod invalidation;
mod name;
mod observe;
#[doc(hidden)]
pub mod planted;
pub mod protocol;
mod read;
mod runtime;
mod setting;
pub mod store;
#[doc(hidden)]
pub mod sync;
mod values;

pub use cache::awaited::{Manner, Offloaded};
pub use cache::builder::CacheBuilder;
pub use cache::mode::Mode;
#[doc(hidden)]
pub use cache::mode::Watch;
pub use cache::{Cache, registry};
pub use clock::{Clock, ManualClock, Moment, SystemClock, Timestamp};
#[doc(hidden)]
pub use computed::Labelled;
pub use computed::entry::{CachedEntry, Origin};
pub use computed::{ByCodec, BySerde, Computable, Computation, RefreshTask};
pub use entry::codec::{Codec, Encode, Encoding};
pub use entry::{Flaw, Life, Value, Worth, judge, serial};
pub use error::{Error, ErrorKind, Result};
pub use invalidation::{Invalidation, WriteEnd};
pub use name::key::{CacheKey, Fingerprint, KeyBytes, KeyDigest, Kind, name_of};
pub use name::shard::Shard;
pub use name::tables;
pub use name::tag::{Cardinality, Database, ManagerTags, TableTags, Tag, TagKind, Token};
pub use observe::audit::{AuditCounts, AuditSettings, OnStale};
pub use observe::event::{Bypass, Cause, Event};
#[doc(hidden)]
pub use observe::journal::Asked;
pub use observe::journal::{JournalNote, JournalSettings, Noted};
pub use observe::operation::Operation;
#[doc(hidden)]
pub use observe::report;
pub use observe::statistics::{Counters, Counts, NearCounts, Statistics, StoreCounts};
pub use protocol::breaker::BreakerState;
pub use protocol::candidate::Unstored;
pub use protocol::collect::Unkept;
pub use protocol::intent;
pub use protocol::miss::Miss;
pub use protocol::sharding::Sharding;
pub use protocol::write::Width;
pub use read::approach::Attempt;
pub use read::candidate::{Candidate, GivenRow};
pub use read::collect::{CarriedTask, Collecting, Expected, WeakCollecting, carry, carry_task, is_collecting};
pub use read::fill::{Fill, Loaders, Sought, Start};
pub use read::inspect::Inspected;
pub use read::lease::{Approach, LeaseWait, Right};
pub use read::settle::{Conclusion, Loaded, Settlement};
pub use read::{Missed, Reader, Served};
pub use runtime::desk::{Answer, Desk, Nap};
pub use runtime::flight::{Follower, Following, Waited};
pub use runtime::refresh::{Claim, Refreshing};
pub use setting::policy::{self, Jitter, Lifetime, Timeout, Writes};
pub use setting::quantity::MIB;
#[doc(hidden)]
pub use values::tell_circles_by;
pub use values::{Cacheable, IntoTimeout};
