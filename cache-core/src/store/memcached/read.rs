//! Reads entries, slots and tags, and stores entries: each in as few round trips as it goes.

use super::call::Call;
use super::change::Work;
use super::failure::Failure;
use super::item::{Item, Target, Write, next_row, row_of};
use crate::clock::Timestamp;
use crate::protocol::intent::Seed;
use crate::store::engine::{Request, Response, seed_of};
use crate::store::link::{Opening, Packed, ReadReply};
use crate::store::{Name, TagName};

type Found = (Option<Item>, Timestamp);

impl Call<'_> {
    /// The bytes of entries and the present tokens of tags.
    pub(super) fn read(&mut self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply, Failure> {
        let keys: Vec<&Name> = entries.iter().chain(tags.iter().map(|tag| &tag.token)).collect();
        let found = self.round(&[], &keys)?.found;
        Ok(reply(found, entries.len()))
    }

    /// Seeds tags and *afterwards* reads; says how many of the tags held no token.
    pub(super) fn seed_and_read(
        &mut self,
        seeded: &[TagName],
        entries: &[Name],
        tags: &[TagName],
    ) -> Result<(ReadReply, usize), Failure> {
        let asked: Vec<&Name> = entries.iter().chain(tags.iter().map(|tag| &tag.token)).collect();
        let keys: Vec<&Name> = seeded.iter().map(|tag| &tag.token).chain(asked.iter().copied()).collect();
        let mut first = self.round(&[], &keys)?.found;
        let rest = first.split_off(seeded.len());
        let new = first.iter().filter(|(item, now)| seed_in(item.as_ref(), *now).is_none()).count();
        let (_, writes) = self.seeds(seeded, &first);
        if writes.is_empty() {
            return Ok((reply(rest, entries.len()), new));
        }
        // Where somebody else has written a tag meanwhile, what it holds is read all the same.
        let found = self.round(&writes, &asked)?.found;
        Ok((reply(found, entries.len()), new))
    }

    /// Takes a lease, *afterwards* reads, and *afterwards* seeds.
    pub(super) fn begin(
        &mut self,
        (lease, request): (&Name, Request),
        (entry, tags): (&Name, &[TagName]),
        notes: &[Name],
    ) -> Result<Opening, Failure> {
        let target = Target::of_row(lease);
        let keys: Vec<&Name> = core::iter::once(entry).chain(tags.iter().map(|tag| &tag.token)).collect();
        let first: Vec<&Name> = core::iter::once(lease).chain(keys.iter().copied()).collect();
        let mut found = self.round(&[], &first)?.found;
        let rest = found.split_off(1);
        let start = self.servers.names.start_of_entries();
        let (item, now) = &found[0];
        let (response, write) = target.decide(item.as_ref(), (start, request), *now);
        let mut is_taken = matches!(response, Response::Taken(true));
        let answer = if let Some(write) = write {
            let (_, mut writes) = self.seeds(tags, &rest[1..]);
            writes.insert(0, write);
            let round = self.round(&writes, &keys)?;
            // Somebody else came between, and has it.
            is_taken &= round.written[0];
            reply(round.found, 1)
        } else {
            reply(rest, 1)
        };
        Ok(Opening { is_taken: Some(is_taken), answer, seeded: self.seed(tags, notes)? })
    }

    /// Puts the bytes of slots where nothing is, and reads what was there.
    pub(super) fn open(&mut self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply, Failure> {
        let mut writes = Vec::with_capacity(slots.len());
        for slot in slots {
            let now = self.now_at_least(&slot.name)?;
            let end = slot.life.map_or(Timestamp::NEVER, |life| now.after(life));
            if end > now {
                writes.push(Write::row(&slot.name, (slot.bytes.clone(), end), now).if_absent());
            }
        }
        let names: Vec<Name> = slots.iter().map(|slot| slot.name.clone()).collect();
        let keys: Vec<&Name> = names.iter().chain(tags.iter().map(|tag| &tag.token)).collect();
        let round = self.round(&writes, &keys)?;
        let is_put = |name: &Name| {
            let is_written = |(write, done): (&Write, &bool)| *done && write.key == *name;
            writes.iter().zip(&round.written).any(is_written)
        };
        let put: Vec<bool> = names.iter().map(is_put).collect();
        let mut answer = reply(round.found, slots.len());
        for (at, slot) in slots.iter().enumerate() {
            if put[at] {
                answer.entries[at] = None;
            } else if answer.entries[at].is_none() {
                // What lies there is over, and the server has not noticed yet.
                answer.entries[at] = self.open_anew(slot)?;
            }
        }
        Ok(answer)
    }

    fn open_anew(&mut self, slot: &Packed) -> Result<Option<Vec<u8>>, Failure> {
        let request = || Request::Open(vec![slot.clone()], Vec::new());
        let works = [Work::on(Target::of_row(&slot.name), request)];
        match self.change_at_once(&works, &[])?.0.pop() {
            Some(Response::Read(mut answer)) => Ok(answer.entries.pop().flatten()),
            _ => Err(Failure::strange(b"a slot")),
        }
    }

    /// Keeps the tags that entries are under, and stores the entries. The lease goes, whoever has it.
    pub(super) fn put(&mut self, entries: &[Packed], lease: Option<&Name>) -> Result<(), Failure> {
        let mut writes = self.kept_tags(entries)?;
        for entry in entries {
            let now = self.now_at_least(&entry.name)?;
            let end = entry.life.map_or(Timestamp::NEVER, |life| now.after(life));
            writes.push(if end > now {
                Write::row(&entry.name, (entry.bytes.clone(), end), now)
            } else {
                Write::delete(&entry.name)
            });
        }
        writes.extend(lease.map(Write::delete));
        // A tag that somebody else has written meanwhile may be gone too early, which costs a query.
        self.round(&writes, &[]).map(drop)
    }

    fn kept_tags(&mut self, entries: &[Packed]) -> Result<Vec<Write>, Failure> {
        let under: Vec<(&TagName, &Packed)> =
            entries.iter().flat_map(|entry| entry.under.iter().map(move |(tag, _)| (tag, entry))).collect();
        let keys: Vec<&Name> = under.iter().map(|(tag, _)| &tag.token).collect();
        let found = self.round(&[], &keys)?.found;
        let start = self.servers.names.start_of_entries();
        let keep = |((tag, entry), (item, now)): (&(&TagName, &Packed), &Found)| {
            // Of the entry only what it says of its tags is looked at here.
            let request = Request::Put(vec![Packed { bytes: Vec::new(), ..(*entry).clone() }]);
            Target::of_tag(tag).decide(item.as_ref(), (start, request), *now).1
        };
        Ok(under.iter().zip(&found).filter_map(keep).collect())
    }

    pub(super) fn remove(&mut self, entries: &[Name]) -> Result<(), Failure> {
        let writes: Vec<Write> = entries.iter().map(Write::delete).collect();
        self.round(&writes, &[]).map(drop)
    }
}

/// What was found of entries and, behind them, of tags.
fn reply(mut found: Vec<Found>, entries: usize) -> ReadReply {
    let tags = found.split_off(entries);
    let entry = |(item, now): Found| {
        let item = item?;
        let (bytes, end) = row_of(&item.bytes)?;
        (now < end).then(|| bytes.to_vec())
    };
    ReadReply {
        entries: found.into_iter().map(entry).collect(),
        seeds: tags.iter().map(|(item, now)| seed_in(item.as_ref(), *now)).collect(),
        incarnation: None,
        stamp: None,
    }
}

/// What a tag says of itself without being asked to change.
fn seed_in(item: Option<&Item>, now: Timestamp) -> Option<Seed> {
    let (bytes, end) = next_row(&mut &*item?.bytes)?;
    if now < end { seed_of(bytes, now) } else { None }
}
