//! Reads and changes slots on the server.

use core::time::Duration;

use super::call::{Call, LONGEST_LIFE};
use super::commands::add_to;
use super::scripts::{OPEN, SWAP};
use crate::store::Mark;
use crate::store::link::{Lasting, Packed, ReadReply, Swap};
use crate::store::names::TagName;
use crate::store::redis::command::batch::Command;
use crate::store::redis::wire::failure::Failure;
use crate::store::redis::wire::frame::Reply;

/// So many slots are looked at by one run of a script, which nobody comes between.
const SLOTS_AT_ONCE: usize = 128;

impl Call<'_> {
    /// Looks at slots and puts bytes where nothing is. The tokens are read with the last slots, so after all others:
    /// what was found is worth no more than they say, and what is written next is written under them.
    pub(crate) fn open(&mut self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply, Failure> {
        let mut answer = ReadReply { incarnation: self.connection.life(), ..ReadReply::default() };
        let last = slots.len().saturating_sub(1) / SLOTS_AT_ONCE;
        for (at, slots) in slots.chunks(SLOTS_AT_ONCE).enumerate() {
            let tags = if at == last { tags } else { &[] };
            let found = self.open_some(slots, tags).map_err(|failure| match failure {
                failure if at > 0 && failure.is_elsewhere() => {
                    Failure::Broken("the Redis server is another one since".into())
                }
                other => other,
            })?;
            add_to(&mut answer, found, slots.len())?;
        }
        Ok(answer)
    }

    fn open_some(&mut self, slots: &[Packed], tags: &[TagName]) -> Result<Vec<Reply>, Failure> {
        let incarnation = self.connection.incarnation().to_owned();
        let record = self.names.incarnation();
        let with = |command: &mut Command| {
            command.number(1 + slots.len() + tags.len()).arg(record.as_bytes());
            for name in slots.iter().map(|slot| &slot.name).chain(tags.iter().map(|tag| &tag.token)) {
                command.arg(name.as_bytes());
            }
            command.arg(incarnation.as_bytes());
            for slot in slots {
                command.arg(&slot.bytes[..]).arg(millis_of(slot.life));
            }
        };
        let reply = self.connection.run(&OPEN, self.deadline, with)?;
        let Reply::List(found) = reply else { return Err(Failure::strange("opening slots")) };
        if found.len() != slots.len() + tags.len() {
            return Err(Failure::strange("opening slots"));
        }
        Ok(found)
    }

    /// Changes slots that begin as they have to; says for each whether it was changed. In another life it does nothing,
    /// or fails as if it could have done all.
    pub(crate) fn swap(&mut self, swaps: &[Swap]) -> Result<Vec<bool>, Failure> {
        let mut done = Vec::with_capacity(swaps.len());
        for swaps in swaps.chunks(SLOTS_AT_ONCE) {
            let is_first = done.is_empty();
            done.extend(self.swap_some(swaps).map_err(|failure| match failure {
                failure if !is_first && (failure.is_of_another_life() || failure.is_elsewhere()) => {
                    Failure::Broken("the Redis server began another life, or is another one".into())
                }
                other => other,
            })?);
        }
        Ok(done)
    }

    fn swap_some(&mut self, swaps: &[Swap]) -> Result<Vec<bool>, Failure> {
        let incarnation = self.connection.incarnation().to_owned();
        let record = self.names.incarnation();
        let with = |command: &mut Command| {
            command.number(1 + swaps.len()).arg(record.as_bytes());
            swaps.iter().for_each(|swap| {
                command.arg(swap.name.as_bytes());
            });
            command.arg(incarnation.as_bytes()).number(Mark::LENGTH - 1);
            for swap in swaps {
                let (bytes, life) = content(swap);
                command.arg(swap.mark.as_bytes()).arg(bytes).arg(life);
            }
        };
        let Reply::List(done) = self.connection.run(&SWAP, self.deadline, with)? else {
            return Err(Failure::strange("swapping slots"));
        };
        if done.len() != swaps.len() {
            return Err(Failure::strange("swapping slots"));
        }
        let is_done = |reply: Reply| match reply {
            Reply::Number(is_done) => Ok(is_done == 1),
            _ => Err(Failure::strange("swapping slots")),
        };
        done.into_iter().map(is_done).collect()
    }
}

/// What a swap leaves, and for how long, in the script's words.
fn content(swap: &Swap) -> (&[u8], String) {
    match &swap.with {
        Some((bytes, Lasting::For(life))) => (bytes, millis_of(Some(*life))),
        Some((bytes, Lasting::Forever)) => (bytes, millis_of(None)),
        Some((bytes, Lasting::Kept)) => (bytes, "kept".into()),
        None => (&[], "0".into()),
    }
}

/// A life of which no whole millisecond is left is over.
fn millis_of(life: Option<Duration>) -> String {
    life.map_or(LONGEST_LIFE, |life| life.min(LONGEST_LIFE)).as_millis().to_string()
}
