//! Reads from SQL text what it changes and which tables it reads.
//!
//! Nothing here parses SQL in full. The text is cut into tokens ([`lex`]) and statements ([`split`]),
//! a statement is told by its first word ([`statement`]), and what carries data is walked once from
//! left to right ([`walk`]). Whatever is not followed with certainty widens: a write becomes
//! [`Effect::Unknown`], a read is not cached. Every pass is linear in the length of the text, and
//! none recurses, so that text from anywhere can be given in.

mod bound;
mod call;
mod called;
mod chunk;
mod cursor;
mod doubt;
mod effect;
mod exact;
mod function;
mod given;
mod lex;
mod memo;
mod name;
mod plain;
mod pragma;
mod quote;
mod read;
mod rule;
mod session;
mod split;
mod statement;
mod token;
mod transaction;
mod trigger;
mod variable;
mod walk;
mod whole;
mod word;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use bound::Bound;
#[cfg(feature = "sqlite")]
pub(crate) use bound::{bytes as printed_bytes, opening_quote, text as printed_text};
pub(crate) use bound::{count as count_binds, last as last_bounds};
pub(crate) use call::listed;
pub(crate) use called::Called;
pub(crate) use chunk::{Binds, Bounded, first_chunk};
pub(crate) use effect::{Dialect, Effect, SettingEffect, Transaction, WriteKind, Written};
pub(crate) use exact::{KeyCondition, OneRow, bind_count, is_plain_column, one_row, sole_change};
pub(crate) use given::gives_columns;
pub(crate) use memo::{Memo, TextHash};
pub(crate) use name::{has_schema, table_name};
pub(crate) use read::{SelectText, read};
pub(crate) use rule::{calls_any, defined_by, rule};
#[cfg(feature = "postgres")]
pub(crate) use session::HARMLESS_SETTINGS;
pub(crate) use trigger::trigger_body;
pub(crate) use whole::is_counted_whole;

/// Gives `each` the effects of the statements in `sql`, in order.
///
/// Empty statements have none. A statement may have several: a `CREATE TEMP TABLE` is unknown and
/// makes the session particular, one `SET` of MySQL sets several variables. From the first place that
/// cannot be read with certainty on, the rest of the text is one unknown statement; if it may have
/// begun or ended a transaction, a [`Transaction::Savepoint`] is given with it, after which nobody can
/// tell either whether one is open.
pub(crate) fn effects(sql: &str, dialect: Dialect, each: &mut dyn FnMut(Effect)) {
    if plain::is_select(sql, dialect) {
        each(Effect::Read);
    } else {
        split::statements(sql, dialect, each);
    }
}
