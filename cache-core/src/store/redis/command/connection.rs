//! Holds one connection to the server: its greeting, its requests and their replies.

use core::fmt;
use std::io;

use redis::{Cmd, Value};

use super::scripts::{ARRIVE, Script};
use super::{incarnation, tokens};
use crate::name::tag::{Tag, Token};
use crate::store::Incarnation;
use crate::store::redis::wire::address::Address;
use crate::store::redis::wire::connect::connect;
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::redis::wire::frame::Frames;
use crate::store::redis::wire::socket::Stream;

/// A connection over which the server's incarnation has been compared.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    frames: Frames,
    incarnation: String,
    life: Option<Incarnation>,
}

/// Commands that are sent together.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    count: usize,
}

impl Batch {
    /// As much as most batches take.
    const ROOM: usize = 1024;

    /// Nothing yet, with room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), count: 0 }
    }

    /// One command.
    pub(crate) fn of(command: &Cmd) -> Self {
        let mut batch = Self::default();
        batch.add(command);
        batch
    }

    /// One more command.
    pub(crate) fn add(&mut self, command: &Cmd) {
        self.make_room();
        command.write_packed_command(&mut self.bytes);
        self.count += 1;
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
        self.length(b'*', parts);
        self.count += 1;
    }

    fn make_room(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(Self::ROOM);
        }
    }

    /// The next part of a command.
    pub(crate) fn part(&mut self, part: &[u8]) {
        self.length(b'$', part.len());
        self.bytes.extend_from_slice(part);
        self.bytes.extend_from_slice(b"\r\n");
    }

    fn length(&mut self, kind: u8, length: usize) {
        let mut digits = [0; 20];
        let (mut at, mut left) = (digits.len(), length);
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&digits[at..]);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The commands of another batch.
    pub(crate) fn join(&mut self, other: Self) {
        self.bytes.extend(other.bytes);
        self.count += other.count;
    }

    /// Sends the commands.
    pub(crate) fn write_to(&self, stream: &mut dyn Stream) -> io::Result<()> {
        stream.write_all(&self.bytes)?;
        stream.flush()
    }
}

impl Connection {
    /// Connects, says who we are, and compares the incarnation.
    pub(crate) fn open(address: &Address, deadline: Deadline) -> Result<Self, Failure> {
        let stream = connect(address, deadline)?;
        let mut connection =
            Self { stream, frames: Frames::of_at_most(usize::MAX), incarnation: String::new(), life: None };
        let information = connection.introduce(address, deadline)?;
        connection.incarnation = incarnation::name(&information).map_err(|reason| Failure::Broken(reason.into()))?;
        connection.life = Incarnation::called(&connection.incarnation);
        connection.arrive(address, deadline)?;
        Ok(connection)
    }

    /// The incarnation of the server that this connection was made in.
    pub(crate) fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// The same, as answers tell it.
    pub(crate) const fn life(&self) -> Option<Incarnation> {
        self.life
    }

    /// Whether the server has not ended the connection since its last answer, as far as is known here.
    pub(crate) fn is_open(&mut self) -> bool {
        self.frames.is_empty() && self.stream.is_quiet()
    }

    /// The bytes both ways, when all replies have been read.
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// Sends commands and reads their replies: all of them, and then the first error among them.
    pub(crate) fn ask(&mut self, batch: &Batch, deadline: Deadline) -> Result<Vec<Value>, Failure> {
        self.stream.set_deadline(deadline);
        batch.write_to(&mut *self.stream)?;
        let mut replies = Vec::with_capacity(batch.count);
        for _ in 0..batch.count {
            replies.push(self.frames.next(&mut *self.stream, deadline)?.ok_or(Failure::Late)?);
        }
        replies
            .into_iter()
            .map(|reply| if let Value::ServerError(error) = reply { Err(error.into()) } else { Ok(reply) })
            .collect()
    }

    /// Runs a script. `with` says keys and arguments: anew for each sending.
    pub(crate) fn run(
        &mut self,
        script: &Script,
        deadline: Deadline,
        with: impl Fn(&mut Cmd),
    ) -> Result<Value, Failure> {
        self.run_then((script, &Batch::default()), deadline, with).map(|(reply, _)| reply)
    }

    /// Runs a script and sends further commands with it, which it does no harm to do twice.
    pub(crate) fn run_then(
        &mut self,
        (script, after): (&Script, &Batch),
        deadline: Deadline,
        with: impl Fn(&mut Cmd),
    ) -> Result<(Value, Vec<Value>), Failure> {
        let mut send = |mut command: Cmd| {
            with(&mut command);
            let mut batch = Batch::of(&command);
            batch.join(after.clone());
            self.ask(&batch, deadline)
        };
        let replies = match send(script.by_digest()) {
            Err(failure) if failure.misses_the_script() => send(script.in_full())?,
            answered => answered?,
        };
        let mut replies = replies.into_iter();
        let reply = replies.next().ok_or_else(|| Failure::strange("a script"))?;
        Ok((reply, replies.collect()))
    }

    fn introduce(&mut self, address: &Address, deadline: Deadline) -> Result<String, Failure> {
        let mut batch = Batch::default();
        if let Some(password) = &address.password {
            let mut command = redis::cmd("AUTH");
            if let Some(user) = &address.user {
                command.arg(user);
            }
            batch.add(command.arg(&password.0));
        }
        if address.database != 0 {
            batch.add(redis::cmd("SELECT").arg(address.database));
        }
        batch.join(information());
        Ok(sections(&self.ask(&batch, deadline)?))
    }

    fn arrive(&mut self, address: &Address, deadline: Deadline) -> Result<(), Failure> {
        let (root, record) = (address.names.tag(&Tag::root()), address.names.incarnation());
        let present = self.incarnation.clone();
        let with = |command: &mut Cmd| {
            command.arg(3).arg(record.as_str()).arg(root.token.as_str()).arg(root.intents().as_str());
            command.arg(&present).arg(tokens::digits(Token::fresh().bits()));
        };
        self.run(&ARRIVE, deadline, with).map(drop)
    }
}

/// Asks what the server says of itself.
pub(crate) fn information() -> Batch {
    let mut batch = Batch::default();
    for section in ["server", "replication"] {
        batch.add(redis::cmd("INFO").arg(section));
    }
    batch
}

/// What it says, among other replies.
pub(crate) fn sections(replies: &[Value]) -> String {
    let section = |reply: &Value| match reply {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::VerbatimString { text, .. } => Some(text.clone()),
        _ => None,
    };
    replies.iter().filter_map(section).collect()
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("incarnation", &self.incarnation).finish_non_exhaustive()
    }
}
