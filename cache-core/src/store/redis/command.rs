//! Says each operation of a link in the server's commands and scripts, and reads their replies.

mod begin;
pub(super) mod call;
pub(super) mod change;
mod commands;
pub(super) mod connection;
pub(super) mod incarnation;
mod keep;
mod notes;
mod scripts;
mod slots;
pub(super) mod tokens;
