//! Reads the lines and blocks of a server, however its bytes arrive.

use super::failure::Failure;
use crate::store::wire::socket::Stream;

/// Bytes that were read and not looked at yet.
#[derive(Debug)]
pub(super) struct Replies {
    bytes: Vec<u8>,
    at: usize,
    part: Box<[u8]>,
}

impl Replies {
    const PART: usize = 16 * 1024;
    /// A server that says a longer line is none.
    const LONGEST_LINE: usize = 8 * 1024;
    /// More room than this is given back when nothing is in it.
    const ROOM: usize = 256 * 1024;

    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), at: 0, part: vec![0; Self::PART].into() }
    }

    /// Whether all that was read has been looked at.
    pub(super) const fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Forgets what has been looked at.
    pub(super) fn compact(&mut self) {
        self.bytes.drain(..self.at);
        self.at = 0;
        if self.bytes.is_empty() && self.bytes.capacity() > Self::ROOM {
            self.bytes = Vec::new();
        }
    }

    /// The next line, without its end.
    pub(super) fn line(&mut self, stream: &mut dyn Stream) -> Result<&[u8], Failure> {
        let mut sought = self.at;
        let end = loop {
            let new = self.bytes[sought..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = new {
                break sought + end;
            }
            sought = self.bytes.len();
            if sought - self.at > Self::LONGEST_LINE {
                return Err(Failure::strange(&self.bytes[self.at..]));
            }
            self.read_on(stream)?;
        };
        let line = &self.bytes[self.at..end];
        self.at = end + 1;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The next `length` bytes, and the end of the line behind them.
    pub(super) fn block(&mut self, stream: &mut dyn Stream, length: usize) -> Result<&[u8], Failure> {
        while self.bytes.len() - self.at < length + 2 {
            self.read_on(stream)?;
        }
        let (block, rest) = self.bytes[self.at..].split_at(length);
        if !rest.starts_with(b"\r\n") {
            return Err(Failure::strange(rest));
        }
        self.at += length + 2;
        Ok(block)
    }

    fn read_on(&mut self, stream: &mut dyn Stream) -> Result<(), Failure> {
        match stream.read(&mut self.part)? {
            0 => Err(Failure::Broken("a memcached ended the connection".into())),
            count => {
                self.bytes.extend_from_slice(&self.part[..count]);
                Ok(())
            }
        }
    }
}

/// A number in decimal digits.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    core::str::from_utf8(text).ok()?.parse().ok()
}
