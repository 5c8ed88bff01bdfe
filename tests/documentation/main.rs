//! Tests of the pages themselves: their snippets are doctests of this package.

#![allow(clippy::unwrap_used, reason = "tests")]

mod links;
mod page;
