//! Writes commands as they are sent.

use std::io;

use crate::store::redis::wire::socket::Stream;

/// Commands that are sent together.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    count: usize,
}

/// One command whose parts are not counted before.
#[derive(Default)]
pub(crate) struct Command {
    bytes: Vec<u8>,
    parts: usize,
}

impl Command {
    /// As much as most commands take.
    const ROOM: usize = 512;

    pub(crate) fn named(name: &str) -> Self {
        let mut command = Self { bytes: Vec::with_capacity(Self::ROOM), parts: 0 };
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
        self.arg(number.to_string())
    }
}

impl Batch {
    /// As much as most batches take.
    const ROOM: usize = 1024;

    /// As much as the number of a command's parts takes.
    const LENGTH: usize = 23;

    /// Nothing yet, with room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), count: 0 }
    }

    /// One command.
    pub(crate) fn of(command: &Command) -> Self {
        Self::of_then(command, &Self::default())
    }

    /// One command, and those that come after it.
    pub(crate) fn of_then(command: &Command, after: &Self) -> Self {
        let mut batch = Self::with_room(command.bytes.len() + after.bytes.len() + Self::LENGTH);
        batch.add(command);
        batch.join(after);
        batch
    }

    /// One more command.
    pub(crate) fn add(&mut self, command: &Command) {
        self.begin(command.parts);
        self.bytes.extend_from_slice(&command.bytes);
    }

    /// One more command, of these parts.
    pub(crate) fn command(&mut self, parts: &[&[u8]]) {
        self.begin(parts.len());
        parts.iter().for_each(|part| self.part(part));
    }

    /// One more command, of so many parts. They follow, each by [`part`](Self::part). A read is the same few parts each
    /// time, and is written where it is sent from.
    pub(crate) fn begin(&mut self, parts: usize) {
        self.make_room();
        write_length(&mut self.bytes, b'*', parts);
        self.count += 1;
    }

    fn make_room(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(Self::ROOM);
        }
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
        self.bytes.extend_from_slice(&other.bytes);
        self.count += other.count;
    }

    /// Sends the commands.
    pub(crate) fn write_to(&self, stream: &mut dyn Stream) -> io::Result<()> {
        stream.write_all(&self.bytes)?;
        stream.flush()
    }
}

fn write_part(bytes: &mut Vec<u8>, part: &[u8]) {
    write_length(bytes, b'$', part.len());
    bytes.extend_from_slice(part);
    bytes.extend_from_slice(b"\r\n");
}

#[inline]
fn write_length(bytes: &mut Vec<u8>, kind: u8, length: usize) {
    // Names of keys have as many bytes.
    if let 10..100 = length {
        let [tens, ones] = [length / 10, length % 10].map(|digit| b'0' + digit as u8);
        bytes.extend_from_slice(&[kind, tens, ones, b'\r', b'\n']);
    } else {
        write_other_length(bytes, kind, length);
    }
}

fn write_other_length(bytes: &mut Vec<u8>, kind: u8, length: usize) {
    let mut line = [0; Batch::LENGTH];
    let (mut at, mut left) = (line.len() - 2, length);
    line[at..].copy_from_slice(b"\r\n");
    loop {
        at -= 1;
        line[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    at -= 1;
    line[at] = kind;
    bytes.extend_from_slice(&line[at..]);
}
