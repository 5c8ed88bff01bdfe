//! Changes items by the decisions that change rows: each item is looked at, and written if nobody came between.

use core::ops::Range;

use super::call::{Call, Round};
use super::failure::Failure;
use super::item::{Item, Target, Write};
use crate::clock::Timestamp;
use crate::name::tag::Token;
use crate::protocol::intent::Seed;
use crate::protocol::notes::Notes;
use crate::store::engine::{Request, Response};
use crate::store::{Name, Seeded, TagName};

/// Something to be done to one item. Each attempt is another sending, and takes tokens of its own.
pub(super) struct Work<'r> {
    pub(super) target: Target,
    pub(super) request: Box<dyn Fn() -> Request + 'r>,
}

impl<'r> Work<'r> {
    pub(super) fn on(target: Target, request: impl Fn() -> Request + 'r) -> Self {
        Self { target, request: Box::new(request) }
    }
}

type Found = (Option<Item>, Timestamp);

impl Call<'_> {
    /// Does all of the works, and *afterwards* reads notes. Those of one wave are done together, and none before the last
    /// of the wave before it.
    pub(super) fn change(
        &mut self,
        works: &[Work<'_>],
        waves: &[Range<usize>],
        notes: &[Name],
    ) -> Result<(Vec<Response>, Vec<Option<Notes>>), Failure> {
        let beside: Vec<Target> = notes.iter().map(Target::of_notes).collect();
        let all: Vec<&Name> =
            works.iter().map(|work| work.target.key()).chain(beside.iter().map(Target::key)).collect();
        let mut found = self.round(&[], &all)?.found;
        let mut noted = found.split_off(works.len());
        let mut responses: Vec<Option<Response>> = works.iter().map(|_| None).collect();
        let mut has_written = false;
        for wave in waves {
            let mut pending: Vec<usize> = wave.clone().collect();
            while !pending.is_empty() {
                let writes = self.decide_all(works, &mut pending, (&found, &mut responses));
                if writes.is_empty() {
                    break;
                }
                has_written = true;
                let asked = pending.iter().map(|at| works[*at].target.key()).chain(beside.iter().map(Target::key));
                let mut round = self.round(&writes, &asked.collect::<Vec<_>>())?;
                noted = round.found.split_off(pending.len());
                pending = again(&pending, round, &mut found);
            }
        }
        if has_written && !notes.is_empty() && self.servers.count() > 1 {
            // On another server they may have been read before the last work was done.
            noted = self.round(&[], &beside.iter().map(Target::key).collect::<Vec<_>>())?.found;
        }
        let responses: Option<Vec<Response>> = responses.into_iter().collect();
        let responses = responses.ok_or_else(|| Failure::strange(b"a work that was not done"))?;
        Ok((responses, self.notes(notes, &noted)))
    }

    /// Decides on the works that are `pending`; those that have something to write stay so.
    fn decide_all(
        &self,
        works: &[Work<'_>],
        pending: &mut Vec<usize>,
        (found, responses): (&[Found], &mut [Option<Response>]),
    ) -> Vec<Write> {
        let mut writes = Vec::new();
        pending.retain(|at| {
            let (item, now) = &found[*at];
            let (response, write) = self.decide(&works[*at].target, (item.as_ref(), *now), (works[*at].request)());
            responses[*at] = Some(response);
            let has_to_be_written = write.is_some();
            writes.extend(write);
            has_to_be_written
        });
        writes
    }

    fn decide(
        &self,
        target: &Target,
        (item, now): (Option<&Item>, Timestamp),
        request: Request,
    ) -> (Response, Option<Write>) {
        target.decide(item, (self.servers.names.start_of_entries(), request), now)
    }

    /// Works that are done together.
    pub(super) fn change_at_once(
        &mut self,
        works: &[Work<'_>],
        notes: &[Name],
    ) -> Result<(Vec<Response>, Vec<Option<Notes>>), Failure> {
        let all = 0..works.len();
        self.change(works, core::slice::from_ref(&all), notes)
    }

    /// The tokens of tags, none of which is taken earlier than one before it, and *afterwards* the notes.
    pub(super) fn seed(&mut self, tags: &[TagName], notes: &[Name]) -> Result<Seeded, Failure> {
        let targets: Vec<Target> = tags.iter().map(Target::of_tag).chain(notes.iter().map(Target::of_notes)).collect();
        let keys: Vec<&Name> = targets.iter().map(Target::key).collect();
        let mut round = self.round(&[], &keys)?;
        loop {
            let (seeds, writes) = self.seeds(tags, &round.found);
            if !writes.is_empty() {
                round = self.round(&writes, &keys)?;
                continue;
            }
            if self.servers.count() > 1 {
                // Servers answer in any order. What did not change between two rounds was so between them, all of it.
                let before = core::mem::replace(&mut round, self.round(&[], &keys)?);
                if !is_the_same(&before.found[..tags.len()], &round.found[..tags.len()]) {
                    continue;
                }
            }
            return Ok(Seeded { seeds, notes: self.notes(notes, &round.found[tags.len()..]) });
        }
    }

    /// The seeds of tags, and what has to be written before they hold.
    pub(super) fn seeds(&self, tags: &[TagName], found: &[Found]) -> (Vec<Seed>, Vec<Write>) {
        let (mut seeds, mut writes) = (Vec::with_capacity(tags.len()), Vec::new());
        for (tag, (item, now)) in tags.iter().zip(found) {
            let request = Request::Seed(vec![(tag.clone(), Token::fresh())], Vec::new());
            let (response, write) = self.decide(&Target::of_tag(tag), (item.as_ref(), *now), request);
            if let Response::Noted(of_tag, _) = response {
                seeds.extend(of_tag);
            }
            writes.extend(write);
        }
        (seeds, writes)
    }

    /// The notes in the items that were found.
    pub(super) fn notes(&self, names: &[Name], found: &[Found]) -> Vec<Option<Notes>> {
        let read = |(name, (item, now)): (&Name, &Found)| {
            let request = Request::Seed(Vec::new(), vec![name.clone()]);
            match self.decide(&Target::of_notes(name), (item.as_ref(), *now), request).0 {
                Response::Noted(_, mut notes) => notes.pop().flatten(),
                _ => None,
            }
        };
        names.iter().zip(found).map(read).collect()
    }
}

/// Those of the works in `pending` whose item somebody else has changed meanwhile, and what is there now.
fn again(pending: &[usize], round: Round, found: &mut [Found]) -> Vec<usize> {
    let mut again = Vec::new();
    for ((at, is_written), item) in pending.iter().zip(round.written).zip(round.found) {
        if !is_written {
            found[*at] = item;
            again.push(*at);
        }
    }
    again
}

fn is_the_same(before: &[Found], after: &[Found]) -> bool {
    let unique = |(item, _): &Found| item.as_ref().map(|item| item.unique);
    before.iter().map(unique).eq(after.iter().map(unique))
}
