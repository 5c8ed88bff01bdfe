//! Collects the mistakes, so that one build reports them all.

use core::fmt::Display;

use proc_macro2::{Span, TokenStream};
use syn::{Error, Ident, Result};

/// The mistakes found so far, in the order they were met.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<Error>,
}

impl Diagnostics {
    /// Records a mistake at what the user typed.
    pub(crate) fn error(&mut self, span: Span, message: impl Display) {
        self.errors.push(Error::new(span, message));
    }

    /// Keeps the value, or records why there is none.
    pub(crate) fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// Keeps the first value of an option, and records the others.
    pub(crate) fn set<T>(&mut self, slot: &mut Option<T>, value: T, name: &Ident) {
        if slot.is_some() {
            self.error(name.span(), format!("option `{name}` is given twice, keep one of them"));
        } else {
            *slot = Some(value);
        }
    }

    /// How many mistakes were found so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Renders every mistake as a `compile_error!`.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.errors.iter().map(Error::to_compile_error).collect()
    }

    /// Renders the first mistake, and all others.
    pub(crate) fn split_first(&self) -> (TokenStream, TokenStream) {
        let mut errors = self.errors.iter().map(Error::to_compile_error);
        (errors.next().unwrap_or_default(), errors.collect())
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.errors.iter().map(ToString::to_string).collect()
    }
}

/// Ends a message with the candidate that `name` was probably meant to be, if there is one.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    // A third of the letters may be wrong: `ttl` must not suggest `key`.
    let limit = name.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean `{candidate}`?"))
}

/// Counts the letters to insert, remove, replace or swap with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
    for row in 0..=from.len() {
        for column in 0..=to.len() {
            table[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let is_other = usize::from(from[row - 1] != to[column - 1]);
                let edited = (table[row - 1][column] + 1)
                    .min(table[row][column - 1] + 1)
                    .min(table[row - 1][column - 1] + is_other);
                let is_swapped =
                    row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1];
                if is_swapped { edited.min(table[row - 2][column - 2] + 1) } else { edited }
            };
        }
    }
    table[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_suggested() {
        let table = [
            ("uniqe", "; did you mean `unique`?"),
            ("list_tiemout", "; did you mean `list_timeout`?"),
            ("ekY", ""),
            ("yek", ""),
            ("kye", "; did you mean `key`?"),
            ("ttl", ""),
            ("", ""),
        ];
        for (name, expected) in table {
            assert_eq!(did_you_mean(name, ["key", "list_timeout", "unique"]), expected, "{name}");
        }
    }

    #[test]
    fn results_are_kept_or_recorded() {
        let mut diagnostics = Diagnostics::default();
        assert_eq!(diagnostics.take(Ok(1)), Some(1));
        assert_eq!(diagnostics.take::<u8>(Err(Error::new(Span::call_site(), "no"))), None);
        diagnostics.error(Span::call_site(), "never");
        assert_eq!(diagnostics.messages(), ["no", "never"]);
    }
}
