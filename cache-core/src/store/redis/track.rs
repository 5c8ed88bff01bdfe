//! Subscribes to the changes of a Redis server, and reads its pushes.
//!
//! By pushes on a connection that speaks the third version of the protocol, for all keys whose names begin like those of
//! tokens, whoever changes them. They are written before anybody is told that the change is done, and in one order with
//! the answers on the same connection.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::error::Result;
use crate::name::key::Fingerprint;
use crate::name::tag::{TagKind, Token};
use crate::store::Incarnation;
use crate::store::names::Names;
use crate::store::record::stamp_in;
use crate::store::redis::command::batch::{Batch, Command};
use crate::store::redis::command::call::texts;
use crate::store::redis::command::connection;
use crate::store::redis::command::{incarnation, tokens};
use crate::store::redis::whereabouts::Whereabouts;
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::redis::wire::frame::Frames;
use crate::store::redis::wire::frame::Reply;
use crate::store::redis::wire::socket::Stream;
use crate::store::track::{Push, Subscriber, Subscription, Untracked};

/// Opens connections on which a server tells of changes.
#[derive(Debug)]
pub(super) struct RedisSubscriber(Arc<Whereabouts>);

/// A connection on which a server tells of changes.
struct Tracking {
    stream: Box<dyn Stream>,
    frames: Frames,
    names: Names,
    whereabouts: Arc<Whereabouts>,
    /// After how many moves of the server the connection was made.
    move_count: u64,
    incarnation: Arc<str>,
    awaited: Awaited,
    timeout: Duration,
}

/// How far a heartbeat has come.
///
/// It is two questions, the second of which is sent when the first is answered. What a server tells by itself may be put
/// in line behind an answer of the same turn of its loop; the second question is of another turn.
#[derive(Debug)]
enum Awaited {
    Nothing,
    /// Whether the server is in the same life, and takes writes; and so many tokens: these answers so far.
    Facts(Vec<Reply>, usize),
    /// With the tokens that came before it.
    Pong(Vec<Option<Token>>),
}

impl RedisSubscriber {
    /// Nothing that is said of tags is longer.
    const LONGEST: usize = 64 * 1024 * 1024;

    pub(super) const fn of(whereabouts: Arc<Whereabouts>) -> Self {
        Self(whereabouts)
    }

    fn connect(&self, timeout: Duration) -> core::result::Result<Tracking, (Failure, bool)> {
        let deadline = Deadline::after(timeout);
        let absent = |failure: Failure| {
            let is_wrong = matches!(failure, Failure::Wrong(_));
            (failure, is_wrong)
        };
        let refused = |failure: Failure| {
            let is_refused = failure.is_for_good();
            (failure, is_refused)
        };
        let mut connection = self.0.open(deadline).map_err(absent)?;
        let mut hello = Command::named("HELLO");
        hello.arg("3");
        connection.ask(&Batch::of(hello), deadline).map_err(refused)?;
        let (incarnation, move_count) = (connection.incarnation().to_owned(), connection.move_count());
        let mut tracking = Tracking {
            stream: connection.into_stream(),
            frames: Frames::of_at_most(Self::LONGEST),
            names: self.0.address().names.clone(),
            whereabouts: Arc::clone(&self.0),
            move_count,
            incarnation,
            awaited: Awaited::Nothing,
            timeout,
        };
        let mut command = Command::named("CLIENT");
        command.arg("TRACKING").arg("ON").arg("BCAST").arg("PREFIX").arg(self.0.address().names.start_of_tokens());
        tracking.send(&Batch::of(command)).map_err(absent)?;
        tracking.confirmed(deadline).map_err(refused)?;
        Ok(tracking)
    }
}

impl Subscriber for RedisSubscriber {
    fn open(&mut self, timeout: Duration) -> core::result::Result<Box<dyn Subscription>, Untracked> {
        match self.connect(timeout) {
            Ok(tracking) => Ok(Box::new(tracking)),
            Err((failure, true)) => Err(Untracked::Refused(failure.into_error("asking to be told of changes"))),
            Err((failure, false)) => Err(Untracked::Absent(failure.into_error("asking to be told of changes"))),
        }
    }
}

impl Tracking {
    fn send(&mut self, batch: &Batch) -> core::result::Result<(), Failure> {
        self.stream.set_deadline(Deadline::after(self.timeout));
        Ok(batch.write_to(&mut *self.stream)?)
    }

    /// Waits for the answer to the first question. Nothing is known yet that what is told meanwhile could concern.
    fn confirmed(&mut self, deadline: Deadline) -> core::result::Result<(), Failure> {
        loop {
            match self.frames.next(&mut *self.stream, deadline)?.ok_or(Failure::Late)? {
                Reply::Okay => return Ok(()),
                Reply::Error(error) => return Err(error.into()),
                Reply::Push(_) => {}
                _ => return Err(Failure::strange("CLIENT TRACKING")),
            }
        }
    }

    fn ask_for_facts(&mut self, polled: &[Fingerprint]) -> core::result::Result<(), Failure> {
        let mut batch = connection::information();
        if let Some(absent) = self.names.absent() {
            batch.command(&[b"EXISTS", absent.as_bytes()]);
        }
        batch.add(Command::named("GETEX").arg(self.names.incarnation().as_str()).arg("PERSIST"));
        if !polled.is_empty() {
            let mut command = Command::named("MGET");
            polled.iter().for_each(|tag| {
                command.arg(self.names.tag_of(*tag, TagKind::Writers).token.as_str());
            });
            batch.add(&command);
        }
        self.awaited = Awaited::Facts(Vec::new(), polled.len());
        self.send(&batch)
    }

    /// What something that the server says comes to; `None`: nothing that anybody waits for.
    fn hear(&mut self, value: Reply) -> core::result::Result<Option<Push>, Failure> {
        match value {
            Reply::Push(parts) => {
                let is_told = matches!(parts.first(), Some(Reply::Text(what)) if **what == *b"invalidate");
                return if is_told { self.changed(&parts[1..]).map(Some) } else { Ok(None) };
            }
            Reply::Error(error) => return Err(error.into()),
            _ => {}
        }
        match core::mem::replace(&mut self.awaited, Awaited::Nothing) {
            Awaited::Facts(mut facts, count) => {
                facts.push(value);
                if facts.len() < 3 + usize::from(self.names.absent().is_some()) + usize::from(count > 0) {
                    self.awaited = Awaited::Facts(facts, count);
                    return Ok(None);
                }
                let polled = if count > 0 { facts.pop() } else { None };
                self.check(&facts)?;
                self.awaited = Awaited::Pong(tokens_of(polled, count)?);
                self.send(&Batch::of(Command::named("PING"))).map(|()| None)
            }
            Awaited::Pong(tokens) if matches!(&value, Reply::Status(word) if **word == *b"PONG") => {
                Ok(Some(Push::Heartbeat(tokens)))
            }
            _ => Err(Failure::strange("a heartbeat")),
        }
    }

    /// Whether the server is a primary, in the life that this connection was opened to, and nobody has recorded another.
    fn check(&self, facts: &[Reply]) -> core::result::Result<(), Failure> {
        let name = incarnation::name(&connection::sections(facts), self.names.absent().is_some())?;
        let is_recorded = matches!(facts.last(), Some(Reply::Text(record)) if stamp_in(record, &name).is_some());
        if name == *self.incarnation && is_recorded { Ok(()) } else { Err(Failure::OtherLife) }
    }

    fn changed(&self, data: &[Reply]) -> core::result::Result<Push, Failure> {
        match data {
            [Reply::Nothing] => Ok(Push::Everything),
            [Reply::List(names)] => {
                let tag = |name: &Reply| match name {
                    Reply::Text(name) => self.names.tag_called(name),
                    _ => None,
                };
                Ok(Push::Changed(names.iter().filter_map(tag).collect::<Vec<Fingerprint>>()))
            }
            _ => Err(Failure::strange("tracking")),
        }
    }
}

/// The tokens that the server has read of so many tags.
fn tokens_of(reply: Option<Reply>, count: usize) -> core::result::Result<Vec<Option<Token>>, Failure> {
    let texts = reply.map_or(Ok(Vec::new()), texts)?;
    let tokens: Vec<_> = texts.iter().map(|bytes| Some(tokens::held(bytes.as_deref()?)?.token)).collect();
    if tokens.len() == count { Ok(tokens) } else { Err(Failure::strange("a heartbeat")) }
}

impl Subscription for Tracking {
    fn incarnation(&self) -> Option<Incarnation> {
        Incarnation::called(&self.incarnation)
    }

    fn beat(&mut self, polled: &[Fingerprint]) -> Result<()> {
        let asked = if self.move_count == self.whereabouts.move_count() {
            self.ask_for_facts(polled)
        } else {
            // Somebody of this process has found another server.
            Err(Failure::OtherLife)
        };
        asked.map_err(|failure| failure.into_error("sending a heartbeat"))
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<Push>> {
        let deadline = Deadline::after(timeout);
        let mut next = || {
            loop {
                let (mut tags, mut is_told) = (Vec::new(), false);
                let take = |name: Option<&[u8]>| {
                    is_told = true;
                    tags.extend(name.and_then(|name| self.names.tag_called(name)));
                };
                let value = self.frames.next_changed(&mut *self.stream, deadline, take)?;
                let Some(value) = value else { return Ok(None) };
                if is_told && value == Reply::Push(Vec::new()) {
                    return Ok(Some(Push::Changed(tags)));
                }
                if let Some(told) = self.hear(value)? {
                    return Ok(Some(told));
                }
            }
        };
        next().map_err(|failure: Failure| failure.into_error("listening for changes"))
    }
}

impl fmt::Debug for Tracking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracking").field("incarnation", &self.incarnation).finish_non_exhaustive()
    }
}
