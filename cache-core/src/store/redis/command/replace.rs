//! Releases tags on the server, and compares the tokens that they held until then.

use super::batch::{Batch, Command};
use super::call::Call;
use super::change::{at_once, said, stamped};
use super::notes::{notes_of, values_of};
use super::scripts::RELEASE;
use super::tokens;
use crate::name::tag::Token;
use crate::protocol::intent::Writer;
use crate::store::Released;
use crate::store::link::Replacing;
use crate::store::names::Name;
use crate::store::redis::wire::failure::Failure;
use crate::store::redis::wire::frame::Reply;

impl Call<'_> {
    /// Releases tags, one run of the script after the other, and reads notes with the last of them.
    pub(crate) fn replace(
        &mut self,
        writer: Writer,
        releases: &[Replacing],
        notes: &[Name],
    ) -> Result<Released, Failure> {
        let (nothing, after) = (Batch::default(), values_of(notes));
        let (mut replaced, mut left) = (Vec::with_capacity(releases.len()), releases);
        loop {
            let (some, others) = left.split_at(at_once(left.iter().map(|(tag, ..)| tag)));
            let after = if others.is_empty() { &after } else { &nothing };
            let replies = self.replace_some((writer, some), after, &mut replaced)?;
            if others.is_empty() {
                return Ok(Released { replaced, notes: notes_of(replies.into_iter().next())? });
            }
            left = others;
        }
    }

    fn replace_some(
        &mut self,
        (writer, some): (Writer, &[Replacing]),
        after: &Batch,
        replaced: &mut Vec<Option<Token>>,
    ) -> Result<Vec<Reply>, Failure> {
        let incarnation = self.connection.incarnation().to_owned();
        let record = self.names.incarnation();
        let fresh: Vec<Token> = some.iter().map(|_| Token::fresh()).collect();
        let with = |command: &mut Command| {
            command.number(1 + 2 * some.len()).arg(record.as_bytes());
            some.iter().for_each(|(tag, ..)| {
                command.arg(tag.token.as_bytes()).arg(tag.intents().as_bytes());
            });
            command.arg(incarnation.as_bytes()).arg(tokens::digits(writer.bits()));
            some.iter().zip(&fresh).for_each(|((_, outcome, held), fresh)| {
                said(command, *outcome, (*fresh, *held));
            });
            stamped(command, some.iter().map(|(tag, outcome, _)| (tag, Some(*outcome))));
        };
        // A script that the server does not know was not run: its tokens may be sent again.
        let (reply, replies) = self.connection.run_then((&RELEASE, after), self.deadline, with)?;
        let mut answers = answers_of(reply)?.into_iter();
        for ((_, _, held), fresh) in some.iter().zip(fresh) {
            let is_replaced = held.is_some() && answers.next().ok_or_else(|| Failure::strange("a script"))?;
            replaced.push(is_replaced.then_some(fresh));
        }
        Ok(replies)
    }
}

/// For each token that was asked about, whether its tag held it.
fn answers_of(reply: Reply) -> Result<Vec<bool>, Failure> {
    let answer = |reply: &Reply| match reply {
        Reply::Number(is_held) => Ok(*is_held == 1),
        _ => Err(Failure::strange("a script")),
    };
    match reply {
        Reply::Number(1) => Ok(Vec::new()),
        Reply::List(answers) => answers.iter().map(answer).collect(),
        _ => Err(Failure::strange("a script")),
    }
}
