//! Tests that the program shows what it promises, and refuses wrong arguments in one sentence.

#![expect(clippy::unwrap_used, reason = "a test may fail where it likes")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

fn quickstart(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments).output().unwrap()
}

fn shown(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The program ends well, and shows each kind of step.
fn assert_is_tour(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    let shown = shown(output);
    // What was asked, where the answer came from, how many statements it took, what the comparison said.
    let expected = [
        ("tracks.every()", "miss", "1", "same"),
        ("again", "hit", "0", "same"),
        ("tracks.get(track_id)", "miss", "1", "noticed"),
        ("tracks.get(track_id)", "hit", "0", "same"),
        ("pages.get(album_id)", "miss", "2", "same"),
        ("pages.get(album_id)", "miss", "2", "noticed"),
        ("tracks.all_by_album_id(Some(album_id))", "miss", "1", "noticed"),
        ("tracks.every()", "miss", "1", "noticed"),
        ("tracks.get(next_id).first(&mut conn).optional()?", "miss", "1", "noticed"),
        ("conn.transaction(|conn| tracks.get(track_id).entry(conn))?", "bypass", "3", "same"),
    ];
    for (text, from, statements, check) in expected {
        let is_shown = shown.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().rev().take(4).collect();
            line.trim_start().starts_with(text)
                && matches!(words[..], [c, _, s, f] if (c, s, f) == (check, statements, from))
        });
        assert!(is_shown, "`{text}`, {from}, {statements}, {check} is not in\n{shown}");
    }
    assert_eq!(shown.lines().filter(|line| line.starts_with("    again") && !line.contains(" hit ")).count(), 0);
    assert_eq!(shown.lines().filter(|line| line.ends_with(" noticed")).count(), 9, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

/// The program ends badly with one sentence that has `part` in it.
fn assert_refused(output: &Output, part: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let sentence = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    assert!(sentence.starts_with("quickstart: ") && sentence.contains(part), "{sentence}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

fn file_with(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn database_with(folder: &Path, name: &str, sql: &str) -> String {
    let path = folder.join(name).to_str().unwrap().to_owned();
    SqliteConnection::establish(&path).unwrap().batch_execute(sql).unwrap();
    path
}

#[test]
fn the_made_up_shop_is_shown() {
    let output = quickstart(&[]);
    assert_is_tour(&output);
    assert!(shown(&output).contains("3200 tracks"));
    // The rows are the same in every run.
    let first_lines = |output: &Output| shown(output).lines().take(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(first_lines(&output), first_lines(&quickstart(&[])));
}

#[test]
fn what_is_no_shop_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let schema = include_str!("../schema.sql");
    let renamed = schema.replace("Composer", "Author");
    let files = [
        (file_with(folder.path(), "text", b"Dear reader,\nthis is no database.\n"), "is not an SQLite database"),
        (file_with(folder.path(), "empty", b""), "is empty"),
        (file_with(folder.path(), "cut", b"SQLite format 3\0 and no more"), "is not a music shop"),
        (database_with(folder.path(), "other", "CREATE TABLE users (id INTEGER PRIMARY KEY)"), "no such table"),
        (database_with(folder.path(), "column", &renamed), "no such column"),
        (database_with(folder.path(), "rowless", schema), "it has no tracks"),
    ];
    for (path, part) in files {
        let before = fs::read(&path).unwrap();
        assert_refused(&quickstart(&["--database", &path]), part);
        assert_eq!(fs::read(&path).unwrap(), before, "{path}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6, "nothing is put beside the files");
}

#[test]
fn a_path_without_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    assert_refused(&quickstart(&["--database", missing.to_str().unwrap()]), "there is no file");
    assert!(!missing.exists());
    assert_refused(&quickstart(&["--database", folder.path().to_str().unwrap()]), "is a folder");
}

/// Needs the Redis server of `CACHE_DIESEL_REDIS_URL`.
#[test]
fn two_processes_see_what_the_other_one_writes() {
    let Ok(url) = std::env::var("CACHE_DIESEL_REDIS_URL") else {
        eprintln!("skipped: `CACHE_DIESEL_REDIS_URL` is not set");
        return;
    };
    let output = quickstart(&["--redis", &url]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let shown = shown(&output);
    let sees = |process: &str, name: &str, from: &str| {
        let is_so = |line: &str| line.starts_with(process) && line.contains(name) && line.contains(from);
        assert!(shown.lines().any(is_so), "`{process}` does not see `{name}` from {from} in\n{shown}");
    };
    sees("here", "An old name", "database");
    sees("the other", "An old name", "Redis");
    sees("    again", "An old name", "memory");
    assert!(shown.lines().last().is_some_and(|line| line.contains("A new name")), "{shown}");
}

#[test]
fn a_redis_url_that_is_wrong_is_refused() {
    assert_refused(&quickstart(&["--redis", "redis://127.0.0.1:1?prefx=shop"]), "unknown parameter `prefx`");
}

#[test]
fn wrong_arguments_are_answered_with_the_usage() {
    for arguments in [
        &["--databse", "x"][..],
        &["x"],
        &["--database"],
        &["--redis"],
        &["--database", "x", "--database", "y"],
        &["--redis", "x", "--database", "y"],
    ] {
        let output = quickstart(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: quickstart"), "{output:?}");
    }
    let help = quickstart(&["--help"]);
    assert!(help.status.success() && shown(&help).starts_with("usage: quickstart"), "{help:?}");
}

#[test]
fn chinook_is_shown_and_left_as_it_is() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/chinook.sqlite");
    let Ok(before) = fs::read(&path) else {
        eprintln!("skipped: the Chinook database is not at {}", path.display());
        return;
    };
    let changed_at = || fs::metadata(&path).and_then(|metadata| metadata.modified()).unwrap();
    let changed_before = changed_at();
    let output = quickstart(&["--database", path.to_str().unwrap()]);
    assert_is_tour(&output);
    assert!(shown(&output).contains("275 artists, 347 albums, 3503 tracks"), "{output:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(changed_at(), changed_before);
}
