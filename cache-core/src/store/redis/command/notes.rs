//! Reads and changes notes beside tables on the server.

use super::batch::{Batch, Command, Decimal};
use super::call::{Call, texts};
use super::change::TagCommand;
use super::commands::is_young;
use super::scripts::{KEPT_MILLIS, NOTES};
use super::tokens;
use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::Writer;
use crate::protocol::notes::{Note, Notes, Remark};
use crate::store::Seeded;
use crate::store::names::{Name, TableName, TagName};
use crate::store::redis::wire::failure::Failure;
use crate::store::redis::wire::frame::Reply;

impl Call<'_> {
    /// The tokens of tags, in order, and notes that are read after all of these. Notes that a fill goes by are kept.
    pub(crate) fn seed(&mut self, tags: &[TagName], notes: &[Name]) -> Result<Seeded, Failure> {
        let (seeds, replies) = self.seed_then(tags, &in_time(notes))?;
        let mut replies = replies.into_iter();
        let found = notes_of(replies.next())?;
        self.keep(old_ones(notes, replies))?;
        Ok(Seeded { seeds, notes: found })
    }

    /// Changes tags, and reads notes afterwards, in the same round trip.
    pub(crate) fn change(&mut self, change: TagCommand<'_>, notes: &[Name]) -> Result<Vec<Option<Notes>>, Failure> {
        let (_, replies) = self.change_then(change, &values_of(notes))?;
        notes_of(replies.into_iter().next())
    }

    /// Keeps notes for as long as tags that nobody asks for. What is not there stays so.
    pub(crate) fn keep<'n>(&mut self, notes: impl Iterator<Item = &'n Name>) -> Result<(), Failure> {
        let (mut batch, kept) = (Batch::default(), Decimal::of(KEPT_MILLIS));
        notes.for_each(|name| batch.command(&[b"PEXPIRE", name.as_bytes(), kept.as_ref()]));
        self.ask(&batch).map(drop)
    }

    /// `wide`: the wide tags of the table, if notes are to be made anew that were lost.
    pub(crate) fn remark(&mut self, table: &TableName, remark: Remark, wide: &[TagName]) -> Result<bool, Failure> {
        let nobody = (Notes::LOST, Writer::from_bits(0));
        let (verb, (own, writer)) = match remark {
            Remark::Claim { own, writer } => ("claim", (own, writer)),
            Remark::Forget(writer) => ("forget", (nobody.0, writer)),
            Remark::Note(own) => ("note", (own, nobody.1)),
            Remark::Restore(own) => ("restore", (own, nobody.1)),
        };
        let (record, incarnation) = (self.names.incarnation(), self.connection.incarnation().to_owned());
        let with = |command: &mut Command| {
            command.number(4 + 2 * wide.len()).arg(record.as_bytes());
            command.arg(table.any.token.as_bytes()).arg(table.any.intents().as_bytes()).arg(table.notes.as_bytes());
            wide.iter().for_each(|tag| {
                command.arg(tag.token.as_bytes()).arg(tag.intents().as_bytes());
            });
            command.arg(incarnation.as_bytes()).arg(verb).arg(format!("{own:?}")).arg(tokens::digits(writer.bits()));
            wide.iter().for_each(|_| {
                command.arg(tokens::digits(Token::fresh().bits()));
            });
        };
        match self.connection.run(&NOTES, self.deadline, with)? {
            Reply::Number(may_store) => Ok(may_store == 1),
            _ => Err(Failure::strange("a script")),
        }
    }
}

/// The question for notes.
pub(super) fn values_of(notes: &[Name]) -> Batch {
    let mut batch = Batch::default();
    if !notes.is_empty() {
        batch.begin(1 + notes.len());
        batch.part(b"MGET");
        notes.iter().for_each(|name| batch.part(name.as_bytes()));
    }
    batch
}

/// The same, and for how long each has to live.
fn in_time(notes: &[Name]) -> Batch {
    let mut batch = values_of(notes);
    batch.join(&lives_of_notes(notes));
    batch
}

/// How long each has to live.
pub(crate) fn lives_of_notes(notes: &[Name]) -> Batch {
    let mut batch = Batch::default();
    notes.iter().for_each(|name| batch.command(&[b"PTTL", name.as_bytes()]));
    batch
}

/// Those that might go before what is stored by them; `lives`: how long each has to live.
pub(crate) fn old_ones(notes: &[Name], lives: impl Iterator<Item = Reply>) -> impl Iterator<Item = &Name> {
    notes.iter().zip(lives).filter(|(_, life)| !is_young(life)).map(|(name, _)| name)
}

pub(super) fn notes_of(reply: Option<Reply>) -> Result<Vec<Option<Notes>>, Failure> {
    Ok(notes_in(reply.map_or(Ok(Vec::new()), texts)?))
}

/// The notes that texts say.
pub(crate) fn notes_in(texts: Vec<Option<impl AsRef<[u8]>>>) -> Vec<Option<Notes>> {
    texts.into_iter().map(|bytes| read(bytes?.as_ref())).collect()
}

/// The notes that `bytes` say, as `notes.lua` writes them; `None`: they are nothing that it writes.
fn read(bytes: &[u8]) -> Option<Notes> {
    let text = core::str::from_utf8(bytes).ok()?.strip_prefix('n')?;
    if text.is_empty() {
        return Some(Notes::default());
    }
    text.split(',').map(read_one).collect()
}

fn read_one(text: &str) -> Option<(Fingerprint, Note)> {
    let (of, state) = text.split_once('=')?;
    let note = match (state.get(..1)?, state.get(1..)?) {
        ("r", "") => Note::Ripe,
        ("u", millis) => {
            Note::Unripe { until: Timestamp::from_nanos(millis.parse::<u64>().ok()?.saturating_mul(1_000_000)) }
        }
        ("c", writer) => Note::Claimed(Writer::from_bits(tokens::read(writer.as_bytes())?.bits())),
        _ => return None,
    };
    Some((Fingerprint::of_digits(of.as_bytes())?, note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_script_writes_says_notes() {
        let of = "5e4feeb87d66da9140c1d82307f09bb6";
        let fingerprint = Fingerprint::of_digits(of.as_bytes()).unwrap();
        let one = |note| Some(Notes::from_iter([(fingerprint, note)]));
        let cases = [
            ("n".to_owned(), Some(Notes::default())),
            (format!("n{of}=r"), one(Note::Ripe)),
            (format!("n{of}=u1700"), one(Note::Unripe { until: Timestamp::from_nanos(1_700_000_000) })),
            (format!("n{of}=c00000000000000ab"), one(Note::Claimed(Writer::from_bits(0xab)))),
            (format!("{of}=r"), None),
            (format!("n{of}=x"), None),
            (format!("n{of}=r1"), None),
            (format!("n{of}=cab"), None),
            (format!("n{of}=u"), None),
            (format!("n{of}=r,"), None),
            (format!("n{}=r", &of[1..]), None),
            (String::new(), None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
    }
}
