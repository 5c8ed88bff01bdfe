//! Puts the answers of commands into words: tables for people, JSON for programs.

use core::fmt::Write as _;
use std::io::{IsTerminal, stdout};

use serde_json::Value;

/// What a command answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// For people.
    pub table: String,
    /// The same for programs.
    pub json: Value,
    /// Whether it is what one hopes for: nothing is stale, nothing is missing, every store answers.
    pub is_good: bool,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Table,
}

impl Form {
    /// A table where somebody looks, JSON elsewhere.
    pub(super) fn of_output() -> Self {
        if stdout().is_terminal() { Self::Table } else { Self::Json }
    }
}

impl Answer {
    pub(super) const fn good(table: String, json: Value) -> Self {
        Self { table, json, is_good: true }
    }

    pub(super) const fn and(mut self, is_good: bool) -> Self {
        self.is_good = is_good;
        self
    }

    pub(super) fn print(&self, form: Form) -> String {
        match form {
            Form::Json => self.json.to_string(),
            Form::Table => self.table.clone(),
        }
    }
}

/// Rows in columns: the first one is left-aligned, as texts are, the others are numbers.
pub(super) fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let width = |at: usize| rows.iter().chain([&head]).filter_map(|row| Some(row.get(at)?.chars().count())).max();
    let widths: Vec<usize> = (0..head.len()).filter_map(width).collect();
    let mut table = String::new();
    for (number, row) in [&head].into_iter().chain(rows).enumerate() {
        if number > 0 {
            table.push('\n');
        }
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let is_text = at < 2;
            let between = if at == 0 { "" } else { "  " };
            _ = if is_text { write!(line, "{between}{cell:width$}") } else { write!(line, "{between}{cell:>width$}") };
        }
        table.push_str(line.trim_end());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_columns() {
        let rows = [vec!["product".into(), "detail".into(), "12".into()], vec!["a".into(), "list".into(), "3".into()]];
        let table = columns(&["manager", "kind", "hits"], &rows);
        assert_eq!(table, "manager  kind    hits\nproduct  detail    12\na        list       3");
    }
}
