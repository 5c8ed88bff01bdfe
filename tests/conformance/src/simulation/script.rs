//! What the server does for each request, in one step that nobody comes between.

use core::time::Duration;

use cache_core::intent::{Keeping, Outcome, Seed, TagState, TagValue, Writer};
use cache_core::protocol::incarnation::{Arrival, arrive};
use cache_core::protocol::notes::{Notes, Remark};
use cache_core::store::{Lasting, Mark, Name, Names, Packed, ReadReply, Released, Swap, TableName, TagName};
use cache_core::{Tag, Timestamp, Token};

use super::keyspace::Keyspace;
use super::request::{Request, Response};
use super::wire;

/// Executes `request` at `now`, by the server's clock.
pub(super) fn execute(keys: &mut Keyspace, request: Request, now: Timestamp) -> Response {
    keys.begin();
    match request {
        Request::EndLease(name, holder, unused) => {
            unused.iter().for_each(|(tag, token)| change(keys, tag, now, |state| state.forget(*token, now)));
            end_lease(keys, &name, holder, now);
        }
        Request::Lease(name, holder, life) => return Response::Taken(lease(keys, &name, (holder, life), now)),
        Request::Open(slots, tags) => return Response::Read(open(keys, slots, &tags, now)),
        Request::Place((writer, life), tags, noted) => {
            tags.iter().for_each(|tag| change(keys, tag, now, |state| state.place(writer, life, now)));
            return Response::Noted(vec![], notes(keys, &noted, now));
        }
        Request::Put(entries) => entries.into_iter().for_each(|entry| put(keys, entry, now)),
        Request::Read(entries, tags) => return Response::Read(read(keys, &entries, &tags, now)),
        Request::Reclaim(start) => reclaim(keys, &start, now),
        Request::Release(writer, releases, noted) => {
            releases.into_iter().for_each(|release| end_intent(keys, writer, release, now));
            return Response::Noted(vec![], notes(keys, &noted, now));
        }
        Request::Replace(writer, releases, noted) => {
            let replaced = releases.into_iter().map(|release| replace(keys, writer, release, now)).collect();
            return Response::Replaced(Released { replaced, notes: notes(keys, &noted, now) });
        }
        Request::Remark(table, about, wide) => return Response::Taken(remark(keys, &table, (about, wide), now)),
        Request::Remove(names) => names.iter().for_each(|name| keys.remove(name.as_str())),
        Request::Seed(tags, noted) => {
            let seed = |(tag, fresh): (TagName, Token)| {
                change(keys, &tag, now, |state| state.seed(fresh, Keeping::begun(tag.reach, now), now))
            };
            let seeds = tags.into_iter().map(seed).collect();
            return Response::Noted(seeds, notes(keys, &noted, now));
        }
        Request::Swap(swaps) => {
            return Response::Swapped(swaps.into_iter().map(|one| swap(keys, one, now)).collect());
        }
    }
    Response::Done
}

/// Compares the incarnation for a new connection and, if it is another one, changes the root tag and records it.
pub(super) fn connect(keys: &mut Keyspace, names: &Names, incarnation: &str, now: Timestamp) {
    let record = names.incarnation();
    if arrive(keys.get(record.as_str(), now), incarnation.as_bytes()) == Arrival::Proceed {
        return;
    }
    keys.begin();
    let root = (names.tag(&Tag::root()), Outcome::Changed, Token::fresh());
    end_intent(keys, Writer::fresh(), root, now);
    keys.set(record.as_str(), incarnation.into(), Timestamp::NEVER);
}

fn change<T>(keys: &mut Keyspace, tag: &TagName, now: Timestamp, work: impl FnOnce(&mut TagState) -> T) -> T {
    let mut state = wire::load(keys, tag, now);
    let result = work(&mut state);
    wire::save(keys, tag, &state);
    result
}

fn end_intent(keys: &mut Keyspace, writer: Writer, release: (TagName, Outcome, Token), now: Timestamp) {
    let (tag, outcome, fresh) = release;
    change(keys, &tag, now, |state| state.release(writer, outcome, fresh, now));
}

fn replace(
    keys: &mut Keyspace,
    writer: Writer,
    (tag, outcome, held, fresh): (TagName, Outcome, Option<Token>, Token),
    now: Timestamp,
) -> Option<Token> {
    let Some(held) = held.filter(|_| outcome == Outcome::Changed) else {
        end_intent(keys, writer, (tag, outcome, fresh), now);
        return None;
    };
    change(keys, &tag, now, |state| state.replace(writer, (held, fresh), now)).then_some(fresh)
}

fn read(keys: &Keyspace, entries: &[Name], tags: &[TagName], now: Timestamp) -> ReadReply {
    let mut answer = ReadReply::default();
    answer.entries.extend(entries.iter().map(|name| keys.get(name.as_str(), now).map(<[u8]>::to_vec)));
    answer.seeds.extend(tags.iter().map(|tag| seed(&wire::load(keys, tag, now), now)));
    answer
}

/// What a tag says of itself without being asked to change.
fn seed(state: &TagState, now: Timestamp) -> Option<Seed> {
    let is_intended = matches!(state.held, Some(TagValue::Token { standing, .. }) if standing.count > 0);
    state.token(now).map(|token| Seed { token, is_intended })
}

fn notes(keys: &Keyspace, names: &[Name], now: Timestamp) -> Vec<Option<Notes>> {
    names.iter().map(|name| wire::notes(keys.get(name.as_str(), now)?)).collect()
}

fn remark(
    keys: &mut Keyspace,
    table: &TableName,
    (remark, wide): (Remark, Vec<(TagName, Token)>),
    now: Timestamp,
) -> bool {
    let name = table.notes.as_str();
    let any = wire::load(keys, &table.any, now);
    let found = keys.get(name, now).and_then(wire::notes);
    if found.is_none() {
        let change = |(tag, fresh)| end_intent(keys, Writer::fresh(), (tag, Outcome::Changed, fresh), now);
        wide.into_iter().for_each(change);
    }
    let (left, may_store) = Notes::after(found, remark, &any, now);
    if let Some(left) = left {
        keys.set(name, wire::notes_bytes(&left), Timestamp::NEVER);
    }
    may_store
}

fn put(keys: &mut Keyspace, entry: Packed, now: Timestamp) {
    let expires_at = entry.life.map_or(Timestamp::NEVER, |life| now.after(life));
    let life = expires_at.since(now);
    if !life.is_zero() {
        entry.under.iter().for_each(|(tag, token)| change(keys, tag, now, |state| state.keep(*token, life, now)));
    }
    if expires_at <= now {
        keys.remove(entry.name.as_str());
    } else {
        keys.set(entry.name.as_str(), entry.bytes, expires_at);
    }
}

fn open(keys: &mut Keyspace, slots: Vec<Packed>, tags: &[TagName], now: Timestamp) -> ReadReply {
    let mut answer = read(keys, &[], tags, now);
    for slot in slots {
        let present = keys.get(slot.name.as_str(), now).map(<[u8]>::to_vec);
        if present.is_none() {
            put(keys, slot, now);
        }
        answer.entries.push(present);
    }
    answer
}

fn swap(keys: &mut Keyspace, swap: Swap, now: Timestamp) -> bool {
    let name = swap.name.as_str();
    if Mark::of(keys.get(name, now).unwrap_or_default()) != swap.mark {
        return false;
    }
    match swap.with {
        Some((bytes, Lasting::For(life))) => put(keys, slot(swap.name, bytes, Some(life)), now),
        Some((bytes, Lasting::Kept)) => keys.set_bytes(name, bytes, now),
        Some((bytes, _)) => put(keys, slot(swap.name, bytes, None), now),
        None => keys.remove(name),
    }
    true
}

fn slot(name: Name, bytes: Vec<u8>, life: Option<Duration>) -> Packed {
    Packed { name, bytes, life, under: Vec::new() }
}

fn reclaim(keys: &mut Keyspace, start: &str, now: Timestamp) {
    for name in keys.names(now).iter().filter(|name| name.starts_with(start)) {
        keys.remove(name);
    }
}

fn lease(keys: &mut Keyspace, name: &Name, (holder, life): (Writer, Duration), now: Timestamp) -> bool {
    let holder = holder.bits().to_le_bytes();
    if keys.get(name.as_str(), now).is_some_and(|present| present != holder) {
        return false;
    }
    keys.set(name.as_str(), holder.to_vec(), now.after(life));
    true
}

fn end_lease(keys: &mut Keyspace, name: &Name, holder: Writer, now: Timestamp) {
    if keys.get(name.as_str(), now) == Some(&holder.bits().to_le_bytes()) {
        keys.remove(name.as_str());
    }
}
