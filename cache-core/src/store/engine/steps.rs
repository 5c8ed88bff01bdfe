//! Executes requests on the rows of one transaction.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::name::tag::{Tag, Token};
use crate::protocol::intent::{Keeping, Outcome, Seed, TagState, TagValue, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::engine::{Request, Response, Rows, wire};
use crate::store::{Lasting, Mark, Name, Names, Packed, ReadReply, Released, Swap, TableName, TagName, record};

/// Executes `request` at `now`, by the clock of who keeps the rows.
pub fn execute(rows: &mut impl Rows, request: Request, now: Timestamp) -> Response {
    match request {
        Request::EndLease(name, holder, unused) => {
            unused.iter().for_each(|(tag, token)| change(rows, tag, now, |state| state.forget(*token, now)));
            end_lease(rows, &name, holder, now);
        }
        Request::Lease(name, holder, life) => return Response::Taken(lease(rows, &name, (holder, life), now)),
        Request::Open(slots, tags) => return Response::Read(open(rows, slots, &tags, now)),
        Request::Place((writer, life), tags, noted) => {
            tags.iter().for_each(|tag| change(rows, tag, now, |state| state.place(writer, life, now)));
            return Response::Noted(vec![], notes(rows, &noted, now));
        }
        Request::Put(entries) => entries.into_iter().for_each(|entry| put(rows, entry, now)),
        Request::Read(entries, tags) => return Response::Read(read(rows, &entries, &tags, now)),
        Request::Release(writer, releases, noted) => {
            releases.into_iter().for_each(|release| end_intent(rows, writer, release, now));
            return Response::Noted(vec![], notes(rows, &noted, now));
        }
        Request::Replace(writer, releases, noted) => {
            let replaced = releases.into_iter().map(|release| replace(rows, writer, release, now)).collect();
            return Response::Replaced(Released { replaced, notes: notes(rows, &noted, now) });
        }
        Request::Remark(table, about, wide) => return Response::Taken(remark(rows, &table, (about, wide), now)),
        Request::Remove(names) => names.iter().for_each(|name| rows.remove(name)),
        Request::Seed(tags, noted) => {
            let seed = |(tag, fresh): (TagName, Token)| {
                change(rows, &tag, now, |state| state.seed(fresh, Keeping::begun(tag.reach, now), now))
            };
            let seeds = tags.into_iter().map(seed).collect();
            return Response::Noted(seeds, notes(rows, &noted, now));
        }
        Request::Swap(swaps) => {
            return Response::Swapped(swaps.into_iter().map(|one| swap(rows, one, now)).collect());
        }
    }
    Response::Done
}

/// Compares the present incarnation with the recorded one and, if it is another one, changes the root tag and records it, with
/// a stamp if there is to be one.
pub fn connect(rows: &mut impl Rows, names: &Names, (incarnation, stamp): (&str, Option<Token>), now: Timestamp) {
    let record = names.incarnation();
    if record::recorded(rows.get(record, now), incarnation).is_some() {
        return;
    }
    let root = (names.tag(&Tag::root()), Outcome::Changed, Token::fresh());
    end_intent(rows, Writer::fresh(), root, now);
    let bytes = stamp.map_or_else(|| incarnation.into(), |stamp| record::stamped(incarnation, stamp));
    rows.set(record, bytes, Timestamp::NEVER);
}

fn change<T>(rows: &mut impl Rows, tag: &TagName, now: Timestamp, work: impl FnOnce(&mut TagState) -> T) -> T {
    let mut state = wire::load(rows, tag, now);
    let result = work(&mut state);
    wire::save(rows, tag, &state);
    result
}

fn end_intent(rows: &mut impl Rows, writer: Writer, release: (TagName, Outcome, Token), now: Timestamp) {
    let (tag, outcome, fresh) = release;
    change(rows, &tag, now, |state| state.release(writer, outcome, fresh, now));
}

fn replace(
    rows: &mut impl Rows,
    writer: Writer,
    (tag, outcome, held, fresh): (TagName, Outcome, Option<Token>, Token),
    now: Timestamp,
) -> Option<Token> {
    let Some(held) = held.filter(|_| outcome == Outcome::Changed) else {
        end_intent(rows, writer, (tag, outcome, fresh), now);
        return None;
    };
    change(rows, &tag, now, |state| state.replace(writer, (held, fresh), now)).then_some(fresh)
}

fn read(rows: &impl Rows, entries: &[Name], tags: &[TagName], now: Timestamp) -> ReadReply {
    let mut answer = ReadReply::default();
    answer.entries.extend(entries.iter().map(|name| rows.get(name, now).map(<[u8]>::to_vec)));
    answer.seeds.extend(tags.iter().map(|tag| seed(wire::load_held(rows, tag, now), now)));
    answer
}

/// What a tag says of itself without being asked to change.
fn seed(held: Option<TagValue>, now: Timestamp) -> Option<Seed> {
    let is_intended = matches!(held, Some(TagValue::Token { standing, .. }) if standing.count > 0);
    let state = TagState { held, ..TagState::default() };
    state.token(now).map(|token| Seed { token, is_intended })
}

/// The same of what lies under the tag's first key.
pub(in crate::store) fn seed_of(bytes: &[u8], now: Timestamp) -> Option<Seed> {
    seed(wire::held(bytes), now)
}

fn notes(rows: &impl Rows, names: &[Name], now: Timestamp) -> Vec<Option<Notes>> {
    names.iter().map(|name| wire::notes(rows.get(name, now)?)).collect()
}

fn remark(
    rows: &mut impl Rows,
    table: &TableName,
    (remark, wide): (Remark, Vec<(TagName, Token)>),
    now: Timestamp,
) -> bool {
    let name = &table.notes;
    let any = wire::load(rows, &table.any, now);
    let found = rows.get(name, now).and_then(wire::notes);
    if found.is_none() {
        let change = |(tag, fresh)| end_intent(rows, Writer::fresh(), (tag, Outcome::Changed, fresh), now);
        wide.into_iter().for_each(change);
    }
    let (left, may_store) = Notes::after(found, remark, &any, now);
    if let Some(left) = left {
        rows.set(name, wire::notes_bytes(&left), Timestamp::NEVER);
    }
    may_store
}

fn put(rows: &mut impl Rows, entry: Packed, now: Timestamp) {
    let expires_at = entry.life.map_or(Timestamp::NEVER, |life| now.after(life));
    let life = expires_at.since(now);
    if !life.is_zero() {
        entry.under.iter().for_each(|(tag, token)| change(rows, tag, now, |state| state.keep(*token, life, now)));
    }
    if expires_at <= now {
        rows.remove(&entry.name);
    } else {
        rows.set(&entry.name, entry.bytes, expires_at);
    }
}

fn open(rows: &mut impl Rows, slots: Vec<Packed>, tags: &[TagName], now: Timestamp) -> ReadReply {
    let mut answer = read(rows, &[], tags, now);
    for slot in slots {
        let present = rows.get(&slot.name, now).map(<[u8]>::to_vec);
        if present.is_none() {
            put(rows, slot, now);
        }
        answer.entries.push(present);
    }
    answer
}

fn swap(rows: &mut impl Rows, swap: Swap, now: Timestamp) -> bool {
    let name = &swap.name;
    if Mark::of(rows.get(name, now).unwrap_or_default()) != swap.mark {
        return false;
    }
    match swap.with {
        Some((bytes, Lasting::For(life))) => put(rows, slot(swap.name, bytes, Some(life)), now),
        Some((bytes, Lasting::Kept)) => rows.set_bytes(name, bytes, now),
        Some((bytes, _)) => put(rows, slot(swap.name, bytes, None), now),
        None => rows.remove(name),
    }
    true
}

fn slot(name: Name, bytes: Vec<u8>, life: Option<Duration>) -> Packed {
    Packed { name, bytes, life, under: Vec::new() }
}

fn lease(rows: &mut impl Rows, name: &Name, (holder, life): (Writer, Duration), now: Timestamp) -> bool {
    let holder = holder.bits().to_le_bytes();
    if rows.get(name, now).is_some_and(|present| present != holder) {
        return false;
    }
    rows.set(name, holder.to_vec(), now.after(life));
    true
}

fn end_lease(rows: &mut impl Rows, name: &Name, holder: Writer, now: Timestamp) {
    if rows.get(name, now) == Some(&holder.bits().to_le_bytes()) {
        rows.remove(name);
    }
}
