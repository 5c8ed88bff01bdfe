//! Joined and prefetched rows: a generated struct with the model's row and its related ones, read as rows are.

mod answer;
mod list;
mod list_task;
mod lookup;
mod manager;
mod many;
mod page;
mod part;
mod relation;
mod require;
mod row;
mod row_task;

pub use list::{PageList, PageScope};
pub use lookup::UniquePageRead;
pub use manager::{ViewCell, ViewManager};
pub use many::ManyPagesRead;
pub use page::{CachedView, LoadPages, Page};
pub use part::Part;
pub use relation::{Belongs, ChildOf, ForeignKeyOf, Joins, Prefetch, Prefetched, Relation};
pub use row::{FilteredPageRead, PageRead};
