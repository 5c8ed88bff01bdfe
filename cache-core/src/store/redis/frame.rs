//! Where does the next thing end that the server says by itself? Bytes come in parts, and in their own time.

use redis::Value;

use super::failure::{Deadline, Failure};
use super::socket::Stream;

/// Bytes that were read and not looked at yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    scan: Scan,
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
    /// Nothing that is said of tags is longer: a server that says more is not one.
    const LONGEST: usize = 64 * 1024 * 1024;
    const PART: usize = 16 * 1024;

    /// The next thing that the server says; `None`: nothing whole by the deadline.
    pub(super) fn next(&mut self, stream: &mut dyn Stream, deadline: Deadline) -> Result<Option<Value>, Failure> {
        stream.set_deadline(deadline);
        let mut part = [0; Self::PART];
        loop {
            if self.scan.goes_to_the_end(&self.bytes).ok_or_else(|| Failure::strange("a heartbeat"))? {
                let length = core::mem::take(&mut self.scan).at;
                let value = redis::parse_redis_value(&self.bytes[..length])?;
                self.bytes.drain(..length);
                return Ok(Some(value));
            }
            match stream.read(&mut part).map_err(Failure::from) {
                Ok(0) => return Err(Failure::Broken("the Redis server ended the connection".into())),
                Ok(_) if self.bytes.len() > Self::LONGEST => return Err(Failure::strange("a heartbeat")),
                Ok(count) => self.bytes.extend_from_slice(&part[..count]),
                Err(Failure::Late) => return Ok(None),
                Err(failure) => return Err(failure),
            }
        }
    }
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
    bytes.windows(2).position(|pair| pair == b"\r\n")
}

/// A number that is not negative; `Some(None)`: there is nothing.
fn count(line: &[u8]) -> Option<Option<usize>> {
    match line {
        b"-1" => Some(None),
        digits => core::str::from_utf8(digits).ok()?.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
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
    fn what_no_server_says_has_no_end() {
        for bytes in [&b"PONG\r\n"[..], b"$x\r\n", b"*-2\r\n", b"\r\n", b"$99999999999999999999999\r\n"] {
            assert_eq!(length(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
