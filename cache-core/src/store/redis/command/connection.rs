//! Holds one connection to the server: its greeting, its requests and their replies.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::batch::{Batch, Command};
use super::outbox::{Outbox, Owed};
use super::scripts::{ARRIVE, Script};
use super::{incarnation, tokens};
use crate::name::tag::Token;
use crate::store::Incarnation;
use crate::store::redis::wire::address::{Address, Login, Transport};
use crate::store::redis::wire::connect::connect;
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::redis::wire::frame::Frames;
use crate::store::redis::wire::frame::Reply;
use crate::store::redis::wire::socket::Stream;
use crate::store::wire::pool::Pooled;

/// A connection over which the server's incarnation has been compared.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    frames: Frames,
    incarnation: Arc<str>,
    life: Option<Incarnation>,
    move_count: u64,
    /// Replies that come before those to whatever is sent next.
    owed: Option<Owed>,
    knows_keep: bool,
    is_spent: bool,
}

impl Connection {
    /// Connects, says who we are, and compares the incarnation.
    pub(crate) fn open(address: &Address, transport: &Transport, deadline: Deadline) -> Result<Self, Failure> {
        let mut connection = Self::to(transport, deadline)?;
        let information = connection.introduce(address, deadline)?;
        connection.incarnation = incarnation::name(&information, address.names.absent().is_some())?.into();
        connection.life = Incarnation::called(&connection.incarnation);
        connection.arrive(address, deadline)?;
        Ok(connection)
    }

    /// Connects. Nothing is said yet.
    pub(crate) fn to(transport: &Transport, deadline: Deadline) -> Result<Self, Failure> {
        Ok(Self {
            stream: connect(transport, deadline)?,
            frames: Frames::of_at_most(usize::MAX),
            incarnation: Arc::from(""),
            life: None,
            move_count: 0,
            owed: None,
            knows_keep: false,
            is_spent: false,
        })
    }

    /// After how many moves of the server this connection was made.
    pub(crate) const fn move_count(&self) -> u64 {
        self.move_count
    }

    /// The connection was made after so many moves of the server.
    pub(crate) const fn set_move_count(&mut self, count: u64) {
        self.move_count = count;
    }

    /// The incarnation of the server that this connection was made in.
    pub(crate) const fn incarnation(&self) -> &Arc<str> {
        &self.incarnation
    }

    /// The same, as answers tell it.
    pub(crate) const fn life(&self) -> Option<Incarnation> {
        self.life
    }

    /// Whether the server has not ended the connection since its last answer, as far as is known here. Replies that are
    /// owed are read before.
    pub(crate) fn is_open(&mut self, deadline: Deadline) -> bool {
        self.settle(deadline).is_ok() && !self.is_spent && self.frames.is_empty() && self.stream.is_quiet()
    }

    /// Whether it owes replies.
    pub(crate) const fn owes(&self) -> bool {
        self.owed.is_some()
    }

    /// Whether the server has said something of its state that a new connection has to look at.
    pub(crate) const fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Whether the server knows the script that keeps tags, as far as this connection has used it.
    pub(crate) const fn knows_keep(&self) -> bool {
        self.knows_keep
    }

    /// The server has run the script that keeps tags.
    pub(crate) const fn learn_keep(&mut self) {
        self.knows_keep = true;
    }

    /// The bytes both ways, when all replies have been read.
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// Sends commands and reads their replies: all of them, and then the first error among them.
    pub(crate) fn ask(&mut self, batch: &Batch, deadline: Deadline) -> Result<Vec<Reply>, Failure> {
        self.send(batch, deadline)?;
        self.settle(deadline)?;
        self.replies(Vec::with_capacity(batch.count()), batch.count(), deadline)
    }

    /// The same. `each` takes the texts of the first reply, whose list is empty then.
    pub(crate) fn ask_for_texts(
        &mut self,
        batch: &Batch,
        deadline: Deadline,
        each: impl FnMut(Option<&[u8]>),
    ) -> Result<Vec<Reply>, Failure> {
        self.send(batch, deadline)?;
        self.settle(deadline)?;
        let mut replies = Vec::with_capacity(batch.count());
        replies.push(self.frames.next_texts(&mut *self.stream, deadline, each)?.ok_or(Failure::Late)?);
        self.replies(replies, batch.count(), deadline)
    }

    /// Sends commands that store so many entries, and leaves their replies to whoever uses the connection next.
    pub(crate) fn leave(
        &mut self,
        (batch, entries): (&Batch, usize),
        outbox: &Outbox,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        self.settle(deadline)?;
        self.send(batch, deadline)?;
        self.owed = Some(outbox.owe(batch.count(), entries));
        Ok(())
    }

    /// Reads the replies that are owed. An error among them is counted, and is nobody's answer.
    pub(crate) fn settle(&mut self, deadline: Deadline) -> Result<(), Failure> {
        let Some(owed) = self.owed.take() else { return Ok(()) };
        match self.replies(Vec::with_capacity(owed.replies()), owed.replies(), deadline) {
            Ok(_) => owed.acknowledge(),
            Err(failure @ (Failure::Broken(_) | Failure::Late)) => return Err(failure),
            // The entries are stored, and tags may go before them.
            Err(failure) if failure.misses_the_script() => {
                self.knows_keep = false;
                owed.acknowledge();
            }
            Err(failure) => self.is_spent = !failure.leaves_the_connection(),
        }
        Ok(())
    }

    fn send(&mut self, batch: &Batch, deadline: Deadline) -> Result<(), Failure> {
        self.stream.set_deadline(deadline);
        Ok(batch.write_to(&mut *self.stream)?)
    }

    /// These replies, and all that are missing of so many.
    fn replies(&mut self, mut replies: Vec<Reply>, count: usize, deadline: Deadline) -> Result<Vec<Reply>, Failure> {
        while replies.len() < count {
            replies.push(self.frames.next(&mut *self.stream, deadline)?.ok_or(Failure::Late)?);
        }
        match replies.iter().position(|reply| matches!(reply, Reply::Error(_))) {
            None => Ok(replies),
            Some(first) => match replies.swap_remove(first) {
                Reply::Error(error) => Err(error.into()),
                _ => Err(Failure::strange("a question")),
            },
        }
    }

    /// Runs a script. `with` says keys and arguments: anew for each sending.
    pub(crate) fn run(
        &mut self,
        script: &Script,
        deadline: Deadline,
        with: impl Fn(&mut Command),
    ) -> Result<Reply, Failure> {
        self.run_then((script, &Batch::default()), deadline, with).map(|(reply, _)| reply)
    }

    /// Runs a script and sends further commands with it, which it does no harm to do twice.
    pub(crate) fn run_then(
        &mut self,
        (script, after): (&Script, &Batch),
        deadline: Deadline,
        with: impl Fn(&mut Command),
    ) -> Result<(Reply, Vec<Reply>), Failure> {
        let mut send = |mut command: Command| {
            with(&mut command);
            let mut batch = Batch::of(command);
            batch.join(after);
            self.ask(&batch, deadline)
        };
        let mut replies = match send(script.by_digest()) {
            Err(failure) if failure.misses_the_script() => send(script.in_full())?,
            answered => answered?,
        };
        if replies.is_empty() {
            return Err(Failure::strange("a script"));
        }
        Ok((replies.remove(0), replies))
    }

    fn introduce(&mut self, address: &Address, deadline: Deadline) -> Result<String, Failure> {
        let mut batch = login(&address.login);
        if address.database != 0 {
            batch.add(Command::named("SELECT").number(address.database as usize));
        }
        batch.join(&information());
        let replies = self.ask(&batch, deadline).map_err(Failure::of_the_first_answer)?;
        Ok(sections(&replies))
    }

    fn arrive(&mut self, address: &Address, deadline: Deadline) -> Result<(), Failure> {
        let (root, record) = (address.names.root(), address.names.incarnation());
        let present = self.incarnation.clone();
        let with = |command: &mut Command| {
            command.number(3).arg(record.as_bytes()).arg(root.token.as_bytes()).arg(root.intents().as_bytes());
            command.arg(present.as_bytes()).arg(tokens::digits(Token::fresh().bits()));
        };
        self.run(&ARRIVE, deadline, with).map(drop)
    }
}

impl Pooled for Connection {
    /// What it owes has come long since, mostly.
    fn end(mut self) {
        _ = self.settle(Deadline::after(Duration::from_millis(1)));
    }
}

/// Says who we are, if the server wants to know.
pub(crate) fn login(login: &Login) -> Batch {
    let mut batch = Batch::default();
    if let Some(password) = &login.password {
        let mut command = Command::named("AUTH");
        if let Some(user) = &login.user {
            command.arg(user);
        }
        batch.add(command.arg(&password.0));
    }
    batch
}

/// Asks what the server says of itself.
pub(crate) fn information() -> Batch {
    let mut batch = Batch::default();
    for section in ["server", "replication"] {
        batch.add(Command::named("INFO").arg(section));
    }
    batch
}

/// What it says, among other replies.
pub(crate) fn sections(replies: &[Reply]) -> String {
    let section = |reply: &Reply| match reply {
        Reply::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    };
    replies.iter().filter_map(section).collect()
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("incarnation", &self.incarnation).finish_non_exhaustive()
    }
}
