//! Uses the derive in a crate that refuses every warning.
//!
//! Models and views of every form, in a library: lints on documentation and on what callers see say nothing in tests.
//! The tests build it, and clippy reads it together with everything else.

#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::nursery, clippy::pedantic, clippy::unwrap_used)]
#![deny(future_incompatible, let_underscore, nonstandard_style, rust_2018_idioms, rust_2021_compatibility, unused)]
#![deny(missing_debug_implementations, missing_docs, redundant_lifetimes, single_use_lifetimes, trivial_casts)]
#![deny(trivial_numeric_casts, unit_bindings, unreachable_pub, unused_lifetimes, unused_qualifications, unused_results)]

pub mod bases;
pub mod hidden;
pub mod models;
pub mod schema;
pub mod shapes;
pub mod views;
