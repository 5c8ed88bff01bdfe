//! The stamp of a file: which steps replace it, and what a program does that knows of none.

use std::time::Duration;

use cache_core::store::{Link, Names, Outcome, TagName, Writer};
use cache_core::{Tag, Token};
use conformance::sqlite_file::SqliteFile;
use conformance::tag;
use rusqlite::Connection;

const LIFE: Duration = Duration::from_secs(60);

fn names() -> Names {
    Names::starting_with("shop").unwrap()
}

fn stamp(file: &SqliteFile) -> Option<Token> {
    file.link().read(&[], &[names().tag(&tag(1))]).unwrap().stamp
}

/// Whether a write of one tag replaces the stamp when it places its intent, and when it releases it.
fn renewed_by_write(file: &SqliteFile, tag: &TagName, outcome: Outcome) -> [bool; 2] {
    let (writer, before) = (Writer::fresh(), stamp(file));
    file.link().place(writer, core::slice::from_ref(tag), LIFE, &[]).unwrap();
    let between = stamp(file);
    file.link().release(writer, &[(tag.clone(), outcome)], &[]).unwrap();
    [before != between, between != stamp(file)]
}

#[test]
fn a_stamp_is_replaced_by_each_step_that_places_beside_a_steady_tag_or_changes_it() {
    let file = SqliteFile::new();
    let (steady, narrow) = (names().tag(&Tag::root()), names().tag(&tag(1)));
    assert!(steady.is_steady && !narrow.is_steady);
    assert!(stamp(&file).is_some());
    assert_eq!(renewed_by_write(&file, &steady, Outcome::Changed), [true, true]);
    assert_eq!(renewed_by_write(&file, &steady, Outcome::Unknown(LIFE)), [true, true]);
    assert_eq!(renewed_by_write(&file, &steady, Outcome::Unchanged), [true, false]);
    assert_eq!(renewed_by_write(&file, &narrow, Outcome::Changed), [false, false]);
}

#[test]
fn another_file_has_another_stamp() {
    let file = SqliteFile::new();
    let before = stamp(&file);
    file.restore_copy();
    let after = stamp(&file);
    assert!(after.is_some() && after != before);
}

#[test]
fn a_record_without_a_stamp_is_left_so_until_a_stamp_is_asked_for() {
    let file = SqliteFile::new();
    assert!(stamp(&file).is_some());
    let connection = Connection::open(file.path()).unwrap();
    let name = names().incarnation().clone();
    let record: Vec<u8> =
        connection.query_row("SELECT bytes FROM cache WHERE name = ?1", [name.as_bytes()], |row| row.get(0)).unwrap();
    let bare = record.split(|byte| *byte == b'#').next().unwrap();
    connection.execute("UPDATE cache SET bytes = ?2 WHERE name = ?1", (name.as_bytes(), bare)).unwrap();
    assert_eq!(stamp(&file), None);
    renewed_by_write(&file, &names().tag(&Tag::root()), Outcome::Changed);
    assert_eq!(stamp(&file), None, "a program that knows of none may still be under way");
    file.link().stamp(file.link().names().incarnation()).unwrap();
    let given = stamp(&file);
    assert!(given.is_some());
    file.link().stamp(file.link().names().incarnation()).unwrap();
    assert_eq!(stamp(&file), given, "it has one");
}
