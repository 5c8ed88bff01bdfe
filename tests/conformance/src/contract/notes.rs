//! What is noted beside the tables of those who declare them.

use cache_core::protocol::notes::{NoteState, Notes, Remark};
use cache_core::store::{NoteStore, Writer};
use cache_core::{Database, Fingerprint, TableTags, TagKind};

use crate::Subject;

pub fn notes_that_are_made_anew_let_fills_store_and_change_what_was_there(subject: &Subject) {
    let own = declared(1);
    let (before, beside) = (table().wide().map(|tag| subject.under(tag)), subject.under(any()));
    assert_eq!(standing(subject, own), NoteState::Lost);
    assert!(notes(subject).restore(&table(), own, subject.now()).unwrap());
    assert_eq!(standing(subject, own), NoteState::Noted);
    assert!(before.iter().all(|(tag, token)| subject.under(*tag).1 != *token));
    assert_eq!(subject.under(any()), beside);
}

pub fn notes_of_a_table_without_tokens_are_kept(subject: &Subject) {
    let (own, peer) = (declared(1), subject.peer(None));
    assert!(notes(subject).restore(&table(), own, subject.now()).unwrap());
    assert_eq!(standing(&peer, own), NoteState::Noted);
    assert!(notes(&peer).remark(&any(), Remark::Note(declared(2)), peer.now()).unwrap());
    assert!(Notes::are_foreign(found(subject).as_ref(), own));
}

pub fn notes_that_were_claimed_and_dropped_are_none_and_not_lost(subject: &Subject) {
    let (own, writer) = (declared(1), Writer::fresh());
    let remark = |remark| notes(subject).remark(&any(), remark, subject.now()).unwrap();
    remark(Remark::Claim { own, writer });
    assert!(Notes::are_foreign(found(subject).as_ref(), own));
    remark(Remark::Forget(writer));
    assert_eq!(standing(subject, own), NoteState::Unnoted);
    assert!(!Notes::are_foreign(found(subject).as_ref(), own));
    assert!(remark(Remark::Note(own)));
    assert_eq!(standing(subject, own), NoteState::Noted);
}

fn notes(subject: &Subject) -> &dyn NoteStore {
    subject.store().shared().and_then(|shared| shared.notes()).expect("it keeps notes")
}

fn standing(subject: &Subject, own: Fingerprint) -> NoteState {
    Notes::standing(found(subject).as_ref(), own)
}

fn found(subject: &Subject) -> Option<Notes> {
    subject.store().seed(&[], &[any()], subject.now()).unwrap().notes.pop().flatten()
}

fn declared(number: u64) -> Fingerprint {
    Fingerprint::of(&[&number.to_le_bytes()])
}

fn table() -> TableTags {
    Database::named("shop").table("products")
}

fn any() -> cache_core::Tag {
    table().whole(TagKind::Any)
}
