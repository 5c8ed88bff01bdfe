//! Keeps the listed functions that a query calls.

/// Functions of the library's lists that a query calls.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Called {
    names: Vec<String>,
    is_any_easily_taken: bool,
}

impl Called {
    pub(super) fn note(&mut self, name: &str, is_easily_taken: bool) {
        self.is_any_easily_taken |= is_easily_taken;
        let name = name.to_ascii_lowercase();
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// Adds what another query of the same read calls.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.names.iter().for_each(|name| self.note(name, other.is_any_easily_taken));
    }

    /// The names, without schema and in lower case.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether one of the names may well be a function of the database's own.
    pub(crate) fn is_any_easily_taken(&self) -> bool {
        self.is_any_easily_taken
    }
}
