//! Carries calls that several shards have a part in: one after the other, within the time of one call.
//!
//! Nothing here needs the shards to agree on a moment. An entry is compared token by token, each as its own shard has it at
//! some moment of the call. Tags are seeded, placed and released in the order given, and none after one that failed.

use core::time::Duration;

use super::shard::{RedisShard, Shards};
use crate::error::Result;
use crate::name::tag::Token;
use crate::protocol::intent::{Outcome, Writer};
use crate::protocol::notes::Notes;
use crate::store::link::{Opening, Packed, ReadReply, Replacing};
use crate::store::names::{Name, TagName};
use crate::store::redis::command::batch::Batch;
use crate::store::redis::command::call::Call;
use crate::store::redis::command::change::TagCommand;
use crate::store::redis::command::keep::{Kept, kept_by};
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::{Released, Seeded};

/// What a call does, and until when.
type Doing<'d> = (&'d str, Deadline);

/// Does something with the longest runs of `items` that one shard has, in order, and gives what each came to.
pub(super) fn in_runs<T, R>(
    shards: &Shards,
    items: &[T],
    name: impl Fn(&T) -> &Name,
    mut each: impl FnMut(&RedisShard, &[T]) -> Result<R>,
) -> Result<Vec<R>> {
    let index = |item: &T| shards.index_of(name(item));
    let runs = items.chunk_by(|one, next| index(one) == index(next));
    runs.map(|run| each(&shards.each()[index(&run[0])], run)).collect()
}

/// The places of those of `items` that each shard has, if it has any.
fn places<'n>(shards: &Shards, items: impl Iterator<Item = &'n Name>) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); shards.each().len()];
    items.enumerate().for_each(|(at, name)| places[shards.index_of(name)].push(at));
    places
}

fn at<T: Clone>(items: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|at| items[*at].clone()).collect()
}

/// Reads from each shard what it has. Neither incarnation nor stamp is told: there are several.
pub(super) fn read(shards: &Shards, doing: Doing<'_>, entries: &[Name], tags: &[TagName]) -> Result<ReadReply> {
    let (mut found, mut seeds) = (vec![None; entries.len()], vec![None; tags.len()]);
    let of_tags = places(shards, tags.iter().map(|tag| &tag.token));
    for ((shard, of_entries), of_tags) in shards.each().iter().zip(places(shards, entries.iter())).zip(of_tags) {
        if of_entries.is_empty() && of_tags.is_empty() {
            continue;
        }
        let (entries, tags) = (at(entries, &of_entries), at(tags, &of_tags));
        let answer = shard.call(doing, |call| call.read(&entries, &tags))?;
        of_entries.iter().zip(answer.entries).for_each(|(at, bytes)| found[*at] = bytes);
        of_tags.iter().zip(answer.seeds).for_each(|(at, seed)| seeds[*at] = seed);
    }
    Ok(ReadReply { entries: found, seeds, incarnation: None, stamp: None })
}

/// Seeds tags, and reads afterwards. Says how many of these tags held no token.
pub(super) fn seed_and_read(
    shards: &Shards,
    doing: Doing<'_>,
    seeded: &[TagName],
    (entries, tags): (&[Name], &[TagName]),
) -> Result<(ReadReply, usize)> {
    let seed_new = |call: &mut Call<'_>, some: &[TagName]| {
        let fresh: Vec<Token> = some.iter().map(|_| Token::fresh()).collect();
        let (seeds, _) = call.change_then(TagCommand::Seed(some, Some(&fresh)), &Batch::default())?;
        Ok(seeds.iter().zip(fresh).filter(|(seed, fresh)| seed.token == *fresh).count())
    };
    let new_counts =
        in_runs(shards, seeded, |tag| &tag.token, |shard, some| shard.call(doing, |call| seed_new(call, some)))?;
    Ok((read(shards, doing, entries, tags)?, new_counts.iter().sum()))
}

pub(super) fn seed(shards: &Shards, doing: Doing<'_>, tags: &[TagName], notes: &[Name]) -> Result<Seeded> {
    let (seeds, notes) = with_notes(
        shards,
        doing,
        (tags, notes),
        |tag| &tag.token,
        |call, some, notes| {
            let Seeded { seeds, notes } = call.seed(some, notes)?;
            Ok((seeds, notes))
        },
    )?;
    Ok(Seeded { seeds: seeds.concat(), notes })
}

/// Places intents, and reads notes.
pub(super) fn place(
    shards: &Shards,
    doing: Doing<'_>,
    (writer, life): (Writer, Duration),
    (tags, notes): (&[TagName], &[Name]),
) -> Result<Vec<Option<Notes>>> {
    let place = |call: &mut Call<'_>, some: &[TagName], notes: &[Name]| {
        Ok(((), call.change(TagCommand::Place(writer, some, life), notes)?))
    };
    Ok(with_notes(shards, doing, (tags, notes), |tag| &tag.token, place)?.1)
}

/// Releases intents, and reads notes.
pub(super) fn release(
    shards: &Shards,
    doing: Doing<'_>,
    writer: Writer,
    (releases, notes): (&[(TagName, Outcome)], &[Name]),
) -> Result<Vec<Option<Notes>>> {
    let release = |call: &mut Call<'_>, some: &[(TagName, Outcome)], notes: &[Name]| {
        Ok(((), call.change(TagCommand::Release(writer, some), notes)?))
    };
    Ok(with_notes(shards, doing, (releases, notes), |(tag, _)| &tag.token, release)?.1)
}

pub(super) fn replace(
    shards: &Shards,
    doing: Doing<'_>,
    writer: Writer,
    (releases, notes): (&[Replacing], &[Name]),
) -> Result<Released> {
    let replace = |call: &mut Call<'_>, some: &[Replacing], notes: &[Name]| {
        let Released { replaced, notes } = call.replace(writer, some, notes)?;
        Ok((replaced, notes))
    };
    let (replaced, notes) = with_notes(shards, doing, (releases, notes), |(tag, ..)| &tag.token, replace)?;
    Ok(Released { replaced: replaced.concat(), notes })
}

/// Does something with each run of `items`, and reads the notes of a shard with the last of them: a table's notes lie where
/// its tags do.
fn with_notes<T, R>(
    shards: &Shards,
    doing: Doing<'_>,
    (items, notes): (&[T], &[Name]),
    name: impl Fn(&T) -> &Name,
    each: impl Fn(&mut Call<'_>, &[T], &[Name]) -> core::result::Result<(R, Vec<Option<Notes>>), Failure>,
) -> Result<(Vec<R>, Vec<Option<Notes>>)> {
    let index = |item: &T| shards.index_of(name(item));
    let mut left: Vec<usize> =
        items.chunk_by(|one, next| index(one) == index(next)).map(|run| index(&run[0])).collect();
    left.reverse();
    let (mut places, mut found) = (places(shards, notes.iter()), vec![None; notes.len()]);
    let mut note = |places: Vec<usize>, notes: Vec<Option<Notes>>| {
        places.into_iter().zip(notes).for_each(|(at, notes)| found[at] = notes);
    };
    let results = in_runs(shards, items, &name, |shard, some| {
        let of_run = left.pop().unwrap_or_default();
        let own = if left.contains(&of_run) { Vec::new() } else { core::mem::take(&mut places[of_run]) };
        let (result, notes) = shard.call(doing, |call| each(call, some, &at(notes, &own)))?;
        note(own, notes);
        Ok(result)
    })?;
    for (shard, own) in shards.each().iter().zip(places).filter(|(_, own)| !own.is_empty()) {
        let notes = shard.call(doing, |call| call.seed(&[], &at(notes, &own)))?.notes;
        note(own, notes);
    }
    Ok((results, found))
}

/// What is stored, what it keeps, and the lease that ends.
pub(super) fn put_names<'n>(
    entries: &'n [Packed],
    lease: Option<(&'n Name, Writer)>,
) -> impl Iterator<Item = &'n Name> {
    let kept = |entry: &'n Packed| entry.under.iter().map(|(tag, _)| &tag.token).chain([&entry.name]);
    entries.iter().flat_map(kept).chain(lease.map(|(lease, _)| lease))
}

/// Keeps the tags of entries that lie in other shards than these, and then has each shard store its own.
pub(super) fn put<'l>(
    shards: &Shards,
    doing: Doing<'_>,
    entries: &[Packed],
    lease: Option<(&'l Name, Writer)>,
    store: impl Fn(&RedisShard, &[Packed], Option<(&'l Name, Writer)>) -> Result<()>,
) -> Result<()> {
    let of_lease = lease.map(|(name, _)| shards.index_of(name));
    let places = places(shards, entries.iter().map(|entry| &entry.name));
    let is_at = |index: usize| move |tag: &TagName| shards.index_of(&tag.token) == index;
    for (index, shard) in shards.each().iter().enumerate() {
        let is_elsewhere = |entry: &&Packed| shards.index_of(&entry.name) != index;
        let kept: Vec<Kept<'_>> =
            kept_by(entries.iter().filter(is_elsewhere)).into_iter().filter(|(tag, ..)| is_at(index)(tag)).collect();
        if !kept.is_empty() {
            shard.call(doing, |call| call.keep_then(&kept, &Batch::default()))?;
        }
    }
    let mut shares: Vec<Vec<Packed>> = places.iter().map(|places| at(entries, places)).collect();
    for (index, share) in shares.iter_mut().enumerate() {
        share.iter_mut().for_each(|entry| entry.under.retain(|(tag, _)| is_at(index)(tag)));
    }
    for (index, (shard, share)) in shards.each().iter().zip(&shares).enumerate() {
        let lease = lease.filter(|_| of_lease == Some(index));
        if !share.is_empty() || lease.is_some() {
            store(shard, share, lease)?;
        }
    }
    Ok(())
}

/// Lets unused tags go that lie elsewhere than the lease, and gives the others.
pub(super) fn forget_others(
    shards: &Shards,
    doing: Doing<'_>,
    lease: &Name,
    unused: &[(TagName, Token)],
) -> Result<Vec<(TagName, Token)>> {
    let mut own = Vec::new();
    in_runs(
        shards,
        unused,
        |(tag, _)| &tag.token,
        |shard, some| {
            if shards.index_of(&some[0].0.token) == shards.index_of(lease) {
                own.extend_from_slice(some);
                return Ok(());
            }
            let unused: Vec<Kept<'_>> = some.iter().map(|(tag, token)| (tag, *token, Duration::ZERO)).collect();
            shard.call(doing, |call| call.keep_then(&unused, &Batch::default()))
        },
    )?;
    Ok(own)
}

/// Opens slots, and reads tags that lie elsewhere.
pub(super) fn open(shards: &Shards, doing: Doing<'_>, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply> {
    let answer = read(shards, doing, &[], tags)?;
    let opened = in_runs(
        shards,
        slots,
        |slot| &slot.name,
        |shard, some| Ok(shard.call_once(doing, |call| call.open(some, &[]))?.entries),
    )?;
    Ok(ReadReply { entries: opened.into_iter().flatten().collect(), ..answer })
}

/// Takes a lease, looks, and seeds.
pub(super) fn begin(
    shards: &Shards,
    doing: Doing<'_>,
    (lease, holder, life): (&Name, Writer, Duration),
    (entry, tags): (&Name, &[TagName]),
    notes: &[Name],
) -> Result<Opening> {
    let is_taken = shards.of(lease).call(doing, |call| call.lease(lease, holder, Some(life)))?;
    let answer = read(shards, doing, core::slice::from_ref(entry), tags)?;
    Ok(Opening { is_taken: Some(is_taken), answer, seeded: seed(shards, doing, tags, notes)? })
}
