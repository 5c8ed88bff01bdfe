//! How does a load begin in one round trip?

use core::time::Duration;

use redis::Value;

use super::commands::{Call, LONGEST_LIFE, is_young};
use super::connection::Batch;
use super::failure::Failure;
use super::notes::{in_time, notes_of, old_ones};
use super::tokens;
use crate::intent::{Seed, Writer};
use crate::store::link::Opening;
use crate::store::names::{Name, TagName};

impl Call<'_> {
    /// Takes a lease, reads an entry with tags, and then notes. What the script has to see to is asked for once more.
    pub(super) fn begin(
        &mut self,
        (lease, holder, life): (&Name, Writer, Duration),
        (entry, tags): (&Name, &[TagName]),
        notes: &[Name],
    ) -> Result<Opening, Failure> {
        let holder = tokens::digits(holder.bits());
        let mut batch = taking(lease, &holder, life);
        let names = [lease, entry].into_iter().chain(tags.iter().map(|tag| &tag.token));
        batch.join(self.values_of(names, 2 + tags.len()));
        tags.iter().for_each(|tag| batch.command(&[b"PTTL", tag.token.as_str().as_bytes()]));
        batch.join(in_time(notes));
        let mut replies = self.ask_in_this_life(batch)?.into_iter().skip(1);
        let mut answer = self.answer_of(replies.next(), 2)?;
        // Nobody has it: something else lies under its name, or it is over already.
        let is_taken = answer.entries.remove(0).map(|found| found == holder.as_bytes());
        let lives: Vec<Value> = replies.by_ref().take(tags.len()).collect();
        let fit = |(seed, life): (&Option<Seed>, &Value)| seed.filter(|seed| is_young(life) && !seed.is_intended);
        let seeds: Option<Vec<Seed>> = answer.seeds.iter().zip(&lives).map(fit).collect();
        let Some(seeds) = seeds else {
            let (seeds, notes) = self.seed_noted(tags, notes)?;
            return Ok(Opening { is_taken, answer, seeds, notes });
        };
        let found = notes_of(replies.next())?;
        self.keep(old_ones(notes, replies))?;
        Ok(Opening { is_taken, answer, seeds, notes: found })
    }
}

/// Takes a lease that nobody has. Whether it was taken is told by who has it then: a command that was sent twice says no.
fn taking(lease: &Name, holder: &str, life: Duration) -> Batch {
    let millis = life.min(LONGEST_LIFE).as_millis().max(1).to_string();
    let mut batch = Batch::default();
    batch.command(&[b"SET", lease.as_str().as_bytes(), holder.as_bytes(), b"NX", b"PX", millis.as_bytes()]);
    batch
}
