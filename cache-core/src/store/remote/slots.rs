//! Keeps the slots of values on a server.
//!
//! A slot is an entry as `format` writes it, whose value begins with a byte that says whether there is any, and a
//! random number. The number makes the checksum another one each time, so that the bytes before the checksum's end are
//! the mark of what was written. The server alone ends a value: the deadline that its header carries, by the clock of
//! whoever wrote it, says how much is left when it is moved.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::entry::Flaw;
use crate::entry::format::Record;
use crate::entry::format::{self, Header};
use crate::entry::{Life, Worth};
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, Token};
use crate::setting::policy::Timeout;
use crate::store::link::{Lasting, Link, Packed, ReadReply, Swap};
use crate::store::names::Name;
use crate::store::remote::RemoteStore;
use crate::store::remote::look::ReplyTokens;
use crate::store::{
    Body, Content, Exchange, Exchanged, Expiry, Mark, Replacement, Slot, SlotStore, Slots, same_length,
};

impl<L: Link> SlotStore for RemoteStore<L> {
    fn find_slot(&self, _key: &CacheKey, _now: Timestamp) -> Option<Slot> {
        None
    }

    fn peek(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        if keys.is_empty() {
            return Ok(Slots { slots: Vec::new(), tokens: vec![None; tags.len()] });
        }
        let names: Vec<Name> = keys.iter().map(|key| self.link.names().entry(key)).collect();
        let answer = checked(self.link.read(&names, &self.names_of(tags))?, keys, tags)?;
        let (present, tokens) = (answer.tokens(), ReplyTokens::of(tags, &answer.seeds));
        let slot = |(key, bytes): (&CacheKey, Option<Vec<u8>>)| Some(slot(key, &bytes?, &tokens, now));
        Ok(Slots { slots: keys.iter().zip(answer.entries).map(slot).collect(), tokens: present })
    }

    fn open(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        if keys.is_empty() {
            return Ok(Slots { slots: Vec::new(), tokens: vec![None; tags.len()] });
        }
        let vacant = |key| {
            let life = Life::starting(now, Timeout::after(Slot::VACANT_LIFE));
            let bytes = write(key, life, &[], None)?;
            Ok(Packed { name: self.link.names().entry(key), bytes, life: Some(Slot::VACANT_LIFE), under: Vec::new() })
        };
        let packed = keys.iter().map(vacant).collect::<Result<Vec<Packed>>>()?;
        let answer = checked(self.link.open(&packed, &self.names_of(tags))?, keys, tags)?;
        let (present, tokens) = (answer.tokens(), ReplyTokens::of(tags, &answer.seeds));
        let found = keys.iter().zip(answer.entries).zip(&packed).map(|((key, bytes), packed)| {
            Some(match bytes {
                Some(bytes) => slot(key, &bytes, &tokens, now),
                None => Slot { mark: Mark::of(&packed.bytes), content: Content::Vacant },
            })
        });
        Ok(Slots { slots: found.collect(), tokens: present })
    }

    fn exchange(&self, exchanges: Vec<Exchange>, now: Timestamp) -> Result<Vec<Exchanged>> {
        if exchanges.is_empty() {
            return Ok(Vec::new());
        }
        let swap = |exchange: &Exchange| {
            let with = exchange.with.as_ref();
            let with = with.map(|with| parcel(&exchange.key, with, self.largest_value, now)).transpose()?;
            let is_declined = matches!(with, Some(None));
            let name = self.link.names().entry(&exchange.key);
            Ok((Swap { name, mark: exchange.mark, with: with.flatten() }, is_declined))
        };
        let (swaps, declined): (Vec<Swap>, Vec<bool>) =
            exchanges.iter().map(swap).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let done = same_length(self.link.swap(&swaps)?, swaps.len())?;
        let became = |(is_done, is_declined)| match (is_done, is_declined) {
            (false, _) => Exchanged::Changed,
            (true, true) => Exchanged::Declined,
            (true, false) => Exchanged::Done,
        };
        Ok(done.into_iter().zip(declined).map(became).collect())
    }
}

/// What is sent of a replacement; `None`: it is not kept.
fn parcel(key: &CacheKey, with: &Replacement, largest: usize, now: Timestamp) -> Result<Option<(Vec<u8>, Lasting)>> {
    let lasting = match (with.expiry, with.life.hard_deadline) {
        (Expiry::Kept, _) => Lasting::Kept,
        (Expiry::OfLife, Timestamp::NEVER) => Lasting::Forever,
        (Expiry::OfLife, deadline) => Lasting::For(deadline.since(now)),
    };
    let is_over = lasting == Lasting::For(Duration::ZERO);
    if is_over || with.weight > largest {
        return Ok(None);
    }
    Ok(Some((write(key, with.life, &with.tokens, Some(&with.body))?, lasting)))
}

fn write(key: &CacheKey, life: Life, tokens: &[(Tag, Token)], body: Option<&Body>) -> Result<Vec<u8>> {
    format::write(&Header { key, life, tokens }, |bytes| {
        bytes.push(if body.is_some() { VALUE } else { VACANT });
        bytes.extend(Token::fresh().bits().to_le_bytes());
        body.map_or(Ok(()), |body| body.say(bytes))
    })
}

fn slot(key: &CacheKey, bytes: &[u8], tokens: &ReplyTokens, now: Timestamp) -> Slot {
    let content = match format::read(bytes, key) {
        Ok(record) => content(&record, tokens, now),
        Err(flaw) => Content::Spent(Worth::Unreadable(flaw)),
    };
    Slot { mark: Mark::of(bytes), content }
}

fn content(record: &Record<'_>, tokens: &ReplyTokens, now: Timestamp) -> Content {
    let Some((kind, body)) = record.value.split_first().and_then(|(kind, rest)| Some((*kind, rest.get(8..)?))) else {
        return Content::Spent(Worth::Unreadable(Flaw::Bytes));
    };
    // Whether a lock is still held must not depend on whose clock is asked: only the server ends a value.
    let mut lasting = *record;
    lasting.life.soft_deadline = Timestamp::NEVER;
    lasting.life.hard_deadline = Timestamp::NEVER;
    match (kind, tokens.judge(&lasting, now)) {
        (VACANT, _) => Content::Vacant,
        (VALUE, Worth::Fresh) => Content::Value(Body::Bytes(body.into()), record.life),
        (VALUE, worth) => Content::Spent(worth),
        _ => Content::Spent(Worth::Unreadable(Flaw::Bytes)),
    }
}

fn checked(answer: ReadReply, keys: &[CacheKey], tags: &[Tag]) -> Result<ReadReply> {
    let entries = same_length(answer.entries, keys.len())?;
    Ok(ReadReply { entries, seeds: same_length(answer.seeds, tags.len())?, ..answer })
}

const VACANT: u8 = 0;
const VALUE: u8 = 1;
