//! A message goes to a subscriber of `tracing`, and to standard error where nobody listens. Programs are processes of
//! their own here: a subscriber is for as long as its process.

use std::process::{Command, Stdio};

use cache_core::store::MemoryStore;
use cache_diesel::MIB;
use cache_diesel::prelude::*;
use conformance::FailingStore;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::harness::Product;
use crate::schema;

/// What the program reports, in order.
const MESSAGES: [&str; 2] =
    ["its connection was opened before `install`", "the store of a cache fails and is left alone"];

/// Runs the program; gives what it has on standard output and on standard error.
fn said(listener: &str) -> [String; 2] {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "told::reports", "--ignored", "--nocapture"]).stdin(Stdio::null());
    let output = command.env("TOLD_TO", listener).output().unwrap();
    let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{texts:?}");
    texts
}

fn has_all(text: &str) -> bool {
    MESSAGES.iter().all(|message| text.matches(message).count() == 1)
}

#[test]
fn what_nobody_listens_to_is_on_standard_error() {
    let [_, error] = said("nobody");
    assert!(has_all(&error), "{error}");
    assert_eq!(error.lines().count(), MESSAGES.len(), "{error}");
}

#[cfg(feature = "tracing")]
#[test]
fn nothing_is_on_standard_error_where_a_subscriber_listens() {
    let [output, error] = said("subscriber");
    assert_eq!(error, "");
    assert!(has_all(&output), "{output}");
}

#[test]
#[ignore = "what the program of the other tests is"]
fn reports() {
    match std::env::var("TOLD_TO").as_deref() {
        #[cfg(feature = "tracing")]
        Ok("subscriber") => report_to_a_subscriber(),
        Ok(_) => report_twice(),
        Err(_) => {}
    }
}

#[cfg(feature = "tracing")]
fn report_to_a_subscriber() {
    let heard = crate::traced::Heard::default();
    tracing::subscriber::set_global_default(heard.clone()).unwrap();
    report_twice();
    heard.take().iter().for_each(|line| println!("heard: {line}"));
}

/// Reads on a connection that is not tracked, and then from a store that is dead.
fn report_twice() {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let establish = || SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let read = |conn: &mut SqliteConnection| drop(Product::cached().get(1).first(conn).unwrap());
    let mut untracked = establish();
    untracked.batch_execute(&schema::schema()).unwrap();
    let store = FailingStore::elsewhere(MemoryStore::with_capacity(16 * MIB).unwrap());
    cache_diesel::install(Cache::builder().store(store.clone())).unwrap();
    read(&mut untracked);
    store.fail_reads(true);
    store.fail_writes(true);
    let mut conn = establish();
    (0..20).for_each(|_| read(&mut conn));
}
