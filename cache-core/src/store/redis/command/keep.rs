//! Sends what keeps tags as long as what is stored under them.

use core::time::Duration;
use std::collections::HashMap;

use super::batch::{Batch, Command};
use super::call::{Call, LONGEST_LIFE, TAGS_AT_ONCE};
use super::outbox::Outbox;
use super::scripts::KEEP;
use super::tokens;
use crate::name::tag::Token;
use crate::protocol::intent::Writer;
use crate::store::link::Packed;
use crate::store::names::{Name, TagName};
use crate::store::redis::wire::failure::Failure;
use crate::store::redis::wire::frame::Reply;

/// For how long something is stored under a tag's token; zero: nothing is.
pub(crate) type Kept<'p> = (&'p TagName, Token, Duration);

impl Call<'_> {
    /// Keeps tags, and then asks for what is in `after`, in the same round trip.
    pub(crate) fn keep_then(&mut self, kept: &[Kept<'_>], after: &Batch) -> Result<(), Failure> {
        let Some((last, others)) = parted(kept) else { return self.ask(after).map(drop) };
        for some in others.chunks(TAGS_AT_ONCE) {
            self.keep_some(some, None, &Batch::default())?;
        }
        self.keep_some(last, None, after)
    }

    /// Sends what keeps tags, and what is in `after`, which stores so many entries; nobody waits for the replies. Gives
    /// whether it was sent: not if the server may not know the script, or has to run it more than once.
    pub(crate) fn keep_and_leave(
        &mut self,
        kept: &[Kept<'_>],
        (after, entries): (&Batch, usize),
        outbox: &Outbox,
    ) -> Result<bool, Failure> {
        if kept.len() > TAGS_AT_ONCE || !(kept.is_empty() || self.connection.knows_keep()) {
            return Ok(false);
        }
        let sent = if kept.is_empty() {
            self.connection.leave((after, entries), outbox, self.deadline)
        } else {
            let mut command = KEEP.by_digest();
            say(&mut command, kept, None);
            let mut batch = Batch::of(command);
            batch.join(after);
            self.connection.leave((&batch, entries), outbox, self.deadline)
        };
        sent.map(|()| true)
    }

    /// Ends the lease of `holder`, who has stored nothing under `unused` tokens: a tag under which nobody has goes.
    pub(crate) fn give_up(&mut self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<(), Failure> {
        let unused: Vec<Kept<'_>> = unused.iter().map(|(tag, token)| (tag, *token, Duration::ZERO)).collect();
        let (last, others) = parted(&unused).unwrap_or_default();
        for some in others.chunks(TAGS_AT_ONCE) {
            self.keep_some(some, None, &Batch::default())?;
        }
        self.keep_some(last, Some((lease, holder)), &Batch::default())
    }

    fn keep_some(&mut self, kept: &[Kept<'_>], lease: Option<(&Name, Writer)>, after: &Batch) -> Result<(), Failure> {
        let with = |command: &mut Command| say(command, kept, lease);
        match self.connection.run_then((&KEEP, after), self.deadline, with)? {
            (Reply::Number(1), _) => {
                self.connection.learn_keep();
                Ok(())
            }
            _ => Err(Failure::strange("a script")),
        }
    }
}

/// What the script is told.
fn say(command: &mut Command, kept: &[Kept<'_>], lease: Option<(&Name, Writer)>) {
    command.number(2 * kept.len() + usize::from(lease.is_some()));
    kept.iter().for_each(|(tag, ..)| {
        command.arg(tag.token.as_bytes()).arg(tag.intents().as_bytes());
    });
    lease.into_iter().for_each(|(lease, _)| {
        command.arg(lease.as_bytes());
    });
    kept.iter().for_each(|(_, token, life)| {
        command.arg(tokens::digits(token.bits())).millis(*life);
    });
    lease.into_iter().for_each(|(_, holder)| {
        command.arg(tokens::digits(holder.bits()));
    });
}

/// What the last run of the script does, and what is done before; `None`: nothing is done.
fn parted<'k, 'p>(kept: &'k [Kept<'p>]) -> Option<(&'k [Kept<'p>], &'k [Kept<'p>])> {
    let others = kept.len().checked_sub(1)? / TAGS_AT_ONCE * TAGS_AT_ONCE;
    Some((&kept[others..], &kept[..others]))
}

/// How long tags are kept for `entries`: as long as the entry under them that lives longest. No tag comes twice.
pub(crate) fn kept_by<'p>(entries: impl IntoIterator<Item = &'p Packed>) -> Vec<Kept<'p>> {
    let kept_for = |entry: &Packed| entry.life.map_or(LONGEST_LIFE, |life| life.min(LONGEST_LIFE));
    let mut entries = entries.into_iter().peekable();
    let Some(first) = entries.next() else { return Vec::new() };
    let under = |entry: &'p Packed| {
        let life = kept_for(entry);
        let under = entry.under.iter().filter(move |_| life.as_millis() > 0);
        under.map(move |(tag, token)| (tag, *token, life))
    };
    let mut kept: Vec<Kept<'p>> = under(first).collect();
    if entries.peek().is_none() {
        return kept;
    }
    let mut place_of: HashMap<&Name, usize> = kept.iter().enumerate().map(|(at, (tag, ..))| (&tag.token, at)).collect();
    for (tag, token, life) in entries.flat_map(under) {
        match place_of.get(&tag.token) {
            Some(place) => kept[*place].2 = kept[*place].2.max(life),
            None => {
                place_of.insert(&tag.token, kept.len());
                kept.push((tag, token, life));
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::KeyBytes;
    use crate::name::tag::Database;
    use crate::store::names::Names;

    #[test]
    fn a_tag_is_kept_for_the_entry_that_lives_longest() {
        let names = Names::starting_with("shop").unwrap();
        let row = |id: i32| names.tag(&Database::named("shop").table("products").row(KeyBytes::of(&id)));
        let entry = |seconds: Option<u64>, ids: &[i32]| Packed {
            name: names.incarnation().clone(),
            bytes: vec![],
            life: seconds.map(Duration::from_secs),
            under: ids.iter().map(|id| (row(*id), Token::from_bits(1))).collect(),
        };
        let lives = |entries: &[Packed]| kept_by(entries).iter().map(|kept| kept.2.as_secs()).collect::<Vec<_>>();
        assert_eq!(lives(&[entry(Some(1), &[1, 2]), entry(Some(3), &[1]), entry(Some(2), &[1])]), [3, 1]);
        assert_eq!(lives(&[entry(Some(0), &[1]), entry(None, &[2])]), [LONGEST_LIFE.as_secs()]);
        assert!(lives(&[entry(Some(1), &[])]).is_empty());
    }

    #[test]
    fn many_tags_are_kept_in_several_runs() {
        let names = Names::starting_with("shop").unwrap();
        let tag = names.tag(&Database::named("shop").tag());
        let lengths = |count| {
            let kept = vec![(&tag, Token::from_bits(1), Duration::ZERO); count];
            parted(&kept).map(|(last, others)| (last.len(), others.len()))
        };
        assert_eq!(lengths(0), None);
        assert_eq!(lengths(1), Some((1, 0)));
        assert_eq!(lengths(128), Some((128, 0)));
        assert_eq!(lengths(129), Some((1, 128)));
        assert_eq!(lengths(300), Some((44, 256)));
    }
}
