//! Looks entries up on a server, and judges them by the tokens of the same reply.

use smallvec::SmallVec;

use crate::clock::Timestamp;
use crate::entry::format::{self, Dependency, Record};
use crate::entry::{Flaw, Life, Value, Worth, judge};
use crate::error::Result;
use crate::name::key::Fingerprint;
use crate::name::tag::{Tag, TagKind, Token};
use crate::protocol::intent::Seed;
use crate::protocol::near::TokenRequest;
use crate::protocol::steady::{Remembered, is_steady};
use crate::store::link::{Commencing, Link, ReadReply};
use crate::store::names::{Name, TagName};
use crate::store::near::{NearMemory, Under, as_tag, copy, under_copy};
use crate::store::remote::steady::{SteadyMemories, SteadyMemory};
use crate::store::{Beginning, Begun, Found, Lease, LookUp, Started, Starting, Wanted, same_length};

/// Where entries are looked up: on a server, and what is found there is kept near, if anything is.
pub(super) struct LookUpServer<'a, L> {
    pub(super) link: &'a L,
    pub(super) near: Option<&'a NearMemory>,
    pub(super) steady: &'a SteadyMemories,
}

/// Which tags are seeded before they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seeding {
    Nothing,
    /// Those of rows.
    Rows,
}

/// The tags of rows that were looked at, and how many of them held no token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RowTags {
    pub(super) count: usize,
    pub(super) new_count: usize,
}

/// Looks entries up: one answer for each, in order. It tells what was seen of the tags of those that are not to be served,
/// and of the tags of rows.
pub(super) fn look<L: Link>(
    place: &LookUpServer<'_, L>,
    (wanted, seeding): (&[Wanted<'_>], Seeding),
    now: Timestamp,
) -> Result<(Vec<LookUp>, RowTags)> {
    // What has no bytes was never put.
    let readable: Few<&Wanted<'_>> = wanted.iter().filter(|wanted| wanted.codec.is_some()).collect();
    if readable.is_empty() {
        return Ok((wanted.iter().map(|_| LookUp::unseen(None)).collect(), RowTags::default()));
    }
    let (names, tags) = (LookUpKeys::of(place.link, &readable), tags_of(&readable));
    let mut all = Vec::with_capacity(tags.iter().map(Vec::len).sum());
    tags.iter().for_each(|tags| all.extend(tags.iter().map(named)));
    let digests: SmallVec<[Fingerprint; 8]> = all.iter().map(|(tag, _)| *tag).collect();
    let sight = read(place, (&names, seeding), all, now)?;
    let steady = place.steady.beside(names.keys.iter().chain(&digests));
    if steady.is_some_and(|steady| steady.wants_stamp(sight.stamp, now)) {
        // The read is answered already; whoever comes in an hour tries again.
        drop(place.link.stamp(&names.entries[0]));
    }
    let found = found_in(place, (&readable, &names), &sight, now)?;
    let mut left = &digests[..];
    let mut looked = found.into_iter().zip(tags).map(|(found, tags)| {
        let own;
        (own, left) = left.split_at(tags.len());
        let is_served = found.as_ref().is_some_and(|found| found.worth.is_served());
        LookUp { found, seen: if is_served { Vec::new() } else { sight.tokens.seeds_of(tags, own) } }
    });
    let next = |wanted: &Wanted<'_>| wanted.codec.and_then(|_| looked.next()).unwrap_or(LookUp::unseen(None));
    Ok((wanted.iter().map(next).collect(), sight.rows))
}

/// A tag by its digest, and what it stands for.
type NamedTag = (Fingerprint, TagKind);

fn named(tag: &Tag) -> NamedTag {
    (tag.fingerprint(), tag.kind())
}

fn tags_of(wanted: &[&Wanted<'_>]) -> Few<Vec<Tag>> {
    wanted.iter().map(|wanted| wanted.tags.tags()).collect()
}

/// Seeds tags of which some had no token, and takes the lease of a load under what they hold then, in one round trip.
pub(super) fn start<L: Link>(place: &LookUpServer<'_, L>, starting: &Starting<'_>) -> Result<Started> {
    let own = place.link.names();
    let tags: Vec<TagName> = starting.seen.iter().map(|(tag, _)| own.tag(tag)).collect();
    let seen: Vec<Option<Token>> = starting.seen.iter().map(|(_, seed)| seed.map(|seed| seed.token)).collect();
    let notes: Vec<Name> = starting.tables.iter().map(|any| own.notes(any).notes).collect();
    let lease = |tokens: &[Token]| own.lease(&Lease::of(starting.key, tokens));
    let started = place.link.start(&Commencing {
        tags: &tags,
        seen: &seen,
        notes: &notes,
        lease: &lease,
        holder: starting.holder,
    })?;
    Ok(Started { seeded: started.seeded.of_length(tags.len(), notes.len())?, is_leased: started.lease.is_some() })
}

/// Begins a load in one round trip, unless there is more to say of what it finds.
pub(super) fn begin<L: Link>(place: &LookUpServer<'_, L>, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
    let (Beginning { wanted, tags, tables, .. }, own) = (*beginning, place.link.names());
    let names = LookUpKeys::of(place.link, &[wanted]);
    let (name, holder, life) = beginning.lease;
    let (lease, tag_names): (Name, Vec<TagName>) = (own.lease(&name), tags.iter().map(|tag| own.tag(tag)).collect());
    let notes: Vec<Name> = tables.iter().map(|any| own.notes(any).notes).collect();
    let question = place.ask(&names, tags.iter().map(named));
    let opening = place.link.begin((&lease, holder, life), (&names.entries[0], &tag_names), &notes)?;
    let sight = Sight::of(place, (question, &names), tags.iter().map(named).collect(), opening.answer)?;
    let found = found_in(place, (&[wanted], &names), &sight, now)?.pop().flatten();
    Ok(Begun { is_taken: opening.is_taken, found, seeded: opening.seeded.of_length(tags.len(), tables.len())? })
}

/// What the entries that are looked up are called.
#[derive(Default)]
struct LookUpKeys {
    keys: Few<Fingerprint>,
    entries: Few<Name>,
}

/// Mostly one entry is looked up.
type Few<T> = SmallVec<[T; 1]>;

impl LookUpKeys {
    fn of<L: Link>(link: &L, wanted: &[&Wanted<'_>]) -> Self {
        let keys: Few<Fingerprint> = wanted.iter().map(|wanted| wanted.key.fingerprint()).collect();
        let entries = keys.iter().map(|key| link.names().entry_of(*key)).collect();
        Self { keys, entries }
    }
}

/// What one answer has shown.
struct Sight {
    entries: Vec<Option<Vec<u8>>>,
    tokens: ReplyTokens,
    rows: RowTags,
    stamp: Option<Token>,
}

impl Sight {
    /// Of `tags`, in the order of the answer; `question`: what was asked of the near memory before the server was, of these
    /// and of the entries.
    fn of<L>(
        place: &LookUpServer<'_, L>,
        (question, names): (Option<TokenRequest>, &LookUpKeys),
        tags: Vec<NamedTag>,
        answer: ReadReply,
    ) -> Result<Self> {
        let seeds = same_length(answer.seeds, tags.len())?;
        let entries = same_length(answer.entries, names.entries.len())?;
        if let Some((near, question)) = place.near.zip(question) {
            let tokens = tags.iter().zip(&seeds).filter_map(|((tag, _), seed)| Some((*tag, (*seed)?)));
            let copies = names.keys.iter().zip(&entries).filter_map(|(key, bytes)| Some(copy(*key, bytes.as_deref()?)));
            near.answer(&question, &tokens.chain(copies).collect::<Vec<_>>(), answer.incarnation);
        }
        let mut rows = RowTags::default();
        for (_, seed) in tags.iter().zip(&seeds).filter(|((_, kind), _)| *kind == TagKind::Row) {
            rows.count += 1;
            rows.new_count += usize::from(seed.is_none());
        }
        let tokens = ReplyTokens::of_all(tags.into_iter().map(|(tag, _)| tag).collect(), seeds);
        Ok(Self { entries, tokens, rows, stamp: answer.stamp })
    }

    /// With the tokens that are remembered of those of `tags` that were not asked for: the steady ones.
    fn with(mut self, tags: &[NamedTag], remembered: &[Token]) -> Self {
        let (mut asked, mut remembered) = (self.tokens.seeds.into_iter(), remembered.iter());
        let told = |(_, kind): &NamedTag| {
            if is_steady(*kind) {
                remembered.next().map(|token| Seed { token: *token, is_intended: false })
            } else {
                asked.next().flatten()
            }
        };
        self.tokens.seeds = tags.iter().map(told).collect();
        self.tokens.tags = tags.iter().map(|(tag, _)| *tag).collect();
        self
    }

    /// The entry that is called `key` and is these bytes.
    fn read<'a>(&self, wanted: &Wanted<'_>, (key, bytes): (Fingerprint, &'a [u8]), now: Timestamp) -> Read<'a> {
        Ok(self.tokens.foresee(format::read_as(bytes, wanted.key.manager, key)?, now))
    }
}

/// What is found of `wanted`, in order.
fn found_in<L: Link>(
    place: &LookUpServer<'_, L>,
    (wanted, names): (&[&Wanted<'_>], &LookUpKeys),
    sight: &Sight,
    now: Timestamp,
) -> Result<Few<Option<Found>>> {
    let bytes = sight.entries.iter().map(Option::as_deref);
    let keys = wanted.iter().zip(&names.keys);
    let read = |((wanted, key), bytes): ((&&Wanted<'_>, &Fingerprint), Option<_>)| {
        Some(sight.read(wanted, (*key, bytes?), now))
    };
    let records: Few<Option<Read<'_>>> = keys.zip(bytes.clone()).map(read).collect();
    let further = read_further(place, &records, now)?;
    let find = |((wanted, record), bytes): ((&&Wanted<'_>, Option<Read<'_>>), Option<&[u8]>)| {
        let record = record?;
        let found = find(wanted, &record, &further, now);
        place.keep((wanted, bytes?), &record, &found);
        Some(found)
    };
    let found: Few<_> = wanted.iter().zip(records).zip(bytes).map(find).collect();
    remove_unreadable(place.link, &names.entries, &found);
    Ok(found)
}

type Read<'a> = core::result::Result<Foreseen<'a>, Flaw>;

/// An entry, and what it could still be worth as far as its tags were read.
struct Foreseen<'a> {
    record: Record<'a>,
    worth: Worth,
    /// Whether it depends on tags that were not read.
    is_open: bool,
}

/// The tokens of one answer: only those say something together. By the order of the tags, none of which is there twice.
#[derive(Default)]
pub(super) struct ReplyTokens {
    tags: Vec<Fingerprint>,
    seeds: Vec<Option<Seed>>,
}

impl ReplyTokens {
    pub(super) fn of(tags: &[Tag], seeds: &[Option<Seed>]) -> Self {
        Self::of_all(tags.iter().map(Tag::fingerprint).collect(), seeds.to_vec())
    }

    fn of_all(tags: Vec<Fingerprint>, seeds: Vec<Option<Seed>>) -> Self {
        if tags.is_sorted() {
            return Self { tags, seeds };
        }
        let mut all: Vec<_> = tags.into_iter().zip(seeds).collect();
        all.sort_unstable_by_key(|(tag, _)| *tag);
        let (tags, seeds) = all.into_iter().unzip();
        Self { tags, seeds }
    }

    /// The token that was read of a tag; `None`: the tag was not read.
    fn of_tag(&self, tag: Fingerprint) -> Option<Option<Token>> {
        Some(self.seed_of(tag)?.map(|seed| seed.token))
    }

    fn seed_of(&self, tag: Fingerprint) -> Option<Option<Seed>> {
        let at = self.tags.binary_search(&tag).ok()?;
        self.seeds.get(at).copied()
    }

    /// What was read of each of `tags`, which have these digests.
    fn seeds_of(&self, tags: Vec<Tag>, digests: &[Fingerprint]) -> Vec<(Tag, Option<Seed>)> {
        tags.into_iter().zip(digests).map(|(tag, digest)| (tag, self.seed_of(*digest).flatten())).collect()
    }

    /// What an entry is worth. A tag that was not read is as good as changed.
    pub(super) fn judge(&self, record: &Record<'_>, now: Timestamp) -> Worth {
        let compare = |of: Dependency| (of.kind, of.token, self.of_tag(of.tag).flatten());
        judge(&record.life, record.dependencies().map(compare), now)
    }

    fn foresee<'a>(&self, record: Record<'a>, now: Timestamp) -> Foreseen<'a> {
        let mut is_covered = true;
        let compare = |of: Dependency| {
            let present = self.of_tag(of.tag);
            is_covered &= present.is_some();
            Some((of.kind, of.token, present?))
        };
        let worth = judge(&record.life, record.dependencies().filter_map(compare), now);
        // All of its tags were compared, unless one of them, or its age, has ended it.
        Foreseen { record, worth, is_open: worth.is_served() && !is_covered }
    }
}

/// Reads tags, in whatever order, and entries.
fn read<L: Link>(
    place: &LookUpServer<'_, L>,
    (names, seeding): (&LookUpKeys, Seeding),
    mut tags: Vec<NamedTag>,
    now: Timestamp,
) -> Result<Sight> {
    // The digest tells the kind too.
    tags.sort_unstable_by_key(|(tag, _)| *tag);
    tags.dedup();
    let steady = place.steady.beside(names.keys.iter().chain(tags.iter().map(|(tag, _)| tag)));
    let remembered = steady.and_then(|steady| Some((steady, place.remembered(steady, &tags, now)?)));
    let Some((memory, Remembered { stamp, tokens })) = remembered else {
        return read_all(place, (names, seeding), (tags, steady), now);
    };
    let asked = tags.iter().copied().filter(|(_, kind)| !is_steady(*kind)).collect();
    let sight = read_named(place, (names, seeding), asked)?;
    memory.seen(sight.stamp);
    if sight.stamp == Some(stamp) {
        return Ok(sight.with(&tags, &tokens));
    }
    // What was to be seeded is.
    Ok(Sight { rows: sight.rows, ..read_all(place, (names, Seeding::Nothing), (tags, steady), now)? })
}

/// Reads all of `tags`, and remembers the tokens of those that are steady.
fn read_all<L: Link>(
    place: &LookUpServer<'_, L>,
    question: (&LookUpKeys, Seeding),
    (tags, memory): (Vec<NamedTag>, Option<&SteadyMemory>),
    now: Timestamp,
) -> Result<Sight> {
    let Some(memory) = memory else { return read_named(place, question, tags) };
    let steady: SmallVec<[Fingerprint; 8]> = steady_of(&tags).collect();
    let sight = read_named(place, question, tags)?;
    let told = steady.iter().map(|tag| (*tag, sight.tokens.seed_of(*tag).flatten()));
    memory.learn(sight.stamp, told, now);
    Ok(sight)
}

fn steady_of(tags: &[NamedTag]) -> impl Iterator<Item = Fingerprint> {
    tags.iter().filter(|(_, kind)| is_steady(*kind)).map(|(tag, _)| *tag)
}

/// Reads these tags, which are in their order.
fn read_named<L: Link>(
    place: &LookUpServer<'_, L>,
    (names, seeding): (&LookUpKeys, Seeding),
    tags: Vec<NamedTag>,
) -> Result<Sight> {
    let tag_names: Vec<_> = tags.iter().map(|(tag, kind)| place.link.names().tag_of(*tag, *kind)).collect();
    let question = place.ask(names, tags.iter().copied());
    let rows =
        || tags.iter().zip(&tag_names).filter(|((_, kind), _)| *kind == TagKind::Row).map(|(_, name)| name.clone());
    let seeded: Vec<TagName> = if seeding == Seeding::Rows { rows().collect() } else { Vec::new() };
    if seeded.is_empty() {
        let answer = place.link.read(&names.entries, &tag_names)?;
        return Sight::of(place, (question, names), tags, answer);
    }
    let (answer, new_count) = place.link.seed_and_read(&seeded, &names.entries, &tag_names)?;
    let rows = RowTags { count: seeded.len(), new_count };
    Ok(Sight { rows, ..Sight::of(place, (question, names), tags, answer)? })
}

impl<L> LookUpServer<'_, L> {
    /// The tokens of steady tags that need not be asked for. Near memory keeps an entry only if it knows each of its tokens:
    /// it has to know these.
    fn remembered(&self, memory: &SteadyMemory, tags: &[NamedTag], now: Timestamp) -> Option<Remembered> {
        let remembered = memory.remembered(steady_of(tags), now)?;
        let is_known = |near: &NearMemory| near.knows(steady_of(tags).zip(remembered.tokens.iter().copied()));
        self.near.is_none_or(is_known).then_some(remembered)
    }

    /// Prepares to ask the server for entries and tokens. Asked before the server is: what it tells meanwhile counts.
    fn ask(&self, names: &LookUpKeys, tags: impl Iterator<Item = NamedTag>) -> Option<TokenRequest> {
        self.near?.ask(tags.chain(names.keys.iter().copied().map(as_tag)))
    }

    /// Keeps near what is to be served. How much the value takes is not known: its own size, and room for what hangs on
    /// it, of which four times the bytes that it came in are enough for most.
    fn keep(&self, (wanted, bytes): (&Wanted<'_>, &[u8]), record: &Read<'_>, found: &Found) {
        let (Some(near), Ok(Foreseen { record, .. }), Worth::Fresh) = (self.near, record, found.worth) else { return };
        let own = match &found.value {
            Value::Absent(value) | Value::Shared(value) => size_of_val(&**value),
            Value::Unread => return,
        };
        let tokens = record.dependencies().map(|of| (of.tag, of.kind, of.token));
        let tokens: Vec<Under> = tokens.chain([under_copy(wanted.key.fingerprint(), bytes)]).collect();
        near.put_found(wanted.key, &found.value, found.life, (&tokens, own + 4 * record.value.len()));
    }
}

/// Reads the tags of entries that would be served if only what was not read yet were equal.
///
/// All of their tags: between the two answers the server may have gone back to an older state, in which tags hold
/// tokens again that they had lost. Then the root tag was changed before this answer, and only this answer says so.
fn read_further<L: Link>(
    place: &LookUpServer<'_, L>,
    records: &[Option<Read<'_>>],
    now: Timestamp,
) -> Result<ReplyTokens> {
    let open = records.iter().flatten().flatten().filter(|foreseen| foreseen.is_open);
    let dependencies = open.flat_map(|foreseen| foreseen.record.dependencies());
    let tags: Vec<NamedTag> = dependencies.map(|of| (of.tag, of.kind)).collect();
    if tags.is_empty() {
        return Ok(ReplyTokens::default());
    }
    Ok(read(place, (&LookUpKeys::default(), Seeding::Nothing), tags, now)?.tokens)
}

fn find(wanted: &Wanted<'_>, record: &Read<'_>, further: &ReplyTokens, now: Timestamp) -> Found {
    let Foreseen { record, worth, is_open } = match record {
        Ok(foreseen) => foreseen,
        Err(flaw) => return unreadable(*flaw),
    };
    let worth = if *is_open { further.judge(record, now) } else { *worth };
    if !worth.is_served() {
        return Found { value: Value::Unread, life: record.life, worth };
    }
    match wanted.codec.map(|codec| codec.decode(record.value)) {
        Some(Ok(value)) => Found { value, life: record.life, worth },
        _ => unreadable(Flaw::Bytes),
    }
}

fn unreadable(flaw: Flaw) -> Found {
    // Nothing that such bytes say of their life is believed.
    let never = Timestamp::from_nanos(0);
    let life = Life { created_at: never, soft_deadline: never, hard_deadline: never };
    Found { value: Value::Unread, life, worth: Worth::Unreadable(flaw) }
}

fn remove_unreadable<L: Link>(link: &L, names: &[Name], found: &[Option<Found>]) {
    let is_unreadable =
        |found: &Option<Found>| found.as_ref().is_some_and(|found| matches!(found.worth, Worth::Unreadable(_)));
    let unreadable: Vec<Name> =
        names.iter().zip(found).filter(|(_, found)| is_unreadable(found)).map(|(name, _)| name.clone()).collect();
    if !unreadable.is_empty() {
        // The read is answered already; what stays is found unreadable again by the next one.
        drop(link.remove(&unreadable));
    }
}
