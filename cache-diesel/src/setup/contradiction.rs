//! Says which statements of models their databases contradict.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use crate::catalogue::Catalogue;
use crate::model::declaration::statements;
use crate::warning;

/// A column that a model says is compared byte by byte (`exact(..)`), and a database compares otherwise.
///
/// Nothing is served by it: such a column counts as any that is not compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contradiction {
    /// The model's path.
    pub model: String,
    /// The table in SQL.
    pub table: String,
    /// The column in SQL.
    pub column: String,
    /// What the database has it as: its type, and its collation if it has one.
    pub declared: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, table, column, declared } = self;
        write!(
            formatter,
            "`{model}` says `exact({column})`, but the database may take different values of `{table}.{column}` for equal, \
             which is declared as {declared}: it is not taken for exact, so that writes by it count for the whole table; \
             give the column a type and a collation that compare bytes, or leave `exact({column})` out"
        )
    }
}

static FOUND: Mutex<Vec<Contradiction>> = Mutex::new(Vec::new());

/// What databases have contradicted since the program began, each once: their number is how often it happened.
///
/// A database is asked before the first entry of it is stored, and before the first write of such a model through its
/// manager. What is found is reported once in a message, and [`check_settings`](crate::check_settings) fails on it.
///
/// # Examples
///
/// ```
/// assert_eq!(cache_diesel::contradictions(), []);
/// ```
#[must_use]
pub fn contradictions() -> Vec<Contradiction> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keeps, and tells, what in `catalogue` is new of this kind.
pub(crate) fn report_new(catalogue: &Catalogue) {
    let contradicted = statements().filter_map(|(model, table, column)| {
        let declared =
            catalogue.declared_as(&table, column).filter(|_| !catalogue.is_exact(&table, column))?.to_owned();
        Some(Contradiction { model, table, column: column.to_owned(), declared })
    });
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    for contradiction in contradicted {
        if !found.contains(&contradiction) {
            warning::contradicted(&contradiction);
            found.push(contradiction);
        }
    }
}
