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
    const PART: usize = 16 * 1024;
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
        stream.set_deadline(deadline);
        loop {
            if self.scan.goes_to_the_end(&self.bytes).ok_or_else(|| Failure::strange("a question"))? {
                return self.take().map(Some);
            }
            match stream.read(&mut self.part).map_err(Failure::from) {
                Ok(0) => return Err(Failure::Broken("the Redis server ended the connection".into())),
                Ok(_) if self.bytes.len() > self.longest => return Err(Failure::strange("a question")),
                Ok(count) => self.bytes.extend_from_slice(&self.part[..count]),
                Err(Failure::Late) => return Ok(None),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// What has been scanned to its end.
    fn take(&mut self) -> Result<Reply, Failure> {
        let length = core::mem::take(&mut self.scan).at;
        let whole = &self.bytes[..length];
        let reply = read(&mut &*whole, DEEPEST).ok_or_else(|| Failure::strange("a question"))?;
        self.bytes.drain(..length);
        if self.bytes.is_empty() {
            self.bytes.shrink_to(Self::ROOM);
        }
        Ok(reply)
    }
}

/// Lists within lists within lists are nothing that is asked for.
const DEEPEST: usize = 3;

/// What the bytes say that follow, if lists are in each other at most `depth` times. They have been scanned.
fn read(bytes: &mut &[u8], depth: usize) -> Option<Reply> {
    let end = line_end(bytes)?;
    let (kind, line) = bytes[..end].split_first()?;
    *bytes = &bytes[end + 2..];
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
mod tests {
    use redis::Value;

    use super::*;

    /// How long the first thing is, if it is all there.
    fn length(bytes: &[u8]) -> Option<Option<usize>> {
        let mut scan = Scan::default();
        scan.goes_to_the_end(bytes).map(|is_whole| is_whole.then_some(scan.at))
    }

    #[test]
    fn what_a_server_says_ends_where_its_last_part_does() {
        let whole: [&[u8]; 12] = [
            b"+PONG\r\n",
            b"-ERR no\r\n",
            b":1\r\n",
            b"_\r\n",
            b"$3\r\n\r\n!\r\n",
            b"$-1\r\n",
            b"$0\r\n\r\n",
            b"=8\r\ntxt:a\r\nb\r\n",
            b"*-1\r\n",
            b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
            b"%1\r\n+a\r\n*1\r\n:1\r\n",
            b"|1\r\n+a\r\n:1\r\n+PONG\r\n",
        ];
        for bytes in whole {
            let shown = bytes.escape_ascii();
            assert_eq!(length(bytes), Some(Some(bytes.len())), "{shown}");
            assert_eq!(length(&[bytes, b"+more\r\n"].concat()), Some(Some(bytes.len())), "{shown}");
            let mut scan = Scan::default();
            for short in 0..bytes.len() {
                assert_eq!(length(&bytes[..short]), Some(None), "{short} bytes of {shown}");
                assert_eq!(scan.goes_to_the_end(&bytes[..short]), Some(false), "{short} bytes of {shown}, one by one");
            }
            assert_eq!((scan.goes_to_the_end(bytes), scan.at), (Some(true), bytes.len()), "{shown}");
        }
    }

    #[test]
    fn what_is_read_here_says_what_the_parser_of_the_client_makes_of_it() {
        let replies: [&[u8]; 19] = [
            b":-17\r\n",
            b"$3\r\n\r\n!\r\n",
            b"$-1\r\n",
            b"$0\r\n\r\n",
            b"*-1\r\n",
            b"*0\r\n",
            b"*3\r\n$1\r\na\r\n$-1\r\n:2\r\n",
            b"*2\r\n*1\r\n$2\r\n\r\n\r\n*0\r\n",
            b"*2\r\n$1\r\na\r\n-ERR no\r\n",
            b"+OK\r\n",
            b"_\r\n",
            b"*2\r\n+OK\r\n_\r\n",
            b"+PONG\r\n",
            b"-ERR no such thing\r\n",
            b"-NOSCRIPT\r\n",
            b"=8\r\ntxt:a\r\nb\r\n",
            b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
            b"%1\r\n+a\r\n*1\r\n:1\r\n",
            b"|1\r\n+a\r\n:1\r\n+PONG\r\n",
        ];
        assert_eq!(read(&mut &b"*1\r\n*1\r\n*1\r\n*0\r\n"[..], DEEPEST), None, "nobody asks for it");
        for bytes in replies {
            let known = redis::parse_redis_value(bytes).unwrap();
            assert_eq!(read(&mut &*bytes, DEEPEST), Some(reply(known)), "{}", bytes.escape_ascii());
        }
    }

    fn reply(known: Value) -> Reply {
        let list = |values: Vec<Value>| values.into_iter().map(reply).collect();
        match known {
            Value::Nil => Reply::Nothing,
            Value::Int(number) => Reply::Number(number),
            Value::Okay => Reply::Okay,
            Value::SimpleString(text) => Reply::Status(text.into_bytes().into()),
            Value::BulkString(text) => Reply::Text(text.into()),
            Value::VerbatimString { text, .. } => Reply::Text(text.into_bytes().into()),
            Value::Array(values) | Value::Set(values) => Reply::List(list(values)),
            Value::Map(pairs) => {
                Reply::List(pairs.into_iter().flat_map(|(key, value)| [reply(key), reply(value)]).collect())
            }
            Value::Push { kind, data } => Reply::Push(
                [Reply::Text(kind.to_string().into_bytes().into())]
                    .into_iter()
                    .chain(data.into_iter().map(reply))
                    .collect(),
            ),
            Value::Attribute { data, .. } => reply(*data),
            Value::ServerError(error) => {
                let details = error.details().map(|details| format!(" {details}")).unwrap_or_default();
                Reply::Error(Refusal::of(format!("{}{details}", error.code()).as_bytes()))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_no_server_says_has_no_end() {
        for bytes in [&b"PONG\r\n"[..], b"$x\r\n", b"*-2\r\n", b"\r\n", b"$99999999999999999999999\r\n"] {
            assert_eq!(length(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
