//! Notes of a journal: which are kept, how many, and which of them concern an entry.

use core::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::name::tag::Database;

fn journal(settings: JournalSettings) -> (Journal, ManualClock) {
    let (journal, clock) = (Journal::default(), ManualClock::new());
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    journal.set(Some(settings), &shared);
    (journal, clock)
}

fn miss(journal: &Journal, key: i32) {
    let key = KeyBytes::of(&key);
    journal.note(&Event::Missed { manager: "product", kind: Kind::Detail, key, cause: Miss::Absent }, &[]);
}

fn write(journal: &Journal, tags: &[Tag]) {
    let event = Event::Invalidated { tables: &["products"], rows: &[], is_wide: false, cause: Cause::Commit };
    journal.note(&event, tags);
}

fn row(id: i32) -> Tag {
    Database::named("shop").table("products").row(KeyBytes::of(&id))
}

fn said(journal: &Journal, id: i32, tags: &[Tag], table: &str) -> Vec<String> {
    let (key, tables) = (KeyBytes::of(&id), [table.to_owned()]);
    let asked = Asked { manager: "product", kind: Kind::Detail, key, tags, tables: &tables };
    journal.read(Some(&asked)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_journal_that_is_off_keeps_nothing() {
    let (journal, _) = journal(JournalSettings::default());
    journal.set(None, &(Arc::new(ManualClock::new()) as Arc<dyn Clock>));
    miss(&journal, 1);
    assert!(journal.read(None).is_empty());
}

#[test]
fn the_oldest_notes_make_room_by_number_and_by_bytes() {
    let (by_number, _) = journal(JournalSettings::last(3));
    (0..10).for_each(|key| miss(&by_number, key));
    let keys: Vec<String> = by_number.read(None).iter().map(|note| note.noted.to_string()).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0].starts_with("detail `9` of"), "the latest is first: {keys:?}");

    let (by_bytes, _) = journal(JournalSettings::default().bytes(2_000));
    (0..1_000).for_each(|key| miss(&by_bytes, key));
    let book = by_bytes.book.lock();
    let book = book.as_ref().unwrap();
    let held: usize = book.lines.iter().map(Line::weight).sum();
    assert!(held == book.bytes && held <= 2_000 && book.lines.len() > 3, "{held}");
}

#[test]
fn a_note_that_is_larger_than_the_journal_is_not_kept() {
    let (journal, _) = journal(JournalSettings::default().bytes(10));
    miss(&journal, 1);
    assert!(journal.read(None).is_empty());
    assert_eq!(journal.book.lock().as_ref().unwrap().bytes, 0);
}

#[test]
fn an_entry_is_told_of_what_it_depends_on_and_of_its_own_misses() {
    let (journal, clock) = journal(JournalSettings::default());
    write(&journal, &[row(1)]);
    write(&journal, &[row(2)]);
    clock.advance(Duration::from_secs(2));
    miss(&journal, 1);
    miss(&journal, 2);
    let told = said(&journal, 1, &[row(1)], "products");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("ago: detail `1` of `product` was missed: there is no entry"), "{told:?}");
    assert_eq!(told[1], "2.0s ago: `products` was invalidated by a commit (tag `row`)");
}

#[test]
fn a_write_that_changes_more_than_is_kept_concerns_its_tables() {
    let all: Vec<Tag> = (0..2000).map(row).collect();
    let (roomy, _) = journal(JournalSettings::default());
    write(&roomy, &all);
    assert_eq!(said(&roomy, 2000, &[row(2000)], "products").len(), 0, "all of them are kept");

    let (journal, _) = journal(JournalSettings::default().bytes(1 << 20));
    write(&journal, &all);
    assert_eq!(journal.read(None).len(), 1);
    assert_eq!(said(&journal, 1999, &[row(1999)], "products").len(), 1);
    assert_eq!(said(&journal, 1999, &[row(1999)], "stores").len(), 0);
}
