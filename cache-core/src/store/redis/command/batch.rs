//! Writes commands as they are sent.

use core::time::Duration;
use std::io;

use crate::store::redis::wire::socket::Stream;

/// Commands that are sent together.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where they begin: what is before is room that was not taken.
    start: usize,
    count: usize,
}

/// One command whose parts are not counted before: their number is written into the room in front of them.
pub(crate) struct Command {
    bytes: Vec<u8>,
    parts: usize,
}

impl Command {
    /// As much as most commands take, with what is sent after them.
    const ROOM: usize = 1024;

    pub(crate) fn named(name: &str) -> Self {
        let mut bytes = Vec::with_capacity(Self::ROOM);
        bytes.extend_from_slice(&[0; LENGTH]);
        let mut command = Self { bytes, parts: 0 };
        command.arg(name);
        command
    }

    /// The next part.
    pub(crate) fn arg(&mut self, part: impl AsRef<[u8]>) -> &mut Self {
        write_part(&mut self.bytes, part.as_ref());
        self.parts += 1;
        self
    }

    /// The next part, which these pieces make up.
    pub(crate) fn pieces(&mut self, pieces: &[&[u8]]) -> &mut Self {
        write_length(&mut self.bytes, b'$', pieces.iter().map(|piece| piece.len()).sum());
        pieces.iter().for_each(|piece| self.bytes.extend_from_slice(piece));
        self.bytes.extend_from_slice(b"\r\n");
        self.parts += 1;
        self
    }

    /// The next part, a number.
    pub(crate) fn number(&mut self, number: usize) -> &mut Self {
        self.arg(Decimal::of(number as u64))
    }

    /// The next part, a time in whole milliseconds.
    pub(crate) fn millis(&mut self, time: Duration) -> &mut Self {
        self.arg(Decimal::of_millis(time))
    }

    /// The parts, as they are sent after their number.
    fn parts(&self) -> &[u8] {
        &self.bytes[LENGTH..]
    }
}

impl Batch {
    /// As much as most batches take.
    const ROOM: usize = 1024;

    /// Nothing yet, with room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), start: 0, count: 0 }
    }

    /// One command.
    pub(crate) fn of(command: Command) -> Self {
        let Command { mut bytes, parts } = command;
        let (line, from) = length_line(b'*', parts);
        bytes[from..LENGTH].copy_from_slice(&line[from..]);
        Self { bytes, start: from, count: 1 }
    }

    /// One more command.
    pub(crate) fn add(&mut self, command: &Command) {
        self.begin(command.parts);
        self.bytes.extend_from_slice(command.parts());
    }

    /// One more command, of these parts.
    pub(crate) fn command(&mut self, parts: &[&[u8]]) {
        self.begin(parts.len());
        parts.iter().for_each(|part| self.part(part));
    }

    /// One more command, of so many parts. They follow, each by [`part`](Self::part). A read is the same few parts each
    /// time, and is written where it is sent from.
    pub(crate) fn begin(&mut self, parts: usize) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(Self::ROOM);
        }
        write_length(&mut self.bytes, b'*', parts);
        self.count += 1;
    }

    /// The next part of a command.
    pub(crate) fn part(&mut self, part: &[u8]) {
        write_part(&mut self.bytes, part);
    }

    /// How many commands there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// The commands of another batch.
    pub(crate) fn join(&mut self, other: &Self) {
        self.bytes.extend_from_slice(other.bytes());
        self.count += other.count;
    }

    /// Sends the commands.
    pub(crate) fn write_to(&self, stream: &mut dyn Stream) -> io::Result<()> {
        stream.write_all(self.bytes())?;
        stream.flush()
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// A number as its digits.
pub(crate) struct Decimal {
    digits: [u8; Self::LONGEST],
    start: usize,
}

impl Decimal {
    /// No number has more digits.
    const LONGEST: usize = 20;

    pub(crate) fn of(number: u64) -> Self {
        let (mut digits, mut start, mut left) = ([0; Self::LONGEST], Self::LONGEST, number);
        loop {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                return Self { digits, start };
            }
        }
    }

    /// The whole milliseconds of `time`.
    pub(crate) fn of_millis(time: Duration) -> Self {
        Self::of(time.as_millis().try_into().unwrap_or(u64::MAX))
    }
}

impl AsRef<[u8]> for Decimal {
    fn as_ref(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

fn write_part(bytes: &mut Vec<u8>, part: &[u8]) {
    write_length(bytes, b'$', part.len());
    bytes.extend_from_slice(part);
    bytes.extend_from_slice(b"\r\n");
}

/// As much as the line takes that says how long a part is, or how many there are.
const LENGTH: usize = 1 + Decimal::LONGEST + 2;

#[inline]
fn write_length(bytes: &mut Vec<u8>, kind: u8, length: usize) {
    // Names of keys have as many bytes.
    if let 10..100 = length {
        let [tens, ones] = [length / 10, length % 10].map(|digit| b'0' + digit as u8);
        bytes.extend_from_slice(&[kind, tens, ones, b'\r', b'\n']);
    } else if length < 10 {
        bytes.extend_from_slice(&[kind, b'0' + length as u8, b'\r', b'\n']);
    } else {
        let (line, from) = length_line(kind, length);
        bytes.extend_from_slice(&line[from..]);
    }
}

/// The line that says a length, and where in it that begins.
fn length_line(kind: u8, length: usize) -> ([u8; LENGTH], usize) {
    let (mut line, number) = ([0; LENGTH], Decimal::of(length as u64));
    line[1..=Decimal::LONGEST].copy_from_slice(&number.digits);
    line[LENGTH - 2..].copy_from_slice(b"\r\n");
    line[number.start] = kind;
    (line, number.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(batch: &Batch) -> String {
        String::from_utf8_lossy(batch.bytes()).into_owned()
    }

    #[test]
    fn a_command_is_written_with_the_number_of_its_parts_in_front() {
        let mut command = Command::named("SET");
        command.arg("a").number(0).millis(Duration::from_micros(1_999)).pieces(&[b"b", b"cd"]);
        let written = "*5\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n0\r\n$1\r\n1\r\n$3\r\nbcd\r\n";
        let mut batch = Batch::default();
        batch.add(&command);
        assert_eq!(text(&batch), written);
        let mut joined = Batch::of(command);
        assert_eq!((text(&joined), joined.count()), (written.to_owned(), 1));
        joined.join(&batch);
        assert_eq!((text(&joined), joined.count()), (written.repeat(2), 2));
        let mut after = Batch::default();
        after.join(&joined);
        assert_eq!((text(&after), after.count()), (written.repeat(2), 2));
    }

    #[test]
    fn lengths_of_any_number_of_digits_are_written() {
        for length in [0, 1, 9, 10, 99, 100, 999, 1_000, 12_345] {
            let mut batch = Batch::default();
            batch.command(&[&vec![b'x'; length]]);
            assert_eq!(text(&batch), format!("*1\r\n${length}\r\n{}\r\n", "x".repeat(length)));
            let mut command = Command::named("");
            (0..length).for_each(|_| {
                command.arg("");
            });
            assert!(text(&Batch::of(command)).starts_with(&format!("*{}\r\n$0\r\n\r\n", length + 1)));
        }
        assert_eq!(Decimal::of(u64::MAX).as_ref(), u64::MAX.to_string().as_bytes());
        assert_eq!(Decimal::of_millis(Duration::MAX).as_ref(), u64::MAX.to_string().as_bytes());
    }
}
