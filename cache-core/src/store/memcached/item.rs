//! Lays rows into the items of a server: one row of an entry, a slot or a lease, or the three rows of a tag.
//!
//! A server changes one item in one step, and none of two. So all that a step looks at lies in one item: a tag's token,
//! the intents beside it and, with a table's `any`, the notes. They are lost together.

use crate::clock::Timestamp;
use crate::store::engine::overlay::Overlay;
use crate::store::engine::{Request, Response, Row, execute};
use crate::store::{Name, TagName};

/// What a server holds under a key.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) bytes: Vec<u8>,
    /// The number of this writing: no other one of the server's life has it.
    pub(super) unique: u64,
}

/// The rows of one item.
#[derive(Clone, Debug)]
pub(super) struct Target {
    key: Name,
    /// The rows beside the one that is called as the item.
    others: Option<[Name; 2]>,
}

/// How an item is to be written.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) key: Name,
    pub(super) verb: Verb,
    /// What is written, and for how long by the server's count: zero is for ever.
    pub(super) bytes: Vec<u8>,
    pub(super) seconds: i64,
}

/// Under which condition it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// If nothing is there.
    Add,
    /// If the item is still the one of this number.
    Compare(u64),
    /// Whatever is there. It goes.
    Delete,
    /// Whatever is there.
    Set,
}

impl Target {
    /// A tag, with the notes that are beside it if it is the `any` of a table.
    pub(super) fn of_tag(tag: &TagName) -> Self {
        Self { key: tag.token.clone(), others: Some([tag.intents(), tag.token.of_kind(b'n')]) }
    }

    /// The tag beside which the notes of this name are.
    pub(super) fn of_notes(notes: &Name) -> Self {
        Self { key: notes.of_kind(b't'), others: Some([notes.of_kind(b'i'), notes.clone()]) }
    }

    /// Anything else.
    pub(super) fn of_row(name: &Name) -> Self {
        Self { key: name.clone(), others: None }
    }

    /// What the item is called.
    pub(super) const fn key(&self) -> &Name {
        &self.key
    }

    fn names(&self) -> Vec<Name> {
        core::iter::once(&self.key).chain(self.others.iter().flatten()).cloned().collect()
    }

    /// Executes a request on the rows at `now`; what has to be written, if that changes them.
    pub(super) fn decide(
        &self,
        item: Option<&Item>,
        (start_of_entries, request): (&str, Request),
        now: Timestamp,
    ) -> (Response, Option<Write>) {
        let names = self.names();
        let mut rows = item.map_or_else(|| vec![None; names.len()], |item| unpack(&item.bytes, names.len()));
        let mut overlay = Overlay::new(start_of_entries, &names, rows.clone());
        let response = execute(&mut overlay, request, now);
        let mut is_changed = false;
        for (name, row) in overlay.into_written() {
            // What a request writes elsewhere is the affair of other items.
            if let Some(at) = names.iter().position(|own| *own == name) {
                is_changed |= rows[at] != row;
                rows[at] = row;
            }
        }
        (response, is_changed.then(|| self.write(item, &rows, now)))
    }

    fn write(&self, item: Option<&Item>, rows: &[Option<Row>], now: Timestamp) -> Write {
        let verb = item.map_or(Verb::Add, |item| Verb::Compare(item.unique));
        let end = rows.iter().flatten().map(|row| row.expires_at).max();
        // An item of the past is gone when it is written.
        let seconds = end.map_or(-1, |end| seconds(end, now));
        Write { key: self.key.clone(), verb, bytes: pack(rows), seconds }
    }
}

impl Write {
    /// Puts a row of its own under a name, whatever is there.
    pub(super) fn row(name: &Name, (bytes, expires_at): (Vec<u8>, Timestamp), now: Timestamp) -> Self {
        let seconds = seconds(expires_at, now);
        let row = Row { bytes, expires_at, is_spare: true };
        Self { key: name.clone(), verb: Verb::Set, bytes: pack(&[Some(row)]), seconds }
    }

    /// Puts it there if nothing is.
    pub(super) fn if_absent(self) -> Self {
        Self { verb: Verb::Add, ..self }
    }

    /// Removes what is there.
    pub(super) fn delete(name: &Name) -> Self {
        Self { key: name.clone(), verb: Verb::Delete, bytes: Vec::new(), seconds: 0 }
    }
}

/// The longest time that a server counts from now on.
const MOST_SECONDS: u64 = 30 * 86_400;

/// How long a server has to keep what is there until `end`: a little longer. Each row says itself when it is gone.
fn seconds(end: Timestamp, now: Timestamp) -> i64 {
    match end.since(now).as_secs() + 2 {
        seconds if seconds <= MOST_SECONDS => i64::try_from(seconds).unwrap_or(0),
        _ => 0,
    }
}

/// The end of a row that is not there. One that is may be empty: notes of nobody are.
const NOTHING: Timestamp = Timestamp::from_nanos(0);

/// One row is its end and its bytes. Of several each is its end, its length and its bytes.
fn pack(rows: &[Option<Row>]) -> Vec<u8> {
    let end = |row: Option<&Row>| row.map_or(NOTHING, |row| row.expires_at).as_nanos().to_le_bytes();
    if let [row] = rows {
        return row.iter().flat_map(|row| [&end(Some(row))[..], &row.bytes].concat()).collect();
    }
    let mut bytes = Vec::new();
    for row in rows {
        let length = row.as_ref().map_or(0, |row| row.bytes.len());
        bytes.extend(end(row.as_ref()));
        bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(row.iter().flat_map(|row| &row.bytes));
    }
    bytes
}

/// Bytes that are no rows count as lost.
fn unpack(bytes: &[u8], count: usize) -> Vec<Option<Row>> {
    let row = |(bytes, expires_at): (&[u8], Timestamp)| Row { bytes: bytes.to_vec(), expires_at, is_spare: count == 1 };
    if count == 1 {
        return vec![row_of(bytes).map(row)];
    }
    let mut rest = bytes;
    let rows: Option<Vec<_>> = (0..count).map(|_| next_row(&mut rest)).collect();
    match rows {
        Some(rows) if rest.is_empty() => {
            rows.into_iter().map(|one| Some(one).filter(|(_, end)| *end != NOTHING).map(row)).collect()
        }
        _ => vec![None; count],
    }
}

/// The row of an item that has one.
pub(super) fn row_of(bytes: &[u8]) -> Option<(&[u8], Timestamp)> {
    let (end, bytes) = bytes.split_first_chunk()?;
    Some((bytes, Timestamp::from_nanos(u64::from_le_bytes(*end))))
}

/// The first of several rows: of a tag's, the token.
pub(super) fn next_row<'b>(rest: &mut &'b [u8]) -> Option<(&'b [u8], Timestamp)> {
    let (end, bytes) = rest.split_first_chunk()?;
    let (length, bytes) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (row, others) = bytes.split_at_checked(length)?;
    *rest = others;
    Some((row, Timestamp::from_nanos(u64::from_le_bytes(*end))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8], end: u64, is_spare: bool) -> Option<Row> {
        Some(Row { bytes: bytes.to_vec(), expires_at: Timestamp::from_nanos(end), is_spare })
    }

    #[test]
    fn rows_come_back_as_they_were_laid_down() {
        for rows in [vec![row(b"", 7, true)], vec![row(b"one", u64::MAX, true)]] {
            assert_eq!(unpack(&pack(&rows), 1), rows);
        }
        let three = [row(b"one", 1, false), None, row(b"three", 3, false)];
        let empty = row(b"", u64::MAX, false);
        for rows in [three.clone(), [None, None, None], [None, row(b"x", 9, false), None], [None, None, empty]] {
            assert_eq!(unpack(&pack(&rows), 3), rows);
        }
        assert_eq!(next_row(&mut &*pack(&three)), Some((&b"one"[..], Timestamp::from_nanos(1))));
    }

    #[test]
    fn bytes_that_are_no_rows_count_as_lost() {
        let three = pack(&[row(b"one", 1, false), None, row(b"three", 3, false)]);
        for cut in 0..three.len() {
            assert_eq!(unpack(&three[..cut], 3), [None, None, None], "{cut}");
        }
        assert_eq!(unpack(&[three, vec![0]].concat(), 3), [None, None, None]);
        assert_eq!(unpack(b"foreign", 1), [None]);
    }

    #[test]
    fn a_server_keeps_items_a_little_longer_than_their_rows() {
        let at = |nanos| Timestamp::from_nanos(nanos);
        let cases = [(0, 2), (1, 2), (1_000_000_000, 3), (30 * 86_400_000_000_000, 0), (u64::MAX, 0)];
        for (end, expected) in cases {
            assert_eq!(seconds(at(end), at(0)), expected, "{end}");
        }
        assert_eq!(seconds(at(0), at(5)), 2);
    }
}
