//! Tests of the pages themselves: their snippets are doctests of this package.

#![allow(clippy::unwrap_used, reason = "tests")]

mod architecture;
mod links;
mod page;
mod table;
mod tree;
