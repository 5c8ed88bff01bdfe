//! Begins a load in one round trip.

use core::time::Duration;

use super::batch::{Batch, Decimal};
use super::call::{Call, LONGEST_LIFE, MILLI};
use super::change::TagCommand;
use super::commands::{are_young, is_alone, lives_of};
use super::notes::{lives_of_notes, notes_in, old_ones};
use super::tokens;
use crate::name::tag::Token;
use crate::protocol::intent::{Seed, Writer};
use crate::store::Seeded;
use crate::store::link::{Commenced, Commencing, Opening};
use crate::store::names::{Name, TagName};
use crate::store::redis::wire::failure::Failure;

impl Call<'_> {
    /// Takes a lease, reads an entry with tags, and then notes. What the script has to see to is asked for once more.
    pub(crate) fn begin(
        &mut self,
        (lease, holder, life): (&Name, Writer, Duration),
        (entry, tags): (&Name, &[TagName]),
        notes: &[Name],
    ) -> Result<Opening, Failure> {
        let holder = tokens::digits(holder.bits());
        let mut batch = taking(lease, &holder, life);
        let names = [lease, entry].into_iter().chain(notes).chain(tags.iter().map(|tag| &tag.token));
        batch.join(&self.values_of(names, 2 + notes.len() + tags.len()));
        batch.join(&lives_of(tags));
        batch.join(&lives_of_notes(notes));
        let mut replies = self.ask_in_this_life(batch)?.into_iter().skip(1);
        let mut answer = self.answer_of(replies.next(), 2 + notes.len())?;
        let found = notes_in(answer.entries.split_off(2));
        // Nobody has it: something else lies under its name, or it is over already.
        let is_taken = answer.entries.remove(0).map(|found| found == holder);
        let are_young = are_young(tags, &mut replies);
        let fit = |((seed, tag), is_young): ((&Option<Seed>, &TagName), bool)| {
            seed.filter(|seed| is_young && is_alone(tag, *seed))
        };
        let seeds: Option<Vec<Seed>> = answer.seeds.iter().zip(tags).zip(are_young).map(fit).collect();
        let Some(seeds) = seeds else {
            let seeded = self.seed(tags, notes)?;
            return Ok(Opening { is_taken, answer, seeded });
        };
        self.keep(old_ones(notes, replies))?;
        Ok(Opening { is_taken, answer, seeded: Seeded { seeds, notes: found } })
    }

    /// Seeds tags, takes the lease of a load under what they hold then, and reads notes. Tokens and notes are read at one
    /// moment, after all of this: a table of which the notes are made anew in between has other tokens from then on.
    pub(crate) fn start(&mut self, starting: &Commencing<'_>) -> Result<Commenced, Failure> {
        let (tags, notes) = (starting.tags, starting.notes);
        let fresh: Vec<Token> = tags.iter().map(|_| Token::fresh()).collect();
        // What is expected: tokens that were seen, and for the other tags those that are put there now.
        let expected: Vec<Token> =
            starting.seen.iter().zip(&fresh).map(|(seen, fresh)| seen.unwrap_or(*fresh)).collect();
        let (lease, (holder, life)) = ((starting.lease)(&expected), starting.holder);
        let holder = tokens::digits(holder.bits());
        let mut after = taking(&lease, &holder, life);
        let names = [&lease].into_iter().chain(notes).chain(tags.iter().map(|tag| &tag.token));
        after.join(&self.values_of(names, 1 + notes.len() + tags.len()));
        after.join(&lives_of_notes(notes));
        let (seeds, replies) = self.change_then(TagCommand::Seed(tags, Some(&fresh)), &after)?;
        let mut replies = replies.into_iter().skip(1);
        let mut answer = self.answer_of(replies.next(), 1 + notes.len())?;
        let found = notes_in(answer.entries.split_off(1));
        self.keep(old_ones(notes, replies))?;
        // A tag that is blocked holds none.
        let seeds: Vec<Seed> = answer.seeds.iter().zip(seeds).map(|(held, seed)| held.unwrap_or(seed)).collect();
        // A token that was put there by this call was known to nobody before.
        let is_new = starting.seen.iter().any(Option::is_none);
        let is_as_expected = is_new && seeds.iter().map(|seed| seed.token).eq(expected);
        let is_taken = answer.entries[0].as_deref() == Some(&holder[..]);
        let seeded = Seeded { seeds, notes: found };
        Ok(Commenced { seeded, lease: (is_as_expected && is_taken).then_some(lease) })
    }
}

/// Takes a lease that nobody has. Whether it was taken is told by who has it then: a command that was sent twice says no.
fn taking(lease: &Name, holder: &[u8], life: Duration) -> Batch {
    let millis = Decimal::of_millis(life.clamp(MILLI, LONGEST_LIFE));
    let mut batch = Batch::default();
    batch.command(&[b"SET", lease.as_bytes(), holder, b"NX", b"PX", millis.as_ref()]);
    batch
}
