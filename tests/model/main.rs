//! The protocol under a model checker: every interleaving of a few readers, writers and faults, and defects that have
//! to be found.

mod canonical;
mod catalog;
mod check;
mod computed;
mod faults;
mod lagging;
mod limits;
mod mutations;
mod names;
mod near;
mod open;
mod plans;
mod process;
mod promises;
mod reader;
mod release;
mod scenario;
mod scenarios;
mod shop;
mod sight;
mod state;
mod steady;
mod steps;
mod through;
mod verdict;
mod world;
mod writer;
