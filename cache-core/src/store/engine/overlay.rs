//! Collects what a transaction writes over the rows that it has read.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::store::Name;
use crate::store::engine::{Row, Rows};

/// The rows of a transaction: what was read, and what has been written since.
#[derive(Debug)]
pub(in crate::store) struct Overlay<'a> {
    start_of_entries: &'a str,
    rows: HashMap<Name, Cell>,
}

#[derive(Debug)]
struct Cell {
    row: Option<Row>,
    is_written: bool,
}

impl<'a> Overlay<'a> {
    pub(in crate::store) fn new(start_of_entries: &'a str, names: &[Name], rows: Vec<Option<Row>>) -> Self {
        let cells = rows.into_iter().map(|row| Cell { row, is_written: false });
        Self { start_of_entries, rows: names.iter().cloned().zip(cells).collect() }
    }

    /// What was written, where it differs from what was read.
    pub(in crate::store) fn into_written(self) -> Vec<(Name, Option<Row>)> {
        let written = self.rows.into_iter().filter(|(_, cell)| cell.is_written);
        written.map(|(name, cell)| (name, cell.row)).collect()
    }

    fn write(&mut self, name: &Name, row: Option<Row>) {
        match self.rows.get_mut(name) {
            Some(cell) if cell.row == row => {}
            Some(cell) => *cell = Cell { row, is_written: true },
            None => drop(self.rows.insert(name.clone(), Cell { row, is_written: true })),
        }
    }

    fn present(&self, name: &Name, now: Timestamp) -> Option<&Row> {
        self.rows.get(name)?.row.as_ref().filter(|row| now < row.expires_at)
    }
}

impl Rows for Overlay<'_> {
    fn get(&self, name: &Name, now: Timestamp) -> Option<&[u8]> {
        self.present(name, now).map(|row| &*row.bytes)
    }

    fn set(&mut self, name: &Name, bytes: Vec<u8>, expires_at: Timestamp) {
        let is_spare = name.as_bytes().starts_with(self.start_of_entries.as_bytes());
        self.write(name, Some(Row { bytes, expires_at, is_spare }));
    }

    fn set_bytes(&mut self, name: &Name, bytes: Vec<u8>, now: Timestamp) {
        if let Some(expires_at) = self.present(name, now).map(|row| row.expires_at) {
            self.set(name, bytes, expires_at);
        }
    }

    fn remove(&mut self, name: &Name) {
        self.write(name, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Names;

    #[test]
    fn only_what_differs_from_what_was_read_is_written() {
        let names = Names::starting_with("shop").unwrap();
        let (one, other) = (names.change(1), names.change(2));
        let end = Timestamp::from_nanos(10);
        let row = |bytes: &[u8]| Row { bytes: bytes.to_vec(), expires_at: end, is_spare: false };
        let read = [one.clone(), other.clone()];
        let mut rows = Overlay::new(names.start_of_entries(), &read, vec![Some(row(b"one")), None]);
        rows.set(&one, b"one".to_vec(), end);
        rows.remove(&other);
        assert_eq!(rows.get(&one, end), None, "its time is over");
        rows.set_bytes(&one, b"two".to_vec(), end);
        assert_eq!(rows.into_written(), []);
        let mut rows = Overlay::new(names.start_of_entries(), &read, vec![Some(row(b"one")), None]);
        rows.set_bytes(&one, b"two".to_vec(), Timestamp::from_nanos(9));
        assert_eq!(rows.into_written(), [(one, Some(row(b"two")))]);
    }
}
