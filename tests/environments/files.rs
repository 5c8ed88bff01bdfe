//! Databases of SQLite: files on several volumes, and databases in the memory of several processes.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::program::{Program, prefix, schema};

/// A file with a note called `title`.
fn volume(at: &Path, title: &str) {
    let mut conn = SqliteConnection::establish(at.to_str().unwrap()).unwrap();
    conn.batch_execute(&schema(title)).unwrap();
}

#[test]
fn one_path_on_two_volumes_is_two_databases() {
    let (folder, prefix) = (tempfile::tempdir().unwrap(), prefix());
    let [path, one, two] = ["shop.db", "one", "two"].map(|name| folder.path().join(name));
    volume(&one, "one");
    volume(&two, "two");
    let program = Program::at(&prefix, path.to_str().unwrap());
    std::fs::rename(&one, &path).unwrap();
    assert_eq!([(); 2].map(|()| program.run()), [("one".into(), false), ("one".into(), true)]);
    std::fs::rename(&path, &one).unwrap();
    std::fs::rename(&two, &path).unwrap();
    assert_eq!([(); 2].map(|()| program.run()), [("two".into(), false), ("two".into(), true)]);
    std::fs::rename(&path, &two).unwrap();
    std::fs::rename(&one, &path).unwrap();
    assert_eq!(program.run(), ("one".into(), true));
}

#[test]
fn one_file_is_one_database_in_every_process_and_by_every_name() {
    let (folder, prefix) = (tempfile::tempdir().unwrap(), prefix());
    let [path, link] = ["shop.db", "link.db"].map(|name| folder.path().join(name));
    volume(&path, "old");
    std::fs::hard_link(&path, &link).unwrap();
    let [here, there] = [&path, &link].map(|path| Program::at(&prefix, path.to_str().unwrap()));
    assert_eq!(here.run(), ("old".into(), false));
    assert_eq!(there.run(), ("old".into(), true));
    there.clone().first("UPDATE notes SET title = 'new'").without_reads().run();
    assert_eq!(here.run(), ("new".into(), false));
    assert_eq!(there.run(), ("new".into(), true));
}

#[test]
fn databases_in_the_memory_of_two_processes_never_meet() {
    let prefix = prefix();
    for url in [":memory:", "file:shop?mode=memory&cache=shared", "file:/shop?vfs=memdb", ""] {
        // With PostgreSQL's feature an empty URL may lead anywhere.
        if url.is_empty() && cfg!(feature = "postgres") {
            continue;
        }
        for title in ["one", "two"] {
            let program = Program::at(&prefix, url).first(&schema(title));
            assert_eq!(program.run(), (title.to_owned(), false), "{url}");
        }
    }
}
