//! Decides whether a fill may go by a note that its process has found before, without asking for it again.
//!
//! Whoever drops a note has changed the four wide tags of the table before, and so has whoever makes lost notes anew. A
//! process keeps the tokens that wide tags held before it found its note. If a later fill sees one of these tokens again,
//! the note is dropped only after this token was changed, which ends what the fill stores under it.
//!
//! * **Each wide tag counts that the fill has seen.** A writer changes the four one after the other, and drops the note
//!   after the last of them. What is stored under the new token of one is not ended by the change of another.
//! * **The root tag counts too.** A server that goes back to an old snapshot brings tokens back, and may bring back notes
//!   from before this one. The root tag changes then, before anything is read.
//! * **It ends.** A fill that asks also sees to it that notes and tags are kept on the server for longer than entries.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tables::TableDeclaration;
use crate::name::tag::{Tag, Token};
use crate::protocol::fill::SeededTag;
use crate::protocol::intent::Seed;
use crate::protocol::sharding::root_among;

/// A note beside a table that a process has found, and the tokens that it had read before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundNote {
    own: Fingerprint,
    at: Timestamp,
    root: Token,
    wide: Vec<(Tag, Token)>,
}

impl FoundNote {
    /// For so long a process goes by a note that it has found.
    pub const LIFE: Duration = Duration::from_secs(3_600);

    /// The note of what is `declared`, by which a fill may go that had `read` these tokens before; `None`: it has not read
    /// the root tag.
    #[must_use]
    pub fn after(read: &[SeededTag], declared: &TableDeclaration, now: Timestamp) -> Option<Self> {
        let root = root_of(read, declared)?;
        let wide = wide_of(declared, read).map(|(tag, seed)| (*tag, seed.token)).collect();
        Some(Self { own: declared.fingerprint, at: now, root: root.token, wide })
    }

    /// With what was known `before`, as far as it still counts: each fill reads some of the wide tags.
    #[must_use]
    pub fn and(mut self, before: &Self) -> Self {
        let still_counts = before.own == self.own && before.root == self.root && !before.is_over(self.at);
        if still_counts {
            self.at = before.at;
            let others = before.wide.iter().filter(|(tag, _)| self.wide.iter().all(|(newer, _)| newer != tag));
            self.wide = others.chain(&self.wide).copied().collect();
        }
        self
    }

    /// Whether a fill by what is `declared` may go by the note under the tokens that it has `seen`.
    #[must_use]
    pub fn stands(&self, declared: &TableDeclaration, seen: &[SeededTag], now: Timestamp) -> bool {
        let is_known = |(tag, seed): &SeededTag| self.wide.contains(&(*tag, seed.token));
        let mut wide = wide_of(declared, seen).peekable();
        self.own == declared.fingerprint
            && !self.is_over(now)
            && root_of(seen, declared).is_some_and(|root| root.token == self.root)
            && wide.peek().is_some()
            && wide.all(is_known)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.at) >= Self::LIFE
    }
}

/// The one of the whole cache, or its copy where the table lies.
fn root_of(seen: &[SeededTag], declared: &TableDeclaration) -> Option<Seed> {
    let root = root_among(seen.iter().map(|(tag, _)| tag), declared.table.shard())?;
    seen.iter().find(|(tag, _)| *tag == root).map(|(_, seed)| *seed)
}

/// Those that stand for the whole table, other than its `any`.
fn wide_of<'a>(declared: &TableDeclaration, seen: &'a [SeededTag]) -> impl Iterator<Item = &'a SeededTag> {
    let wide = declared.table.wide();
    seen.iter().filter(move |(tag, _)| wide.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tag::{Database, TableTags, TagKind};
    use crate::protocol::intent::Seed;

    const AT: Timestamp = Timestamp::from_nanos(1);

    fn table() -> TableTags {
        Database::named("shop").table("products")
    }

    fn declared(name: &str) -> TableDeclaration {
        TableDeclaration { table: table(), fingerprint: Fingerprint::of(&[name.as_bytes()]) }
    }

    /// What was seen of the root tag, and of wide ones.
    fn seen(root: u64, wide: &[(TagKind, u64)]) -> Vec<SeededTag> {
        let seed = |token| Seed { token: Token::from_bits(token), is_intended: false };
        let wide = wide.iter().map(|(kind, token)| (table().whole(*kind), seed(*token)));
        [(Tag::root(), seed(root))].into_iter().chain(wide).collect()
    }

    fn found(root: u64, wide: &[(TagKind, u64)]) -> FoundNote {
        FoundNote::after(&seen(root, wide), &declared("new"), AT).unwrap()
    }

    #[test]
    fn a_note_stands_while_the_tokens_from_before_it_do() {
        use TagKind::{Any, Born, Gone, Rows};
        let note = found(1, &[(Rows, 2), (Born, 3), (Any, 4)]);
        type Case<'a> = (u64, &'a [(TagKind, u64)], bool);
        let cases: [Case<'_>; 9] = [
            (1, &[(Rows, 2), (Born, 3)], true),
            (1, &[(Rows, 2)], true),
            (1, &[(Rows, 2), (Any, 9)], true),
            (1, &[(Rows, 9)], false),
            (1, &[(Rows, 2), (Born, 9)], false),
            (1, &[(Rows, 2), (Gone, 5)], false),
            (1, &[(Any, 4)], false),
            (1, &[], false),
            (9, &[(Rows, 2), (Born, 3)], false),
        ];
        for (root, wide, stands) in cases {
            assert_eq!(note.stands(&declared("new"), &seen(root, wide), AT), stands, "{root} {wide:?}");
        }
        assert!(!note.stands(&declared("old"), &seen(1, &[(Rows, 2)]), AT), "another one's");
        assert!(!note.stands(&declared("new"), &seen(1, &[(Rows, 2)])[1..], AT), "the root tag was not seen");
    }

    #[test]
    fn a_note_is_gone_by_for_a_while() {
        let (note, seen) = (found(1, &[(TagKind::Rows, 2)]), seen(1, &[(TagKind::Rows, 2)]));
        let end = AT.after(FoundNote::LIFE);
        assert!(note.stands(&declared("new"), &seen, Timestamp::from_nanos(end.as_nanos() - 1)));
        assert!(!note.stands(&declared("new"), &seen, end));
        let later = FoundNote::after(&seen, &declared("new"), end).unwrap();
        assert_eq!(later.clone().and(&note), later, "what is over is not prolonged");
    }

    #[test]
    fn what_is_known_of_one_wide_tag_does_not_end_what_is_known_of_another() {
        use TagKind::{Born, Rows, Spread};
        let (rows, born) = (found(1, &[(Rows, 2), (Spread, 5)]), found(1, &[(Born, 3), (Spread, 6)]));
        let both = born.and(&rows);
        assert!(both.stands(&declared("new"), &seen(1, &[(Rows, 2), (Born, 3), (Spread, 6)]), AT));
        assert!(!both.stands(&declared("new"), &seen(1, &[(Spread, 5)]), AT));
        let anew = found(7, &[(Born, 3)]).and(&rows);
        assert!(!anew.stands(&declared("new"), &seen(7, &[(Rows, 2)]), AT), "the server began another life in between");
    }
}
