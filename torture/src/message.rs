//! Holds the messages between workers and the run.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::question::{Key, Origin, Question, State};

/// A row and one of its versions.
pub(crate) type Version = (Key, u64);

/// What a thread of a worker says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Request {
    /// The thread belongs to this worker, which is this process.
    Hello { worker: usize, process: u32, place: Place },
    /// A read is about to begin. It begins when the answer is there.
    Begin(Question),
    /// The read gave this, which was loaded so many milliseconds ago, if it says so. Nothing is answered.
    End { seen: Vec<Version>, origin: Origin, age: Option<u64> },
    /// So many reads of the process were answered from its memory so far. Nothing is answered.
    NearHits(u64),
    /// So many rows of the process were stored with its writes so far. Nothing is answered.
    Stored(u64),
    /// So many entries of the process were compared with the database so far, and so many of them are stale. Nothing is
    /// answered.
    Audited { compared: u64, stale: u64 },
    /// The read failed. Nothing is answered.
    Failed,
    /// A write is about to begin, which brings these rows of the worker's own into these states.
    Write(Vec<(Key, State)>),
    /// The write has returned: no read that begins after the answer may give less than these versions.
    Written { versions: Vec<Version>, release: Release, is_first: bool },
    /// The write was rolled back: its states may never be seen.
    RolledBack,
    /// Nobody knows what became of the write.
    Unknown,
}

/// Where a thread's queries go.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Place {
    Primary,
    /// Its rows may be older than any bound of the cache: nobody promises more of them.
    Standby,
}

/// What is known of the release of a write that has returned.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Release {
    /// The store has acknowledged it.
    Acknowledged,
    /// The store has not acknowledged it, and did or did not take the intents.
    Pending { is_intended: bool },
}

/// What the run answers.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Reply {
    /// So be it. One of the rows that were written last, if there is any.
    Noted { written: Option<Key> },
    /// The versions that the states of a write have.
    Versions(Vec<u64>),
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Line {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Line {
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        Ok(Self { writer: stream.try_clone()?, reader: BufReader::new(stream) })
    }

    pub(crate) fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(message)?;
        bytes.push(b'\n');
        self.writer.write_all(&bytes)
    }

    /// The next message; `None` at the end.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let mut line = String::new();
        match self.reader.read_line(&mut line)? {
            0 => Ok(None),
            _ => Ok(Some(serde_json::from_str(&line)?)),
        }
    }
}
