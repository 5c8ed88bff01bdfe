//! How are notes beside tables read and changed on the server?

use redis::{Cmd, Value};

use super::commands::{Call, KEPT, Verb, text};
use super::connection::Batch;
use super::failure::Failure;
use super::scripts::NOTES;
use super::tokens;
use crate::clock::Timestamp;
use crate::intent::{Seed, Writer};
use crate::key::Fingerprint;
use crate::protocol::notes::{Note, Notes, Remark};
use crate::store::names::{Name, TableName, TagName};

/// Who reads notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A fill: what it goes by is kept.
    Reader,
    Writer,
}

impl Call<'_> {
    /// Changes tags, and reads notes afterwards, in the same round trip.
    pub(super) fn change_noted<'t>(
        &mut self,
        writer: Writer,
        tags: impl Iterator<Item = (&'t TagName, Verb)>,
        notes: &[Name],
        by: By,
    ) -> Result<(Vec<Seed>, Vec<Option<Notes>>), Failure> {
        let mut batch = Batch::default();
        if !notes.is_empty() {
            let mut command = redis::cmd("MGET");
            notes.iter().for_each(|name| {
                command.arg(name.as_str());
            });
            batch.add(&command);
        }
        for name in notes.iter().filter(|_| by == By::Reader) {
            batch.add(redis::cmd("PEXPIRE").arg(name.as_str()).arg(KEPT.as_millis().to_string()));
        }
        let (seeds, replies) = self.change_then(writer, tags, &batch)?;
        let values = match replies.into_iter().next() {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => return Err(Failure::strange("MGET")),
        };
        let found: Vec<_> = values.into_iter().map(text).collect::<Result<_, _>>()?;
        Ok((seeds, found.into_iter().map(|bytes| read(&bytes?)).collect()))
    }

    pub(super) fn remark(&mut self, table: &TableName, remark: Remark) -> Result<bool, Failure> {
        let nobody = (Notes::LOST, Writer::from_bits(0));
        let (verb, (own, writer)) = match remark {
            Remark::Claim { own, writer } => ("claim", (own, writer)),
            Remark::Forget(writer) => ("forget", (nobody.0, writer)),
            Remark::Note(own) => ("note", (own, nobody.1)),
        };
        let (record, incarnation) = (self.names.incarnation(), self.connection.incarnation().to_owned());
        let with = |command: &mut Cmd| {
            command.arg(4).arg(record.as_str()).arg(table.any.token.as_str()).arg(table.any.intents.as_str());
            command.arg(table.notes.as_str()).arg(&incarnation).arg(verb);
            command.arg(format!("{own:?}")).arg(tokens::digits(writer.bits()));
        };
        match self.connection.run(&NOTES, self.deadline, with)? {
            Value::Int(may_store) => Ok(may_store == 1),
            _ => Err(Failure::strange("a script")),
        }
    }
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
