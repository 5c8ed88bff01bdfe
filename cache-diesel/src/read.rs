//! Holds cached reads: built by the manager, ended by a method that takes a connection.
//!
//! `P` is a model, or a view of one. The methods that end a read have one signature for every kind of connection. The first
//! line of each says what it returns on a connection that blocks; on one that is awaited it returns a future of that.

pub(crate) mod builder;
pub(crate) mod drive;
pub(crate) mod page;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod shape;
pub(crate) mod task;
pub(crate) mod terminal;

pub use crate::audit::verify::{Verified, VerifiedRows};
pub use builder::{
    Anywhere, Arranged, Counted, DefaultOrder, Existing, Filterable, FilteredRead, FirstRead, Holds, IntoSuffix,
    ListRead, ManyRead, On, OnJoined, OnlyFirst, RowRead, ScopeRead, UniqueRead, Unordered, Whole, WithTotal,
};
pub use drive::acquaint::acquaint;
#[cfg(feature = "async")]
pub use drive::acquaint::acquaint_async;
#[cfg(feature = "async")]
pub use drive::awaiting::Awaiting;
#[cfg(feature = "async-postgres")]
pub use drive::pipelined::Pipelined;
pub use drive::taking::{ReadsWith, WithOf};
pub use page::base::{BaseQueryOf, OwnQuery, Queried};
pub use page::load::LoadModel;
pub use page::part::Part;
pub use page::relation::{Belongs, ChildOf, ForeignKeyOf, Joins, Prefetch, Prefetched, Relation};
pub use page::{CachedView, KeyOf, KeyedSource, LoadPages, Page};
pub use task::answer::list_codec;
pub use task::pointer::unique_codec;
pub use task::row::row_codec;
pub use terminal::connection::{AnyConnection, Blocking, Connected, ReadsColumns, WritingConnection};
pub use terminal::depend::Depended;
pub use terminal::entry::{CachedEntry, CachedList, CachedRow, CachedRows, ListWithTotal, Origin};
pub use terminal::explain::{Explained, ExplainedAnswer, ExplainedEntry, ExplainedTag, Explanation};
pub use terminal::multi::Multi;
pub use terminal::take::{OptionalRead, PoolFailure, ReadError, TakeConnection};
pub use terminal::{AsRead, AsReadEntry, BlockingRead, Ended, First, FirstEntry, Require, Runs};

pub(crate) use drive::ask::may_store;
pub(crate) use drive::calls::call;
pub(crate) use drive::consult::{confirm, consult_writer, structures_of};
pub(crate) use drive::gate::{gate, introduce_writer, is_in_transaction};
pub(crate) use task::row::keep_row;
pub(crate) use task::{Head, Site};
