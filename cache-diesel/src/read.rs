//! Cached reads: built by the manager, ended by a method that takes a connection.

mod answer;
mod ask;
mod asked;
#[cfg(feature = "__async")]
mod awaiting;
mod base;
mod batch;
mod blocking;
mod connection;
mod consult;
mod entry;
mod filter;
mod first;
mod gate;
mod keep;
mod list;
mod load;
mod lookup;
mod lookup_task;
mod many;
mod multi;
mod number;
mod options;
mod order;
mod pointer;
mod refresh;
pub(crate) mod refused;
mod row;
mod row_task;
mod take;
mod task;
mod terminal;
mod total;
mod twice;
pub(crate) mod view;

pub use base::{BaseQueryOf, KeyedSource, OwnQuery, Queried};
pub use connection::{AnyConnection, Blocking, Connected, ReadsColumns, WritingConnection};
pub use entry::{CachedEntry, CachedList, CachedRow, CachedRows, ListWithTotal, Origin};
pub use filter::{Anywhere, Filterable, Holds, IntoSuffix, On, OnJoined};
pub use first::FirstRead;
pub use list::{ListRead, ScopeQuery};
pub use load::LoadModel;
pub use lookup::UniqueRead;
pub use many::ManyRead;
pub use multi::Multi;
pub use order::{Arranged, DefaultOrder, Unordered, Whole};
pub use pointer::unique_codec;
pub use row::{FilteredRead, RowRead};
pub use take::{OptionalRead, ReadError, TakeConnection};
pub use terminal::{BlockingRead, Runs};
pub use view::{FilteredPageRead, LoadPages, ManyPagesRead, PageList, PageRead, UniquePageRead};

pub(crate) use ask::introduce_writer;
pub(crate) use consult::consult_writer;
pub(crate) use gate::{gate, is_in_transaction, transaction_depth};
pub(crate) use task::Head;
