//! Writes each operation of a link as commands of the server, and reads the replies.

use core::time::Duration;
use std::sync::Arc;

use super::batch::{Batch, Command, Decimal};
use super::call::{Call, LONGEST_LIFE, MILLI, text, texts};
use super::change::TagCommand;
use super::keep::kept_by;
use super::outbox::Outbox;
use super::scripts::{FORGET, LEASE, STAMP};
use super::tokens;
use crate::name::tag::{Cardinality, Token};
use crate::protocol::intent::{Seed, Writer};
use crate::store::link::{Packed, ReadReply};
use crate::store::names::{Name, TagName};
use crate::store::record::stamp_in;
use crate::store::redis::wire::failure::Failure;
use crate::store::redis::wire::frame::{Reply, Text};

impl Call<'_> {
    /// Reads.
    pub(crate) fn read(&mut self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply, Failure> {
        let batch = self.question(entries, tags);
        let own = Arc::clone(self.connection.incarnation());
        let mut answer = ReadReply {
            entries: Vec::with_capacity(entries.len()),
            seeds: Vec::with_capacity(tags.len()),
            incarnation: self.connection.life(),
            stamp: None,
        };
        let mut with_tokens = None;
        let take = |text: Option<&[u8]>| {
            if answer.entries.len() < entries.len() {
                answer.entries.push(text.map(<[u8]>::to_vec));
            } else if answer.seeds.len() < tags.len() {
                answer.seeds.push(text.and_then(tokens::held));
            } else {
                with_tokens = text.and_then(|record| stamp_in(record, &own)?);
            }
        };
        let (mut replies, stamp) = self.ask_for_texts(batch, take)?;
        answer.stamp = if has_steady(tags) { with_tokens } else { stamp };
        match replies.pop() {
            Some(Reply::List(others)) if others.is_empty() => Ok(answer),
            _ => Err(Failure::strange("a read")),
        }
    }

    /// Asks for entries and tokens, and with those of steady tags for the stamp: by the same command, so that all are of one
    /// moment.
    fn question(&self, entries: &[Name], tags: &[TagName]) -> Batch {
        let record = has_steady(tags).then(|| self.names.incarnation());
        let names = entries.iter().chain(tags.iter().map(|tag| &tag.token)).chain(record);
        self.values_of(names, entries.len() + tags.len() + usize::from(record.is_some()))
    }

    /// Seeds tags, and reads afterwards. Says how many of these tags held no token.
    pub(crate) fn seed_and_read(
        &mut self,
        seeded: &[TagName],
        (entries, tags): (&[Name], &[TagName]),
    ) -> Result<(ReadReply, usize), Failure> {
        let mut after = self.question(entries, tags);
        self.ask_for_the_record(&mut after);
        let fresh: Vec<Token> = seeded.iter().map(|_| Token::fresh()).collect();
        let (seeds, replies) = self.change_then(TagCommand::Seed(seeded, Some(&fresh)), &after)?;
        let (mut replies, mut stamp) = self.compare(Ok(replies))?;
        let mut reply = replies.pop();
        if let Some(Reply::List(values)) = &mut reply
            && has_steady(tags)
        {
            let record = values.pop().map(text).transpose()?.flatten();
            stamp = record.and_then(|record| stamp_in(&record, self.connection.incarnation())?);
        }
        let answer = ReadReply { stamp, ..self.answer_of(reply, entries.len())? };
        Ok((answer, seeds.iter().zip(fresh).filter(|(seed, fresh)| seed.token == *fresh).count()))
    }

    /// What a reply says of so many entries, and of the tags after them.
    pub(crate) fn answer_of(&self, reply: Option<Reply>, entries: usize) -> Result<ReadReply, Failure> {
        let Some(Reply::List(values)) = reply else { return Err(Failure::strange("a read")) };
        let mut answer = ReadReply { incarnation: self.connection.life(), ..ReadReply::default() };
        add_to(&mut answer, values, entries)?;
        Ok(answer)
    }

    /// The tokens of tags, in order. Those that hold none, beside which intents stand, or that might go before what is
    /// stored under them, are seen to by the script. Mostly there are none of these: to read costs the server a fraction
    /// of a script.
    ///
    /// Whoever seeds a tag before others wants to know that these were as they are when it was seeded. So all that come
    /// after the first one that the script has to see to are its as well: what was read of them is older.
    ///
    /// Afterwards asks for what is in `after`; gives its replies too.
    pub(crate) fn seed_then(&mut self, tags: &[TagName], after: &Batch) -> Result<(Vec<Seed>, Vec<Reply>), Failure> {
        // A tag of which there may be any number is new, mostly: then the script is asked at once.
        if tags.iter().any(|tag| tag.reach == Cardinality::Narrow) {
            return self.change_then(TagCommand::Seed(tags, None), after);
        }
        let (mut seeds, mut replies) = self.held(tags, after.clone())?;
        let left = &tags[seeds.len()..];
        if !left.is_empty() {
            let further;
            (further, replies) = self.change_then(TagCommand::Seed(left, None), after)?;
            seeds.extend(further);
        }
        Ok((seeds, replies))
    }

    /// The tokens of tags, in order, up to the first one that the script has to see to; and the replies to what is asked
    /// `after` them.
    pub(crate) fn held(&mut self, tags: &[TagName], after: Batch) -> Result<(Vec<Seed>, Vec<Reply>), Failure> {
        if tags.is_empty() {
            return Ok((Vec::new(), self.ask_in_this_life(after)?));
        }
        let mut batch = self.values_of(tags.iter().map(|tag| &tag.token), tags.len());
        batch.join(&lives_of(tags));
        batch.join(&after);
        let mut replies = self.ask_in_this_life(batch)?.into_iter();
        let held = texts(replies.next().ok_or_else(|| Failure::strange("a read"))?)?;
        let are_young = are_young(tags, &mut replies);
        let seed = |((bytes, tag), is_young): ((Option<Text>, &TagName), bool)| {
            tokens::held(&bytes?).filter(|seed| is_young && is_alone(tag, *seed))
        };
        Ok((held.into_iter().zip(tags).zip(are_young).map_while(seed).collect(), replies.collect()))
    }

    /// The command that asks for what is kept under so many names.
    pub(crate) fn values_of<'n>(&self, names: impl Iterator<Item = &'n Name>, count: usize) -> Batch {
        let mut batch = Batch::with_room((count + 3) * (self.names.incarnation().as_bytes().len() + Name::END));
        batch.begin(1 + count);
        batch.part(b"MGET");
        names.for_each(|name| batch.part(name.as_bytes()));
        batch
    }

    /// Stores entries, and keeps their tags as long. A life of which no whole millisecond is left is over.
    ///
    /// Then ends a lease, whoever has it by now: what its holder loads is there. If nothing is, only its holder ends it.
    pub(crate) fn put(&mut self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<(), Failure> {
        if let (Some((lease, holder)), []) = (lease, entries) {
            return self.lease(lease, holder, None).map(drop);
        }
        self.keep_then(&kept_by(entries), &puts(entries, lease))
    }

    /// Does the same, and waits for the replies only where the entries are large or tags have to be kept by more than one
    /// script that the server knows.
    pub(crate) fn send(
        &mut self,
        entries: &[Packed],
        lease: Option<(&Name, Writer)>,
        outbox: &Outbox,
    ) -> Result<(), Failure> {
        let length: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
        if entries.is_empty() || length > LARGEST_LEFT {
            return self.put(entries, lease);
        }
        let (kept, batch) = (kept_by(entries), puts(entries, lease));
        if self.keep_and_leave(&kept, (&batch, entries.len()), outbox)? {
            return Ok(());
        }
        self.keep_then(&kept, &batch)
    }

    pub(crate) fn remove(&mut self, entries: &[Name]) -> Result<(), Failure> {
        let mut command = Command::named("UNLINK");
        entries.iter().for_each(|name| {
            command.arg(name.as_bytes());
        });
        self.ask(&Batch::of(command)).map(drop)
    }

    /// Removes entries, and has those told who listen for the tags beside them.
    pub(crate) fn forget(&mut self, entries: &[(Name, TagName)]) -> Result<(), Failure> {
        for entries in entries.chunks(ENTRIES_AT_ONCE) {
            let incarnation = self.connection.incarnation().to_owned();
            let record = self.names.incarnation();
            let with = |command: &mut Command| {
                command.number(1 + 2 * entries.len()).arg(record.as_bytes());
                entries.iter().for_each(|(name, tag)| {
                    command.arg(name.as_bytes()).arg(tag.token.as_bytes());
                });
                command.arg(incarnation.as_bytes());
            };
            self.connection.run(&FORGET, self.deadline, with)?;
        }
        Ok(())
    }

    /// Takes a lease for so long, or ends it.
    pub(crate) fn lease(&mut self, lease: &Name, holder: Writer, life: Option<Duration>) -> Result<bool, Failure> {
        let with = |command: &mut Command| {
            command.number(1).arg(lease.as_bytes()).arg(tokens::digits(holder.bits()));
            if let Some(life) = life {
                command.millis(life.clamp(MILLI, LONGEST_LIFE));
            }
        };
        match self.connection.run(&LEASE, self.deadline, with)? {
            Reply::Number(taken) => Ok(taken == 1),
            _ => Err(Failure::strange("a lease")),
        }
    }

    /// Gives the server a stamp, if it has none.
    pub(crate) fn stamp(&mut self) -> Result<(), Failure> {
        let (incarnation, record) = (Arc::clone(self.connection.incarnation()), self.names.incarnation());
        let with = |command: &mut Command| {
            command.number(1).arg(record.as_bytes()).arg(incarnation.as_bytes());
            command.arg(tokens::digits(Token::fresh().bits()));
        };
        self.connection.run(&STAMP, self.deadline, with).map(drop)
    }

    /// Removes some of the keys that begin with `start`; gives where to go on, zero at the end.
    pub(crate) fn sweep(&mut self, start: &str, cursor: u64) -> Result<u64, Failure> {
        let mut command = Command::named("SCAN");
        command.arg(Decimal::of(cursor)).arg("MATCH").arg(format!("{start}*")).arg("COUNT").number(KEYS_AT_ONCE);
        let reply = self.ask(&Batch::of(command))?.pop();
        let Some(Reply::List(parts)) = reply else { return Err(Failure::strange("SCAN")) };
        let [next, Reply::List(names)] = <[Reply; 2]>::try_from(parts).map_err(|_| Failure::strange("SCAN"))? else {
            return Err(Failure::strange("SCAN"));
        };
        let mut command = Command::named("UNLINK");
        let names: Vec<_> = names.into_iter().map(text).collect::<Result<_, _>>()?;
        names.iter().flatten().for_each(|name| {
            command.arg(&name[..]);
        });
        if !names.is_empty() {
            self.ask(&Batch::of(command))?;
        }
        let next = text(next)?.and_then(|next| core::str::from_utf8(&next).ok()?.parse().ok());
        next.ok_or_else(|| Failure::strange("SCAN"))
    }
}

/// Adds to `answer` what a reply says of so many entries, and of the tags after them.
pub(crate) fn add_to(answer: &mut ReadReply, values: Vec<Reply>, entries: usize) -> Result<(), Failure> {
    answer.seeds.reserve_exact(values.len().saturating_sub(entries));
    for (at, value) in values.into_iter().enumerate() {
        match value {
            Reply::Text(bytes) if at < entries => answer.entries.push(Some(bytes.into_vec())),
            Reply::Text(bytes) => answer.seeds.push(tokens::held(&bytes)),
            Reply::Nothing if at < entries => answer.entries.push(None),
            Reply::Nothing => answer.seeds.push(None),
            _ => return Err(Failure::strange("a question for text")),
        }
    }
    Ok(())
}

fn has_steady(tags: &[TagName]) -> bool {
    tags.iter().any(|tag| tag.is_steady)
}

/// Whether a fill may take a tag's token as it was read. Intents that stand beside a tag which is polled end with it, and
/// are none of the fill's business.
pub(crate) const fn is_alone(tag: &TagName, seed: Seed) -> bool {
    tag.is_polled || !seed.is_intended
}

/// Whether the text of the tag's token does not say how long it is kept, and how that is to be known.
fn is_kept_long(tag: &TagName) -> bool {
    tag.reach == Cardinality::Wide && !tag.is_polled
}

/// How long those of `tags` have to live that are kept for long. The text of the others says it, and one that is polled
/// lives as long as the intents beside it.
pub(crate) fn lives_of(tags: &[TagName]) -> Batch {
    let mut batch = Batch::default();
    let long = tags.iter().filter(|tag| is_kept_long(tag));
    long.for_each(|tag| batch.command(&[b"PTTL", tag.token.as_bytes()]));
    batch
}

/// Whether each of `tags` need not be kept anew, by the replies to [`lives_of`].
pub(crate) fn are_young(tags: &[TagName], replies: &mut impl Iterator<Item = Reply>) -> Vec<bool> {
    let is_young = |tag: &TagName| !is_kept_long(tag) || replies.next().is_some_and(|life| is_young(&life));
    tags.iter().map(is_young).collect()
}

/// Whether what has so long to live need not be kept anew: half of what the scripts give it, and as long as an entry lives.
pub(crate) const fn is_young(life: &Reply) -> bool {
    matches!(life, Reply::Number(millis) if *millis >= LONGEST_LIFE.as_millis() as i64)
}

/// So many entries are removed by one run of a script, which nobody comes between.
const ENTRIES_AT_ONCE: usize = 128;

/// The server looks at about so many keys before it answers.
const KEYS_AT_ONCE: usize = 1000;

/// Entries of more bytes are waited for: whoever uses the connection next would wait for them otherwise.
const LARGEST_LEFT: usize = 64 * 1024;

/// As much as a short command takes beside what it is about.
const COMMAND: usize = 96;

/// The commands that store entries and end the lease under which they were loaded.
fn puts(entries: &[Packed], lease: Option<(&Name, Writer)>) -> Batch {
    let length = |entry: &Packed| entry.name.as_bytes().len() + entry.bytes.len() + COMMAND;
    let mut batch = Batch::with_room(entries.iter().map(length).sum::<usize>() + 2 * COMMAND);
    for entry in entries {
        let life = entry.life.map_or(LONGEST_LIFE, |life| life.min(LONGEST_LIFE));
        match life.as_millis() {
            0 => batch.command(&[b"UNLINK", entry.name.as_bytes()]),
            _ => {
                let life = Decimal::of_millis(life);
                batch.command(&[b"SET", entry.name.as_bytes(), &entry.bytes, b"PX", life.as_ref()]);
            }
        }
    }
    if let Some((lease, _)) = lease {
        batch.command(&[b"UNLINK", lease.as_bytes()]);
    }
    batch
}
