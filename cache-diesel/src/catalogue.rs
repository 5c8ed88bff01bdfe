//! Knows what a database declares by itself: the tables that its policies and views read, the parts of its tables, and
//! functions of its own.

mod fact;
mod known;
pub(crate) mod named;
mod resolve;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use fact::listed_functions;
pub(crate) use fact::{AskedColumn, FactRow, pairs_of};
pub(crate) use known::{
    CatalogueQuery, Structure, are_exact, catalogue_of, forget, has_functions, holds, is_current, keep, was_asked,
};
pub(crate) use resolve::Catalogue;
