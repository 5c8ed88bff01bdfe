//! Seeds, places and releases tags on the server.

use core::time::Duration;
use std::collections::HashSet;

use smallvec::SmallVec;

use super::batch::{Batch, Command, Decimal};
use super::call::{Call, TAGS_AT_ONCE};
use super::scripts::{PLACE, RELEASE, SEED, Script};
use super::tokens;
use crate::name::tag::{Cardinality, Token};
use crate::protocol::intent::{Outcome, Seed, Writer};
use crate::protocol::steady::renews;
use crate::store::names::TagName;
use crate::store::redis::wire::failure::Failure;
use crate::store::redis::wire::frame::Reply;

/// What is done to tags, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TagCommand<'t> {
    /// An intent is placed beside each, for so long.
    Place(Writer, &'t [TagName], Duration),
    /// The writer's intents end, each as told.
    Release(Writer, &'t [(TagName, Outcome)]),
    /// Each has a token afterwards, which is given: this one if it had none, or a fresh one.
    Seed(&'t [TagName], Option<&'t [Token]>),
}

impl Call<'_> {
    /// Changes tags; gives what a seed says of each. Where one fails, none that comes after it is touched: one run of
    /// the script ends there, and the next is sent when the one before has been answered.
    ///
    /// A cluster would have to be asked once for each tag; in one pipeline a tag would be released though the one before
    /// it was refused, for instance by a server that learns the script in between.
    ///
    /// What is in `after` goes to the server with the last tags. Gives its replies too.
    pub(crate) fn change_then(
        &mut self,
        change: TagCommand<'_>,
        after: &Batch,
    ) -> Result<(Vec<Seed>, Vec<Reply>), Failure> {
        if change.len() == 0 {
            return Ok((Vec::new(), self.ask(after)?));
        }
        let (nothing, mut seeds, mut left) = (Batch::default(), Vec::new(), change);
        loop {
            let (some, others) = left.split();
            let after = if others.len() == 0 { after } else { &nothing };
            let (reply, replies) = self.change_some(some, after)?;
            seeds.extend(some.seeds_of(reply)?);
            if others.len() == 0 {
                return Ok((seeds, replies));
            }
            left = others;
        }
    }

    fn change_some(&mut self, change: TagCommand<'_>, after: &Batch) -> Result<(Reply, Vec<Reply>), Failure> {
        let incarnation = self.connection.incarnation().to_owned();
        let record = self.names.incarnation();
        let with = |command: &mut Command| {
            command.number(1 + 2 * change.len()).arg(record.as_bytes());
            change.tags().for_each(|tag| {
                command.arg(tag.token.as_bytes()).arg(tag.intents().as_bytes());
            });
            change.arguments(command.arg(incarnation.as_bytes()));
        };
        self.connection.run_then((change.script(), after), self.deadline, with)
    }
}

impl<'t> TagCommand<'t> {
    /// What one run of a script does, which knows each tag as it was before, and what is left then.
    fn split(self) -> (Self, Self) {
        let end = at_once(self.tags());
        match self {
            Self::Place(writer, tags, life) => {
                let (some, others) = tags.split_at(end);
                (Self::Place(writer, some, life), Self::Place(writer, others, life))
            }
            Self::Release(writer, releases) => {
                let (some, others) = releases.split_at(end);
                (Self::Release(writer, some), Self::Release(writer, others))
            }
            Self::Seed(tags, tokens) => {
                let (some, others) = tags.split_at(end);
                let (tokens, further) = tokens.map(|tokens| tokens.split_at(end)).unzip();
                (Self::Seed(some, tokens), Self::Seed(others, further))
            }
        }
    }

    const fn len(self) -> usize {
        match self {
            Self::Place(_, tags, _) | Self::Seed(tags, _) => tags.len(),
            Self::Release(_, releases) => releases.len(),
        }
    }

    fn tags(self) -> impl Iterator<Item = &'t TagName> {
        let (tags, releases): (&[TagName], &[(TagName, Outcome)]) = match self {
            Self::Place(_, tags, _) | Self::Seed(tags, _) => (tags, &[]),
            Self::Release(_, releases) => (&[], releases),
        };
        tags.iter().chain(releases.iter().map(|(tag, _)| tag))
    }

    fn script(self) -> &'static Script {
        match self {
            Self::Place(..) => &PLACE,
            Self::Release(..) => &RELEASE,
            Self::Seed(..) => &SEED,
        }
    }

    /// What the script is told after the incarnation.
    fn arguments(self, command: &mut Command) {
        match self {
            Self::Place(writer, tags, life) => {
                command.arg(tokens::digits(writer.bits())).arg(millis_of_intent(life));
                stamped(command, tags.iter().map(|tag| (tag, None)));
            }
            Self::Release(writer, releases) => {
                command.arg(tokens::digits(writer.bits()));
                releases.iter().for_each(|(_, outcome)| {
                    said(command, *outcome, (Token::fresh(), None));
                });
                stamped(command, releases.iter().map(|(tag, outcome)| (tag, Some(*outcome))));
            }
            Self::Seed(tags, tokens) => tags.iter().enumerate().for_each(|(at, tag)| {
                let kind = if tag.reach == Cardinality::Narrow { b"n" } else { b"t" };
                let token = tokens.map_or_else(Token::fresh, |tokens| tokens[at]);
                command.pieces(&[kind, &tokens::digits(token.bits())]);
            }),
        }
    }

    fn seeds_of(self, reply: Reply) -> Result<Vec<Seed>, Failure> {
        match (self, reply) {
            (Self::Seed(..), Reply::List(parts)) => parts.chunks(2).map(seed_of).collect(),
            (Self::Place(..) | Self::Release(..), Reply::Number(1)) => Ok(Vec::new()),
            _ => Err(Failure::strange("a script")),
        }
    }
}

/// How many tags one run of a script takes: it knows each of them as it was before.
pub(crate) fn at_once<'t>(tags: impl Iterator<Item = &'t TagName>) -> usize {
    // So few are compared with each other.
    const FEW: usize = 8;
    let tags: SmallVec<[&TagName; FEW]> = tags.take(TAGS_AT_ONCE).collect();
    if !tags.spilled() {
        let is_new = |(at, tag): &(usize, &&TagName)| tags[..*at].iter().all(|other| other.token != tag.token);
        return tags.iter().enumerate().take_while(is_new).count();
    }
    let mut seen = HashSet::with_capacity(tags.len());
    tags.iter().take_while(|tag| seen.insert(&tag.token)).count()
}

fn seed_of(pair: &[Reply]) -> Result<Seed, Failure> {
    let seed = match pair {
        [Reply::Text(token), Reply::Number(is_intended)] => {
            tokens::read(token).map(|token| Seed { token, is_intended: *is_intended == 1 })
        }
        _ => None,
    };
    seed.ok_or_else(|| Failure::strange("a script"))
}

/// Says a fresh stamp, if what is done to one of these tags renews it; `None`: an intent is placed.
pub(crate) fn stamped<'t>(command: &mut Command, mut done: impl Iterator<Item = (&'t TagName, Option<Outcome>)>) {
    if done.any(|(tag, outcome)| tag.is_steady && renews(outcome)) {
        command.arg(tokens::digits(Token::fresh().bits()));
    }
}

/// Says an outcome in the script's words: with a token that nobody has seen, if the tag gets one, and one that it is
/// asked about, if it changes.
pub(crate) fn said(command: &mut Command, outcome: Outcome, (fresh, held): (Token, Option<Token>)) {
    let fresh = tokens::digits(fresh.bits());
    match (outcome, held) {
        (Outcome::Changed, Some(held)) => command.pieces(&[b"t", &fresh, b"=", &tokens::digits(held.bits())]),
        (Outcome::Changed, None) => command.pieces(&[b"t", &fresh]),
        (Outcome::Open(life), _) => command.pieces(&[b"o:", millis_of_intent(life).as_ref()]),
        (Outcome::Unchanged, _) => command.pieces(&[b"u"]),
        (Outcome::Unknown(life), _) => command.pieces(&[b"t", &fresh, b":", millis_of_intent(life).as_ref()]),
    };
}

/// What is said of a time that no whole millisecond says: an intent stands for a little longer.
fn millis_of_intent(life: Duration) -> Decimal {
    // A hundred years: sums with the present time stay exact in the script.
    let most = Duration::from_secs(100 * 365 * 86_400);
    let almost_one_more = Duration::from_nanos(999_999);
    Decimal::of_millis(life.min(most).saturating_add(almost_one_more).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tag::{Database, Tag};
    use crate::store::names::Names;

    fn lengths(mut left: TagCommand<'_>) -> Vec<usize> {
        let mut lengths = vec![];
        while left.len() > 0 {
            let some;
            (some, left) = left.split();
            lengths.push(some.len());
        }
        lengths
    }

    #[test]
    fn no_run_of_a_script_sees_a_tag_twice() {
        let names = Names::starting_with("shop").unwrap();
        let (root, other) = (names.tag(&Tag::root()), names.tag(&Database::named("shop").tag()));
        let tags = [root.clone(), other, root.clone(), root];
        assert_eq!(lengths(TagCommand::Seed(&tags, None)), [2, 1, 1]);
        assert_eq!(lengths(TagCommand::Seed(&tags[..2], None)), [2]);
        assert_eq!(lengths(TagCommand::Seed(&[], None)), [] as [usize; 0]);
    }

    #[test]
    fn an_intent_stands_at_least_as_long_as_it_has_to() {
        for (life, millis) in [
            (Duration::ZERO, "0"),
            (Duration::from_nanos(1), "1"),
            (Duration::from_millis(7), "7"),
            (Duration::from_nanos(7_000_001), "8"),
            (Duration::MAX, "3153600000000"),
        ] {
            assert_eq!(millis_of_intent(life).as_ref(), millis.as_bytes());
        }
    }
}
