//! Carries one call over a connection, in one incarnation of the server.

use core::time::Duration;

use super::batch::Batch;
use super::connection::Connection;
use super::scripts::KEPT_MILLIS;
use crate::name::tag::Token;
use crate::store::names::Names;
use crate::store::record::stamp_in;
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::redis::wire::frame::{Reply, Text};

/// The longest life of an entry: half as long as a tag of a table is kept that nobody asks for. So no tag goes before what
/// was stored under it, and what nobody can reach any more goes by itself.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_millis(KEPT_MILLIS / 2);

/// Nothing is kept for less.
pub(crate) const MILLI: Duration = Duration::from_millis(1);

/// So many tags are changed by one run of a script, which nobody comes between.
pub(crate) const TAGS_AT_ONCE: usize = 128;

/// A connection, and until when it may be used for a call.
pub(crate) struct Call<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) names: &'a Names,
    pub(crate) deadline: Deadline,
}

impl Call<'_> {
    pub(crate) fn ask(&mut self, batch: &Batch) -> Result<Vec<Reply>, Failure> {
        self.connection.ask(batch, self.deadline)
    }

    /// Asks, and *afterwards* whether the server is still in the life of this connection and takes writes: what was said
    /// before came from there.
    pub(crate) fn ask_in_this_life(&mut self, mut batch: Batch) -> Result<Vec<Reply>, Failure> {
        self.ask_for_the_record(&mut batch);
        let replies = self.ask(&batch);
        self.compare(replies).map(|(replies, _)| replies)
    }

    /// The same. `each` takes the texts of the first reply, whose list is empty then. Gives the server's stamp too.
    pub(crate) fn ask_for_texts(
        &mut self,
        mut batch: Batch,
        each: impl FnMut(Option<&[u8]>),
    ) -> Result<(Vec<Reply>, Option<Token>), Failure> {
        self.ask_for_the_record(&mut batch);
        let replies = self.connection.ask_for_texts(&batch, self.deadline, each);
        self.compare(replies)
    }

    pub(crate) fn ask_for_the_record(&self, batch: &mut Batch) {
        if let Some(absent) = self.names.absent() {
            batch.command(&[b"EXISTS", absent.as_bytes()]);
        }
        batch.command(&[b"GETEX", self.names.incarnation().as_bytes(), b"PERSIST"]);
    }

    /// The replies before the record, if that says what it should, and the stamp in it.
    pub(crate) fn compare(&self, replies: Result<Vec<Reply>, Failure>) -> Result<(Vec<Reply>, Option<Token>), Failure> {
        // Only the command for the record minds what type a key is of.
        let mut replies = replies.map_err(Failure::of_the_record)?;
        let record = replies.pop().ok_or_else(|| Failure::strange("a read"))?;
        if self.names.absent().is_some() {
            replies.pop();
        }
        let record = text(record)?.ok_or(Failure::OtherLife)?;
        let stamp = stamp_in(&record, self.connection.incarnation()).ok_or(Failure::OtherLife)?;
        Ok((replies, stamp))
    }
}

pub(crate) fn text(value: Reply) -> Result<Option<Text>, Failure> {
    match value {
        Reply::Nothing => Ok(None),
        Reply::Text(bytes) => Ok(Some(bytes)),
        _ => Err(Failure::strange("a question for text")),
    }
}

pub(crate) fn texts(reply: Reply) -> Result<Vec<Option<Text>>, Failure> {
    let Reply::List(values) = reply else { return Err(Failure::strange("MGET")) };
    values.into_iter().map(text).collect()
}
