//! Decides what becomes of the notes beside a table, by which a writer learns that others declare other things of it.
//!
//! A writer changes the tags that its own declarations call for. Entries of a program that declares something else may
//! depend on others. So whoever fills notes beside the table what it declares, and a writer that finds a note of
//! something else also changes what stands for the table as a whole: every entry that depends on a part of a table
//! depends on one of those tags too. With that all entries of the other program are gone, and so may be its note.
//!
//! * A fill reads its tokens, then the notes, then asks the database. A writer reads the notes after its commit, and
//!   changes the wide tags after that. If the note came first, the writer changes a token that the fill has read; if it
//!   came later, the fill's query sees what was written.
//! * A note is dropped by who has changed the wide tags since, and has *claimed* the note before. A fill that finds its
//!   note claimed notes anew: it may have read a token that is newer than the change. So a claim must not come later than
//!   the change: each release claims by a name of its own, once, and drops nothing if it was not told that it has.
//! * A writer that dies after its commit is bounded by intents on the wide tags, which it places before the statement if
//!   it finds a foreign note then. One that had placed its intents before the note was there does not know of it. So a
//!   note that is made under an intent is not *ripe* until the last of those that stood then has ended; nothing is stored
//!   by a note that is not ripe. A writer that has found foreign notes claims them when its wide intents stand: it need
//!   not learn of further ones.
//! * Notes are lost as anything on a server may be. Where there are none, nobody knows whose entries there are: then too
//!   the wide tags are changed, by whoever finds out first. A fill that finds out changes them and notes in one step, and
//!   reads its tokens again: so of those who find out together all fill under the same tokens, and one of them queries.

mod found;

use smallvec::SmallVec;

pub use found::FoundNote;

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tables::TableDeclaration;
use crate::name::tag::{Tag, TagKind};
use crate::protocol::intent::{TagState, Writer};

/// What is noted beside a table: for each kind of declarations by which somebody may have filled, how its note stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Notes(
    /// In the order of their declarations. Mostly all programs declare the same, and each write reads them.
    SmallVec<[(Fingerprint, Note); 1]>,
);

/// How a note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Note {
    /// A writer is about to change the wide tags, and will drop the note then.
    Claimed(Writer),
    /// Every writer that has not ended learns of it before its statement.
    Ripe,
    /// Some writers may not have learnt of it.
    Unripe {
        /// When the last of their intents ends.
        until: Timestamp,
    },
}

/// How notes are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// The writer is about to change the wide tags, because of notes of others than `own`.
    Claim {
        /// What the writer's program declares.
        own: Fingerprint,
        /// Who claims them.
        writer: Writer,
    },
    /// The writer has changed the wide tags: what it still claims goes.
    Forget(Writer),
    /// A fill by these declarations is under way.
    Note(Fingerprint),
    /// The same, where there may be no notes. If there are none, the wide tags are changed in the same step, and what was
    /// lost is made good: no entry is left that somebody may have noted.
    Restore(Fingerprint),
}

/// What the notes are to a fill, which has read its tokens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteState {
    /// There are none: whose entries there are is not known.
    Lost,
    /// Its own is among them: it may store.
    Noted,
    /// It has to note first.
    Unnoted,
}

impl Notes {
    /// Stands for notes that were lost: foreign to everybody.
    pub const LOST: Fingerprint = Fingerprint::from_bytes([0; 16]);

    /// What becomes of notes by `remark` at `now`, and whether a fill may go by them; `any` is that tag of the table.
    #[must_use]
    pub fn after(found: Option<Self>, remark: Remark, any: &TagState, now: Timestamp) -> (Option<Self>, bool) {
        match (remark, found) {
            (Remark::Claim { own, writer }, Some(mut notes)) => {
                notes.0.iter_mut().filter(|(of, _)| *of != own).for_each(|(_, note)| *note = Note::Claimed(writer));
                (Some(notes), true)
            }
            (Remark::Claim { writer, .. }, None) => {
                (Some(Self::from_iter([(Self::LOST, Note::Claimed(writer))])), true)
            }
            (Remark::Forget(writer), Some(mut notes)) => {
                notes.0.retain(|(_, note)| *note != Note::Claimed(writer));
                (Some(notes), true)
            }
            (Remark::Restore(own), None) => {
                let note = ripened(None, any.stands_until(now, |_| false), now);
                (Some(Self::from_iter([(own, note)])), note == Note::Ripe)
            }
            (Remark::Note(own) | Remark::Restore(own), Some(mut notes)) => {
                let knows = |writer| notes.iter().any(|(_, note)| note == Note::Claimed(writer));
                let note = ripened(notes.of(own), any.stands_until(now, knows), now);
                notes.set(own, note);
                (Some(notes), note == Note::Ripe)
            }
            // What was lost is not known to be complete by one note.
            (_, None) => (None, false),
        }
    }

    /// What `notes` are to a fill by the declarations `own`.
    #[must_use]
    pub fn standing(notes: Option<&Self>, own: Fingerprint) -> NoteState {
        match notes.map(|notes| notes.of(own)) {
            None => NoteState::Lost,
            Some(Some(Note::Ripe)) => NoteState::Noted,
            Some(_) => NoteState::Unnoted,
        }
    }

    /// Whether a writer that declares `own` has to change the wide tags: not all fills are known to go by the same
    /// declarations.
    #[must_use]
    pub fn are_foreign(notes: Option<&Self>, own: Fingerprint) -> bool {
        notes.is_none_or(|notes| notes.iter().any(|(of, _)| of != own))
    }

    /// Those of the tables in `declared` of which the notes beside `read`, each table's `any` with what was found there,
    /// are foreign.
    pub(crate) fn foreign(declared: &[TableDeclaration], read: &[(Tag, Option<Self>)]) -> Vec<TableDeclaration> {
        let found = |of: &TableDeclaration| read.iter().find(|(any, _)| *any == of.table.whole(TagKind::Any));
        let is_foreign =
            |of: &TableDeclaration| Self::are_foreign(found(of).and_then(|(_, notes)| notes.as_ref()), of.fingerprint);
        declared.iter().copied().filter(is_foreign).collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Fingerprint, Note)> {
        self.0.iter().copied()
    }

    /// The note of those who declare `own`.
    fn of(&self, own: Fingerprint) -> Option<Note> {
        self.iter().find(|(of, _)| *of == own).map(|(_, note)| note)
    }

    fn set(&mut self, own: Fingerprint, note: Note) {
        match self.0.binary_search_by_key(&own, |(of, _)| *of) {
            Ok(place) => self.0[place].1 = note,
            Err(place) => self.0.insert(place, (own, note)),
        }
    }
}

impl FromIterator<(Fingerprint, Note)> for Notes {
    fn from_iter<I: IntoIterator<Item = (Fingerprint, Note)>>(notes: I) -> Self {
        let mut gathered = Self::default();
        notes.into_iter().for_each(|(of, note)| gathered.set(of, note));
        gathered
    }
}

/// How a note stands that is made, or made again, while intents of others stand so long.
fn ripened(note: Option<Note>, stands_until: Option<Timestamp>, now: Timestamp) -> Note {
    match (note, stands_until) {
        (Some(Note::Ripe), _) | (_, None) => Note::Ripe,
        (Some(Note::Unripe { until }), _) if until <= now => Note::Ripe,
        (Some(unripe @ Note::Unripe { .. }), _) => unripe,
        (Some(Note::Claimed(_)) | None, Some(until)) => Note::Unripe { until },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn of(name: &str) -> Fingerprint {
        Fingerprint::of(&[name.as_bytes()])
    }

    fn writer(number: u64) -> Writer {
        Writer::from_bits(number)
    }

    fn claim(own: &str, number: u64) -> Remark {
        Remark::Claim { own: of(own), writer: writer(number) }
    }

    /// A tag beside which the intent of writer 9 stands until then.
    fn any(stands_until: Option<Timestamp>) -> TagState {
        let mut any = TagState::default();
        stands_until.into_iter().for_each(|until| any.place(writer(9), until.since(at(0)), at(0)));
        any
    }

    fn after(notes: &[(&str, Note)], remark: Remark, stands_until: Option<Timestamp>) -> (Vec<(String, Note)>, bool) {
        let notes = notes.iter().map(|(name, note)| (of(name), *note)).collect();
        let (notes, may_store) = Notes::after(Some(notes), remark, &any(stands_until), at(10));
        let name_of = |of_: Fingerprint| ["old", "new"].into_iter().find(|name| of(name) == of_).unwrap();
        let mut notes: Vec<_> = notes.unwrap().iter().map(|(of, note)| (name_of(of).to_owned(), note)).collect();
        notes.sort_by(|one, other| other.0.cmp(&one.0));
        (notes, may_store)
    }

    #[test]
    fn a_note_is_ripe_when_all_who_may_not_know_of_it_have_ended() {
        let (note, unripe) = (Remark::Note(of("new")), |until| Note::Unripe { until: at(until) });
        let cases: [(Option<Note>, Option<u64>, Note); 8] = [
            (None, None, Note::Ripe),
            (None, Some(20), unripe(20)),
            (Some(unripe(15)), None, Note::Ripe),
            (Some(unripe(15)), Some(20), unripe(15)),
            (Some(unripe(10)), Some(20), Note::Ripe),
            (Some(Note::Ripe), Some(20), Note::Ripe),
            (Some(Note::Claimed(writer(1))), None, Note::Ripe),
            (Some(Note::Claimed(writer(1))), Some(20), unripe(20)),
        ];
        for (found, stands, expected) in cases {
            let found: Vec<_> = found.map(|found| ("new", found)).into_iter().collect();
            let result = after(&found, note, stands.map(at));
            assert_eq!(result, (vec![("new".to_owned(), expected)], expected == Note::Ripe), "{found:?} {stands:?}");
        }
    }

    #[test]
    fn a_writer_that_has_claimed_foreign_notes_need_not_learn_of_further_ones() {
        let note_under = |claim: Note| after(&[("old", claim)], Remark::Note(of("new")), Some(at(20))).1;
        assert!(note_under(Note::Claimed(writer(9))));
        assert!(!note_under(Note::Claimed(writer(8))));
        assert!(!note_under(Note::Ripe));
    }

    #[test]
    fn what_a_writer_claims_it_may_drop_unless_it_was_noted_or_claimed_again() {
        let (both, claimed) = ([("old", Note::Ripe), ("new", Note::Ripe)], Note::Claimed(writer(1)));
        let (notes, _) = after(&both, claim("new", 1), None);
        assert_eq!(notes, [("old".to_owned(), claimed), ("new".to_owned(), Note::Ripe)]);
        let left = |old: Note| after(&[("old", old)], Remark::Forget(writer(1)), None).0.len();
        assert_eq!(left(claimed), 0);
        assert_eq!(left(Note::Ripe), 1);
        assert_eq!(left(Note::Unripe { until: at(20) }), 1);
        assert_eq!(left(Note::Claimed(writer(2))), 1);
    }

    #[test]
    fn notes_that_are_lost_are_foreign_until_the_wide_tags_were_changed() {
        let own = of("new");
        let remark = |found, remark| Notes::after(found, remark, &any(None), at(10));
        assert_eq!(remark(None, Remark::Note(own)), (None, false));
        assert_eq!(remark(None, Remark::Forget(writer(1))), (None, false));
        let (claimed, _) = remark(None, claim("new", 1));
        let (noted, may_store) = remark(claimed, Remark::Note(own));
        assert!(may_store && Notes::are_foreign(noted.as_ref(), own));
        let (left, _) = remark(noted, Remark::Forget(writer(1)));
        assert!(!Notes::are_foreign(left.as_ref(), own));
    }

    #[test]
    fn notes_that_are_made_anew_are_complete() {
        let (own, restore) = (of("new"), Remark::Restore(of("new")));
        let of_none = |stands: Option<u64>| Notes::after(None, restore, &any(stands.map(at)), at(10));
        assert_eq!(of_none(None), (Some(Notes::from_iter([(own, Note::Ripe)])), true));
        assert_eq!(of_none(Some(20)), (Some(Notes::from_iter([(own, Note::Unripe { until: at(20) })])), false));
        let (notes, may_store) = after(&[("old", Note::Ripe)], restore, None);
        assert_eq!((notes.len(), may_store), (2, true), "beside others it notes");
    }

    #[test]
    fn what_notes_are_to_fills_and_to_writers() {
        let own = of("new");
        type Case<'a> = (Option<&'a [(&'a str, Note)]>, NoteState, bool);
        let cases: [Case<'_>; 6] = [
            (None, NoteState::Lost, true),
            (Some(&[]), NoteState::Unnoted, false),
            (Some(&[("new", Note::Ripe)]), NoteState::Noted, false),
            (Some(&[("new", Note::Unripe { until: at(1) })]), NoteState::Unnoted, false),
            (Some(&[("new", Note::Claimed(writer(1)))]), NoteState::Unnoted, false),
            (Some(&[("new", Note::Ripe), ("old", Note::Claimed(writer(1)))]), NoteState::Noted, true),
        ];
        for (notes, standing, is_foreign) in cases {
            let given = notes.map(|notes| notes.iter().map(|(name, note)| (of(name), *note)).collect::<Notes>());
            assert_eq!(Notes::standing(given.as_ref(), own), standing, "{notes:?}");
            assert_eq!(Notes::are_foreign(given.as_ref(), own), is_foreign, "{notes:?}");
        }
    }
}
