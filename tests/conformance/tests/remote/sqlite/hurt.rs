//! What becomes of a file that is killed, filled, broken or somebody else's.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use cache_core::store::{Outcome, Placing, Put, Release, SqliteLink, Store, Writer};
use cache_core::{Cache, ErrorKind, Life, Timeout};
use conformance::sqlite_file::SqliteFile;
use conformance::{Dice, codec, key, shared, tag};
use rusqlite::Connection;

const FILE: &str = "CONFORMANCE_SQLITE_URL";

/// The program of the processes that are killed: it writes until then.
#[test]
#[ignore = "run by another test"]
fn a_process_that_writes() {
    let store = cache_core::store::SqliteStore::new(SqliteLink::from_url(&std::env::var(FILE).unwrap()).unwrap());
    let store = conformance::Subject::new(store, conformance::Time::real());
    loop {
        for id in 0..20 {
            let writer = Writer::fresh();
            // Others write too, and may take long on a busy machine.
            let placing = [tag(id)];
            let _ = store.store().place(&Placing::new(writer, &placing, Duration::from_secs(1)), store.now());
            let release = Release { tag: tag(id), outcome: Outcome::Changed };
            let _ = store.store().release(writer, &[release], &[], store.now());
        }
    }
}

#[test]
fn q3_processes_that_are_killed_leave_a_whole_file_that_others_go_on_with() {
    for file in [SqliteFile::in_real_time(), SqliteFile::new()] {
        let (subject, mut dice) = (file.subject(), Dice::new(5));
        let url = file.url("shop");
        for round in 0..4 {
            let start = |_| {
                let program = std::env::current_exe().unwrap();
                let mut command = Command::new(program);
                command.args(["--ignored", "--exact", "sqlite::hurt::a_process_that_writes"]).env(FILE, &url);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            };
            let mut processes: Vec<_> = (0..3).map(start).collect();
            let before = subject.under(tag(1));
            while subject.under(tag(1)) == before {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(dice.index(40) as u64));
            for process in &mut processes {
                process.kill().unwrap();
                process.wait().unwrap();
            }
            let token = subject.under(tag(100 + round));
            subject.put(round, vec![token]);
            assert!(subject.serves(round));
        }
        let state: String =
            Connection::open(file.path()).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(state, "ok");
    }
}

/// The program of a process for which there is no more room: it stores until then, and changes a tag after that.
#[test]
#[ignore = "run by another test"]
fn a_process_without_room() {
    let store = cache_core::store::SqliteStore::new(SqliteLink::from_url(&std::env::var(FILE).unwrap()).unwrap());
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(10));
    let now = cache_core::Clock::now(&cache_core::SystemClock::new());
    let life = Life::starting(now, Timeout::after(Duration::from_secs(100)));
    let put = |id| {
        let value = shared(&[7; 20_000]);
        let put = Put { key: key(id), value, life, tokens: vec![], weight: 20_000, codec: Some(codec()) };
        store.put(vec![put], None, now)
    };
    assert!((1_000..1_500).any(|id| put(id).is_err()), "there is no end of the room");
    let release = Release { tag: tag(1), outcome: Outcome::Changed };
    let is_changed = store.release(Writer::fresh(), &[release], &[], now).is_ok();
    std::process::exit(if is_changed { CHANGED } else { UNCHANGED });
}

const CHANGED: i32 = 10;
const UNCHANGED: i32 = 11;

#[cfg(unix)]
#[test]
fn q5_a_full_disk_loses_no_change_and_the_file_is_used_again_when_there_is_room() {
    let file = SqliteFile::in_real_time();
    let subject = file.subject();
    for id in 1..=2 {
        let token = subject.under(tag(id));
        subject.put(id, vec![token]);
    }
    let program = std::env::current_exe().unwrap();
    // A file that would be larger is an error, instead of the end of the process.
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" --ignored --exact sqlite::hurt::a_process_without_room";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program).env(FILE, file.url("shop")).stdout(Stdio::null());
    let code = command.status().unwrap().code();
    assert!([Some(CHANGED), Some(UNCHANGED)].contains(&code), "{code:?}");
    assert!(code == Some(UNCHANGED) || !subject.serves(1), "a change that was acknowledged");
    subject.change(tag(1));
    assert!(!subject.serves(1));
    let token = subject.under(tag(1));
    subject.put(3, vec![token]);
    assert!(subject.serves(3));
}

#[test]
fn a_file_stays_within_its_bound_and_keeps_its_tags() {
    let file = SqliteFile::new();
    let link = SqliteLink::with_clock(&format!("{}&capacity=1mb", file.url("shop")), file.subject().time().clone());
    let subject =
        conformance::Subject::new(cache_core::store::SqliteStore::new(link.unwrap()), file.subject().time().clone());
    let tokens: Vec<_> = (0..50).map(|id| subject.under(tag(id))).collect();
    for id in 0..3_000 {
        let timeout = Timeout::after(Duration::from_secs(60 + id));
        subject.put_value(id, shared(&[7; 3_000]), vec![tokens[0]], timeout);
    }
    assert!(fs::metadata(file.path()).unwrap().len() <= (1 << 20) * 5 / 4);
    assert!(subject.serves(2_999), "the one that ends last");
    assert!((0..50).all(|id| subject.under(tag(id)) == tokens[id as usize]));
    assert!(subject.store().usage().weight <= (1 << 20) * 5 / 4);
}

#[test]
fn what_has_expired_is_removed_by_and_by() {
    let file = SqliteFile::new();
    let subject = file.subject();
    for id in 0..200 {
        let token = subject.under(tag(id));
        subject.put_value(id, shared(b"short"), vec![token], Timeout::after(subject.units(5)));
    }
    subject.pass(1_000);
    for id in 1_000..1_200 {
        subject.change(tag(id));
    }
    let sql = "SELECT count(*) FROM cache";
    let count: i64 = Connection::open(file.path()).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(count < 10, "{count} rows");
}

#[test]
fn a_file_that_is_broken_is_begun_anew_and_one_of_something_else_is_left_alone() {
    let file = SqliteFile::new();
    let (subject, path) = (file.subject(), file.path());
    subject.put(1, vec![subject.under(tag(1))]);
    drop(subject);
    let mut bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    bytes[100..].fill(0x5a);
    file.remove();
    fs::write(&path, &bytes).unwrap();
    assert_eq!(length, bytes.len());
    let store = conformance::Subject::new(file.peer_store("shop"), file.subject().time().clone());
    store.put(1, vec![store.under(tag(1))]);
    assert!(store.serves(1));

    for foreign in
        ["a text", "SQLite format 3\0 and something else that is long enough to have a mark of its own, here: "]
    {
        fs::write(&path, foreign).unwrap();
        let error = Cache::from_url(&file.url("shop")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("a file of something else"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), foreign.as_bytes());
    }
}

#[test]
fn the_database_of_a_program_is_no_cache() {
    let file = SqliteFile::new();
    let path = file.path().with_extension("db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE products (id INTEGER)").unwrap();
    let error = Cache::from_url(&format!("sqlite://{}", path.display())).unwrap_err();
    assert!(error.to_string().contains("a file of something else"), "{error}");
}

#[test]
fn processes_that_begin_together_make_one_file() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..100 {
        let url = format!("sqlite://{}/{round}.cache", directory.path().display());
        let together = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    together.wait();
                    cache_core::Cache::from_url(&url).expect("whoever is later finds the file of the first one");
                });
            }
        });
    }
}

#[test]
fn another_boot_ends_what_was_not_written_through() {
    for (file, is_kept) in [(SqliteFile::new(), false), (SqliteFile::lasting(), true)] {
        let subject = file.subject();
        let tokens = vec![subject.under(cache_core::Tag::root()), subject.under(tag(1))];
        subject.put(1, tokens);
        // The boot is written before the slash, if it matters.
        let sql = "UPDATE cache SET bytes = CAST('another' || substr(bytes, instr(CAST(bytes AS TEXT), '/')) AS BLOB) \
                   WHERE name = CAST('shop:incarnation' AS BLOB) AND CAST(bytes AS TEXT) NOT LIKE '/%'";
        Connection::open(file.path()).unwrap().execute(sql, []).unwrap();
        assert_eq!(subject.serves(1), is_kept);
    }
}
