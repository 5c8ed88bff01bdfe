//! Writes each operation of a link as commands and scripts of the server, and reads their replies.

pub(super) mod batch;
mod begin;
pub(super) mod call;
pub(super) mod change;
mod commands;
pub(super) mod connection;
pub(super) mod incarnation;
pub(super) mod keep;
mod notes;
pub(super) mod outbox;
pub(super) mod places;
mod replace;
mod scripts;
mod slots;
pub(super) mod tokens;
