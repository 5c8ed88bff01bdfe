//! Splits the bytes of the server into replies, however they arrive, and reads them.

use smallvec::SmallVec;

use super::failure::{Deadline, Failure, Refusal};
use super::socket::Stream;

/// What a server says, as far as anything is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Error(Refusal),
    List(Vec<Reply>),
    Nothing,
    Number(i64),
    Okay,
    /// What it says without having been asked.
    Push(Vec<Reply>),
    /// A word or another short text of one line.
    Status(Text),
    Text(Text),
}

/// Bytes of the server. Those of a token, or of a tag's name, lie in the reply itself: each read has half a dozen.
pub(crate) type Text = SmallVec<[u8; 32]>;

/// Bytes that were read and not looked at yet.
#[derive(Debug)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    scan: Scan,
    part: Box<[u8]>,
    longest: usize,
}

/// How far the first thing among bytes has been looked through.
#[derive(Debug)]
struct Scan {
    /// Where its next part begins.
    at: usize,
    /// How many parts are left.
    left: usize,
}

impl Frames {
    /// As much as is read at a time: most lists come whole.
    const PART: usize = 64 * 1024;
    /// More room than this is given back when nothing is in it.
    const ROOM: usize = 256 * 1024;

    /// Of a server that says no more than `longest` bytes at a time: one that does is none.
    pub(crate) fn of_at_most(longest: usize) -> Self {
        Self { bytes: Vec::new(), scan: Scan::default(), part: vec![0; Self::PART].into(), longest }
    }

    /// Whether all that was read has been looked at.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next thing that the server says; `None`: nothing whole by the deadline.
    pub(crate) fn next(&mut self, stream: &mut dyn Stream, deadline: Deadline) -> Result<Option<Reply>, Failure> {
        if self.is_whole_by(stream, deadline)? { self.take(|bytes| read(bytes, DEEPEST)).map(Some) } else { Ok(None) }
    }

    /// The same. Where it is a list of texts, `each` takes them as they lie, and the list is empty. In all other cases
    /// nothing that `each` took is of use.
    pub(crate) fn next_texts(
        &mut self,
        stream: &mut dyn Stream,
        deadline: Deadline,
        each: impl FnMut(Option<&[u8]>),
    ) -> Result<Option<Reply>, Failure> {
        self.next_unless(stream, deadline, |bytes| texts(bytes, each).map(|()| Reply::List(Vec::new())))
    }

    /// The same of a push of names that have changed: `each` takes these, and the push is empty then.
    pub(crate) fn next_changed(
        &mut self,
        stream: &mut dyn Stream,
        deadline: Deadline,
        each: impl FnMut(Option<&[u8]>),
    ) -> Result<Option<Reply>, Failure> {
        self.next_unless(stream, deadline, |bytes| changed(bytes, each).map(|()| Reply::Push(Vec::new())))
    }

    /// The next thing that the server says, unless it is `taken` as it lies.
    fn next_unless(
        &mut self,
        stream: &mut dyn Stream,
        deadline: Deadline,
        taken: impl FnOnce(&mut &[u8]) -> Option<Reply>,
    ) -> Result<Option<Reply>, Failure> {
        if !self.is_whole_by(stream, deadline)? {
            return Ok(None);
        }
        self.take(|bytes| taken(&mut &**bytes).or_else(|| read(bytes, DEEPEST))).map(Some)
    }

    /// Reads until the next thing that the server says is there.
    fn is_whole_by(&mut self, stream: &mut dyn Stream, deadline: Deadline) -> Result<bool, Failure> {
        stream.set_deadline(deadline);
        loop {
            if self.scan.goes_to_the_end(&self.bytes).ok_or_else(Failure::garbled)? {
                return Ok(true);
            }
            match stream.read(&mut self.part).map_err(Failure::from) {
                Ok(0) => return Err(Failure::Broken("the Redis server ended the connection".into())),
                Ok(_) if self.bytes.len() > self.longest => return Err(Failure::strange("a question")),
                Ok(count) => self.bytes.extend_from_slice(&self.part[..count]),
                Err(Failure::Late) => return Ok(false),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// What has been scanned to its end.
    fn take(&mut self, read: impl FnOnce(&mut &[u8]) -> Option<Reply>) -> Result<Reply, Failure> {
        let length = core::mem::take(&mut self.scan).at;
        let whole = &self.bytes[..length];
        let reply = read(&mut &*whole).ok_or_else(Failure::garbled)?;
        if length < self.bytes.len() {
            self.bytes.drain(..length);
        } else {
            self.bytes.clear();
            self.bytes.shrink_to(Self::ROOM);
        }
        Ok(reply)
    }
}

/// Ranges of slots are lists of nodes, which are lists with what else is known of a node. Nothing deeper is asked for.
const DEEPEST: usize = 4;

/// What the bytes say that follow, if lists are in each other at most `depth` times. They have been scanned.
fn read(bytes: &mut &[u8], depth: usize) -> Option<Reply> {
    if let Some((length, end)) = text_line(bytes) {
        *bytes = &bytes[end..];
        return Some(Reply::Text(Text::from_slice(text(bytes, length)?)));
    }
    let (kind, line) = line(bytes)?;
    Some(match kind {
        b':' => Reply::Number(core::str::from_utf8(line).ok()?.parse().ok()?),
        b'_' => Reply::Nothing,
        b'+' if line == b"OK" => Reply::Okay,
        b'+' | b',' | b'#' | b'(' => Reply::Status(Text::from_slice(line)),
        b'-' => Reply::Error(Refusal::of(line)),
        b'$' => match count(line)? {
            None => Reply::Nothing,
            Some(length) => Reply::Text(Text::from_slice(text(bytes, length)?)),
        },
        b'!' => Reply::Error(Refusal::of(text(bytes, count(line)??)?)),
        // What kind of text it is stands before a colon.
        b'=' => Reply::Text(Text::from_slice(text(bytes, count(line)??)?.get(4..)?)),
        b'*' | b'~' => match count(line)? {
            None => Reply::Nothing,
            Some(length) => Reply::List(list(bytes, length, depth)?),
        },
        b'%' => Reply::List(list(bytes, count(line)??.checked_mul(2)?, depth)?),
        b'>' => Reply::Push(list(bytes, count(line)??, depth)?),
        b'|' => {
            list(bytes, count(line)??.checked_mul(2)?, depth)?;
            read(bytes, depth)?
        }
        _ => return None,
    })
}

/// Gives each text of a list to `each`; `None`: it is no list of texts.
fn texts(bytes: &mut &[u8], mut each: impl FnMut(Option<&[u8]>)) -> Option<()> {
    let (b'*', parts) = line(bytes)? else { return None };
    for _ in 0..count(parts)?? {
        if let Some((length, end)) = text_line(bytes) {
            *bytes = &bytes[end..];
            each(Some(text(bytes, length)?));
            continue;
        }
        match line(bytes)? {
            (b'$', length) => match count(length)? {
                Some(length) => each(Some(text(bytes, length)?)),
                None => each(None),
            },
            (b'_', _) => each(None),
            _ => return None,
        }
    }
    Some(())
}

/// Gives each name that a push says to have changed to `each`; `None`: it says something else.
fn changed(bytes: &mut &[u8], each: impl FnMut(Option<&[u8]>)) -> Option<()> {
    let ((b'>', b"2"), (b'$', b"10")) = (line(bytes)?, line(bytes)?) else { return None };
    let b"invalidate" = text(bytes, 10)? else { return None };
    texts(bytes, each)
}

/// What kind of reply begins here, and the rest of its first line.
fn line<'b>(bytes: &mut &'b [u8]) -> Option<(u8, &'b [u8])> {
    let end = line_end(bytes)?;
    let (kind, line) = bytes[..end].split_first()?;
    *bytes = &bytes[end + 2..];
    Some((*kind, line))
}

fn text<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest.strip_prefix(b"\r\n")?;
    Some(text)
}

fn list(bytes: &mut &[u8], length: usize, depth: usize) -> Option<Vec<Reply>> {
    let within = depth.checked_sub(1)?;
    // What has been scanned holds so many parts: each of them is three bytes or more.
    let mut replies = Vec::with_capacity(length.min(bytes.len() / 3));
    for _ in 0..length {
        replies.push(read(bytes, within)?);
    }
    Some(replies)
}

impl Scan {
    /// Looks on; says whether all of the first thing in `bytes` is there, with what is in it. `None`: it is nothing that
    /// a server says.
    fn goes_to_the_end(&mut self, bytes: &[u8]) -> Option<bool> {
        while self.left > 0 {
            if let Some((length, end)) = bytes.get(self.at..).and_then(text_line) {
                self.at += end + length + 2;
                self.left -= 1;
                continue;
            }
            let Some(end) = bytes.get(self.at..).and_then(line_end) else { return Some(false) };
            let (kind, line) = bytes[self.at..self.at + end].split_first()?;
            self.at += end + 2;
            self.left -= 1;
            let parts = match kind {
                b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => 0,
                b'$' | b'!' | b'=' => {
                    let rest = count(line)?.map_or(Some(0), |count| count.checked_add(2))?;
                    self.at = self.at.checked_add(rest)?;
                    0
                }
                b'*' | b'~' | b'>' => count(line)?.unwrap_or(0),
                b'%' => count(line)?.unwrap_or(0).checked_mul(2)?,
                // What follows it is what it is about.
                b'|' => count(line)?.unwrap_or(0).checked_mul(2)?.checked_add(1)?,
                _ => return None,
            };
            self.left = self.left.checked_add(parts)?;
        }
        Some(self.at <= bytes.len())
    }
}

impl Default for Scan {
    fn default() -> Self {
        Self { at: 0, left: 1 }
    }
}

/// How long the text is that begins here, and where: as most replies do, with a length of few digits. `None`: it is another
/// reply, or not all of the line is there.
#[inline]
fn text_line(bytes: &[u8]) -> Option<(usize, usize)> {
    const DIGITS: usize = 5;
    let rest = bytes.strip_prefix(b"$")?;
    let mut number = 0;
    for at in 0..=DIGITS {
        let digit = rest.get(at)?.wrapping_sub(b'0');
        if digit > 9 {
            let ends = at > 0 && rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n');
            return ends.then_some((number, at + 3));
        }
        number = number * 10 + usize::from(digit);
    }
    None
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|end| end == b"\r\n")
}

/// A number that is not negative; `Some(None)`: there is nothing.
fn count(line: &[u8]) -> Option<Option<usize>> {
    match line {
        b"-1" => Some(None),
        [] => None,
        digits => digits.iter().try_fold(0, add_digit).map(Some),
    }
}

fn add_digit(number: usize, digit: &u8) -> Option<usize> {
    let value = digit.wrapping_sub(b'0');
    if value > 9 { None } else { number.checked_mul(10)?.checked_add(value.into()) }
}

#[cfg(test)]
mod tests;
