//! Reads what was typed: `#[cached(..)]`, and what `#[diesel(..)]` says of the same struct.

pub(crate) mod base_query;
pub(crate) mod diesel;
pub(crate) mod field;
pub(crate) mod key_path;
pub(crate) mod lookup;
pub(crate) mod options;
pub(crate) mod order_by;
pub(crate) mod timeout;
pub(crate) mod timeouts;
pub(crate) mod view;

pub(crate) mod option;
pub(crate) mod recover;
pub(crate) mod value;
