//! Memory in front of a file: the file is asked for changes.

use std::time::{Duration, Instant};

use cache_core::policy::NearPolicy;
use cache_core::store::{Outcome, Placing, Release, Store, Stored, Writer};
use cache_core::{Tag, Timeout};
use conformance::sqlite_file::SqliteFile;
use conformance::{Subject, key, shared, tag};

conformance::store_contract!(near_sqlite_store, SqliteFile::new().near(policy()));
conformance::slot_contract!(near_sqlite_slots, SqliteFile::new().near(policy()));

fn policy() -> NearPolicy {
    NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_millis(200))
}

/// A process with memory, the file, and another process without.
struct Process {
    subject: Subject,
    file: SqliteFile,
    other: Box<dyn Store>,
}

impl Process {
    fn new() -> Self {
        let file = SqliteFile::in_real_time();
        let subject = file.near(policy());
        let other = Box::new(file.peer_store("shop"));
        Self { subject, file, other }
    }

    fn recalls(&self, id: u64) -> bool {
        self.subject.store().find(&key(id), self.subject.now()).is_some()
    }

    /// Stores an entry, and sees to it that it is in memory.
    fn keep(&self, id: u64, tags: &[Tag]) {
        within(|| {
            let tokens = tags.iter().map(|tag| self.subject.under(*tag)).collect();
            let timeout = Timeout::after(Duration::from_secs(600));
            assert_eq!(self.subject.put_value(id, shared(b"value"), tokens, timeout), Stored::Kept);
            drop(self.subject.find_knowing(id, &|| tags.to_vec()));
            self.recalls(id)
        });
    }

    fn change(&self, tag: Tag) {
        let release = Release { tag, outcome: Outcome::Changed };
        self.other.release(Writer::fresh(), &[release], &[], self.subject.now()).unwrap();
    }
}

fn within(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_another_process_does_ends_what_is_in_memory() {
    let process = Process::new();
    let now = process.subject.now();
    process.keep(1, &[tag(1)]);
    process.keep(2, &[tag(2)]);
    process.change(tag(1));
    within(|| !process.recalls(1));
    process.other.place(&Placing::new(Writer::fresh(), &[tag(2)], Duration::from_secs(9)), now).unwrap();
    within(|| !process.recalls(2));
    process.keep(3, &[Tag::root()]);
    process.other.remove(&[key(3)], now).unwrap();
    within(|| !process.recalls(3));
    process.keep(3, &[Tag::root()]);
    process.change(Tag::root());
    within(|| !process.recalls(3));
}

#[test]
fn a_tag_that_has_lost_its_token_is_told_of_when_it_changes() {
    let process = Process::new();
    process.keep(1, &[tag(1)]);
    process.subject.hand().lose_token(&tag(1));
    process.change(tag(1));
    within(|| !process.recalls(1));
}

#[test]
fn many_changes_at_once_end_everything() {
    let process = Process::new();
    process.keep(1, &[tag(1)]);
    (0..600).for_each(|_| process.change(tag(2)));
    process.change(tag(1));
    within(|| !process.recalls(1));
}

#[test]
fn a_file_that_is_taken_away_ends_what_is_in_memory() {
    let process = Process::new();
    for _ in 0..5 {
        process.keep(1, &[tag(1)]);
        process.file.remove();
        process.change(tag(1));
        within(|| !process.recalls(1));
    }
    process.keep(1, &[tag(1)]);
}

#[test]
fn nobody_is_further_behind_than_allowed() {
    let process = Process::new();
    for _ in 0..20 {
        process.keep(1, &[tag(1)]);
        process.change(tag(1));
        let changed = Instant::now();
        loop {
            let begin = Instant::now();
            if !process.recalls(1) {
                break;
            }
            assert!(begin.duration_since(changed) <= Duration::from_millis(200), "{:?}", changed.elapsed());
        }
    }
}
