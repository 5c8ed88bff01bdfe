//! Holds one connection to a server: its greeting, and what is written and read over it in one round trip.

use core::fmt;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use super::address::Login;
use super::failure::Failure;
use super::item::{Item, Verb, Write};
use super::life::{Greeting, Record};
use super::replies::{Replies, number};
use crate::clock::{Clock, Timestamp};
use crate::store::Name;
use crate::store::wire::connect::connect;
use crate::store::wire::deadline::Deadline;
use crate::store::wire::pool::Pooled;
use crate::store::wire::socket::Stream;
use crate::store::wire::transport::Transport;

/// A connection to one server.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    replies: Replies,
    /// The record that was there when the connection was made.
    record: Option<Arc<Record>>,
    /// What the server's clock said last, and when.
    seen: (u64, Instant),
    /// In tests, instead of the server's.
    clock: Option<Arc<dyn Clock>>,
}

/// What a server has answered in one round trip.
#[derive(Debug)]
pub(super) struct Answer {
    /// For each item that was to be written whether it was.
    pub(super) written: Vec<bool>,
    /// What is there under each key that was asked for.
    pub(super) items: Vec<Option<Item>>,
    /// When it was looked at, by the server's clock.
    pub(super) now: Timestamp,
}

impl Connection {
    /// How many keys are asked for by one command: a line stays short.
    const KEYS: usize = 24;

    /// Connects, logs in and asks what the server says of itself.
    pub(super) fn open(
        (transport, login): (&Transport, Option<&Login>),
        clock: Option<Arc<dyn Clock>>,
        deadline: Deadline,
    ) -> Result<(Self, Greeting), Failure> {
        let (stream, replies) = (connect(transport, deadline)?, Replies::new());
        let mut connection = Self { stream, replies, record: None, seen: (0, Instant::now()), clock };
        connection.stream.set_deadline(deadline);
        let greeting = connection.greet(login)?;
        connection.seen = (greeting.time()?, Instant::now());
        Ok((connection, greeting))
    }

    /// Whether the server answers in the binary protocol, which memcached gives up. Users of SASL log in by that.
    pub(super) fn speaks_another_protocol(transport: &Transport, deadline: Deadline) -> bool {
        let Ok(mut stream) = connect(transport, deadline) else { return false };
        stream.set_deadline(deadline);
        // A question for the version: the magic byte, the number of the command, and nothing else.
        let (mut question, mut first) = ([0; 24], [0]);
        question[..2].copy_from_slice(&[0x80, 0x0b]);
        let answered = stream.write_all(&question).and_then(|()| stream.read_exact(&mut first));
        answered.is_ok() && first == [0x81]
    }

    fn greet(&mut self, login: Option<&Login>) -> Result<Greeting, Failure> {
        if let Some(login) = login {
            let words = login.words();
            // Where nobody asks who we are, this is an item that is gone at once.
            self.send(&[format!("set login 0 -1 {}\r\n", words.len()).as_bytes(), words.as_bytes(), b"\r\n"].concat())?;
            match self.line()? {
                b"STORED" => {}
                line if Failure::is_of_one_too_many(line) => return Err(Failure::of_line(line)),
                _ => return Err(Failure::Wrong("a memcached refuses the user and the password".to_owned())),
            }
        }
        self.send(b"version\r\n")?;
        let version = match self.line()? {
            line if line.starts_with(b"VERSION ") => String::from_utf8_lossy(&line[8..]).into_owned(),
            line if line.ends_with(b"unauthenticated") => {
                return Err(Failure::Wrong("a memcached wants a user and a password".to_owned()));
            }
            line if Failure::is_of_one_too_many(line) => return Err(Failure::of_line(line)),
            _ => return Err(Failure::Wrong("a server of another kind is where a memcached should be".to_owned())),
        };
        self.send(b"stats\r\nstats settings\r\n")?;
        let mut stats = self.stats()?;
        stats.extend(self.stats()?);
        Ok(Greeting { version, stats })
    }

    fn stats(&mut self) -> Result<Vec<(String, String)>, Failure> {
        let mut stats = Vec::new();
        loop {
            let line = String::from_utf8_lossy(self.line()?).into_owned();
            match line.strip_prefix("STAT ").and_then(|stat| stat.split_once(' ')) {
                Some((name, value)) => stats.push((name.to_owned(), value.to_owned())),
                None if line == "END" => return Ok(stats),
                None => return Err(Failure::of_line(line.as_bytes())),
            }
        }
    }

    /// The server's time now, or a moment before.
    pub(super) fn now_at_least(&self) -> Timestamp {
        match &self.clock {
            Some(clock) => clock.now(),
            None => at(self.seen.0 + self.seen.1.elapsed().as_secs()),
        }
    }

    /// The connection was made in the life that `record` says.
    pub(super) fn settle(&mut self, record: Record) {
        self.record = Some(Arc::new(record));
    }

    pub(super) const fn record(&self) -> Option<&Arc<Record>> {
        self.record.as_ref()
    }

    /// Whether the server has not ended the connection, as far as is known here.
    pub(super) fn is_open(&mut self) -> bool {
        self.replies.is_empty() && self.stream.is_quiet()
    }

    /// Sends what is written, and then what is asked for. The record is asked for between them.
    pub(super) fn request(
        &mut self,
        record: &Name,
        (writes, reads): (&[&Write], &[&Name]),
        deadline: Deadline,
    ) -> Result<(), Failure> {
        self.stream.set_deadline(deadline);
        let mut bytes = Vec::with_capacity(64 + 80 * reads.len());
        writes.iter().for_each(|write| add_write(&mut bytes, write));
        bytes.extend([b"mg ", record.as_bytes(), b" t v\r\n"].concat());
        for keys in reads.chunks(Self::KEYS) {
            bytes.extend(b"gets");
            for key in keys {
                bytes.push(b' ');
                bytes.extend(key.as_bytes());
            }
            bytes.extend(b"\r\n");
        }
        self.send(&bytes)
    }

    /// Reads the answer to what was sent last.
    pub(super) fn answer(&mut self, writes: &[&Write], reads: &[&Name]) -> Result<Answer, Failure> {
        let written = writes.iter().map(|write| self.written(write)).collect::<Result<_, _>>()?;
        let now = self.compare()?;
        let mut items = Vec::with_capacity(reads.len());
        for keys in reads.chunks(Self::KEYS) {
            self.items(keys, &mut items)?;
        }
        self.replies.compact();
        Ok(Answer { written, items, now })
    }

    fn written(&mut self, write: &Write) -> Result<bool, Failure> {
        match (self.line()?, write.verb) {
            (b"STORED", _) | (b"DELETED" | b"NOT_FOUND", Verb::Delete) => Ok(true),
            (b"NOT_STORED" | b"EXISTS" | b"NOT_FOUND", Verb::Add | Verb::Compare(_)) => Ok(false),
            // It is not kept, and neither is what was there.
            (line, Verb::Set) if line.starts_with(b"SERVER_ERROR object too large") => Ok(false),
            (line, _) => Err(Failure::of_line(line)),
        }
    }

    /// Compares the record with that of the connection, and reads the time off it.
    fn compare(&mut self) -> Result<Timestamp, Failure> {
        let (found, left) = self.meta()?.ok_or(Failure::OtherLife)?;
        let record = self.record.as_ref().ok_or(Failure::OtherLife)?;
        if found != record.as_str().as_bytes() {
            return Err(Failure::OtherLife);
        }
        self.seen = (record.ends.saturating_sub(left), Instant::now());
        Ok(self.clock.as_ref().map_or_else(|| at(self.seen.0), |clock| clock.now()))
    }

    /// What a meta command found, and for how many seconds it is kept.
    fn meta(&mut self) -> Result<Option<(Vec<u8>, u64)>, Failure> {
        let line = self.line()?;
        if line == b"EN" {
            return Ok(None);
        }
        let mut words = line.split(|byte| *byte == b' ');
        let head = (words.next() == Some(b"VA")).then(|| words.next().and_then(number)).flatten();
        let left = words.find_map(|word| number(word.strip_prefix(b"t")?)).unwrap_or(0);
        let Some(length) = head.and_then(|length| usize::try_from(length).ok()) else {
            return Err(Failure::of_line(line));
        };
        Ok(Some((self.replies.block(&mut *self.stream, length)?.to_vec(), left)))
    }

    /// What is there under each of `keys`: the server leaves out what is not there.
    fn items(&mut self, keys: &[&Name], items: &mut Vec<Option<Item>>) -> Result<(), Failure> {
        let mut keys = keys.iter();
        loop {
            let line = self.replies.line(&mut *self.stream)?;
            if line == b"END" {
                items.extend(keys.map(|_| None));
                return Ok(());
            }
            let mut words = line.split(|byte| *byte == b' ');
            let (b"VALUE", Some(key)) = (words.next().unwrap_or_default(), words.next()) else {
                return Err(Failure::of_line(line));
            };
            loop {
                match keys.next() {
                    Some(asked) if asked.as_bytes() == key => break,
                    Some(_) => items.push(None),
                    None => return Err(Failure::strange(line)),
                }
            }
            let (Some(length), Some(unique)) = (words.nth(1).and_then(number), words.next().and_then(number)) else {
                return Err(Failure::strange(line));
            };
            let length = usize::try_from(length).map_err(|_| Failure::strange(b"a length"))?;
            let bytes = self.replies.block(&mut *self.stream, length)?.to_vec();
            items.push(Some(Item { bytes, unique }));
        }
    }

    /// What is there under a key, past the record.
    pub(super) fn find(&mut self, name: &Name, deadline: Deadline) -> Result<Option<Item>, Failure> {
        self.stream.set_deadline(deadline);
        self.send(&[b"gets ", name.as_bytes(), b"\r\n"].concat())?;
        let mut items = Vec::with_capacity(1);
        self.items(&[name], &mut items)?;
        Ok(items.pop().flatten())
    }

    /// Writes something past the record; says whether it was written.
    pub(super) fn write_alone(&mut self, write: &Write, deadline: Deadline) -> Result<bool, Failure> {
        self.stream.set_deadline(deadline);
        let mut bytes = Vec::new();
        add_write(&mut bytes, write);
        self.send(&bytes)?;
        self.written(write)
    }

    /// The keys of all items that begin with `start`, as far as they are told by the deadline.
    pub(super) fn keys(&mut self, start: &str, deadline: Deadline) -> Result<Vec<String>, Failure> {
        self.stream.set_deadline(deadline);
        self.send(b"lru_crawler metadump hash\r\n")?;
        let mut keys = Vec::new();
        loop {
            let line = self.line()?;
            if !line.starts_with(b"key=") {
                return if line == b"END" { Ok(keys) } else { Err(Failure::of_line(line)) };
            }
            let key = line[4..].split(|byte| *byte == b' ').next().unwrap_or_default();
            let key = percent_encoding::percent_decode(key).decode_utf8_lossy();
            if key.starts_with(start) {
                keys.push(key.into_owned());
            }
        }
    }

    /// Removes items by their keys.
    pub(super) fn delete(&mut self, keys: &[String], deadline: Deadline) -> Result<(), Failure> {
        for keys in keys.chunks(512) {
            self.stream.set_deadline(deadline);
            let sent: String = keys.iter().map(|key| format!("delete {key}\r\n")).collect();
            self.send(sent.as_bytes())?;
            for _ in keys {
                self.line()?;
            }
        }
        Ok(())
    }

    fn line(&mut self) -> Result<&[u8], Failure> {
        self.replies.line(&mut *self.stream)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.replies.compact();
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }
}

impl Pooled for Connection {
    fn end(self) {}
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("record", &self.record).finish_non_exhaustive()
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000))
}

fn add_write(bytes: &mut Vec<u8>, write: &Write) {
    let Write { key, verb, bytes: value, seconds } = write;
    // Bytes that are kept in memory cannot refuse to be written to.
    let _ = match verb {
        Verb::Add => write!(bytes, "add {key} 0 {seconds} {}\r\n", value.len()),
        Verb::Compare(unique) => write!(bytes, "cas {key} 0 {seconds} {} {unique}\r\n", value.len()),
        Verb::Delete => write!(bytes, "delete {key}\r\n"),
        Verb::Set => write!(bytes, "set {key} 0 {seconds} {}\r\n", value.len()),
    };
    if *verb != Verb::Delete {
        bytes.extend(value);
        bytes.extend(b"\r\n");
    }
}
