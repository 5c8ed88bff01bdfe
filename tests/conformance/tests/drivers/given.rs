//! Rows that writes give back: stored with the write, by processes that have others beside them.

use std::slice;

use cache_core::protocol::fill::{SeededTag, second_look};
use cache_core::{Candidate, Cause, GivenRow, Unstored, WriteEnd};
use conformance::simulation::{Fault, Operation};

use crate::build::{TABLE, database};
use crate::city::{City, Rows};
use crate::process::{Process, Question, Write, loaded};
use crate::races::{POINTS, WRITES, Work, agree};

/// What is known of a row before the statement that writes it.
pub type Before = Vec<SeededTag>;

impl Process {
    /// The tokens that a write of `row` may store it under.
    pub fn look_before(&self, row: u64) -> Option<Before> {
        let question = Question::Row(row);
        let (tags, declared) = question.tags(&self.build, Some(true));
        self.reading(question, |reader| reader.seed_declared(&tags, &declared))
    }

    /// The same for a row that is not there yet, and whose number the database chooses.
    fn look_before_new(&self) -> Option<Before> {
        let (tags, declared) = Question::Row(0).with_subject(&self.build, |subject| {
            let tags = subject.row_to_come();
            let declared = subject.declared(&tags);
            (tags, declared)
        });
        self.reading(Question::Row(0), |reader| reader.seed_declared(&tags, &declared))
    }

    /// The write is over, and has given its row back; says whether that was stored.
    pub fn release_storing(&self, write: Write, (row, value): (u64, u64), before: Before) -> bool {
        let (question, late) = (Question::Row(row), second_look(database().table(TABLE), self.build.row_key(row)));
        let is_late = before.iter().all(|(tag, _)| *tag != late[0]);
        let given = GivenRow {
            key: question.key(),
            tags: question.tags(&self.build, Some(true)).0,
            late: is_late.then_some(late),
            load: Box::new(move || loaded(&Rows::from([(row, value)]))),
        };
        let mut candidates = vec![self.reading(question, |reader| Candidate::new(reader, given, before))];
        let caches = slice::from_ref(&self.cache);
        let (invalidation, changes) = write.into_parts();
        invalidation.release_with((&changes, WriteEnd::Over, Cause::Statement), caches, &mut candidates);
        let is_left = !candidates.is_empty();
        candidates.into_iter().for_each(Candidate::store);
        is_left
    }

    /// Updates `row`, and stores it.
    fn update_storing(&self, row: u64, value: u64) {
        let before = self.look_before(row);
        let write = self.place(row);
        self.database.set(row, value);
        match before {
            Some(before) => drop(self.release_storing(write, (row, value), before)),
            None => self.release(write, WriteEnd::Over),
        }
    }

    /// Adds `row`, and stores it.
    fn add_storing(&self, row: u64, value: u64) {
        let before = self.look_before_new();
        let write = self.place_inserted(row);
        self.database.set(row, value);
        match before {
            Some(before) => drop(self.release_storing(write, (row, value), before)),
            None => self.release(write, WriteEnd::Over),
        }
    }
}

#[test]
fn d19_a_row_that_was_written_is_read_by_every_process_without_the_database() {
    let city = City::new();
    let [writer, reader] = city.processes();
    writer.update_storing(1, 11);
    assert_eq!(reader.look_up(Question::Row(1)), Ok(Rows::from([(1, 11)])));
    writer.add_storing(9, 90);
    assert_eq!(reader.look_up(Question::Row(9)), Ok(Rows::from([(9, 90)])));
    agree(&city, &[&writer, &reader]);
}

#[test]
fn a_write_anywhere_within_one_that_stores_its_row_is_not_lost() {
    let operations =
        [Operation::Seed, Operation::Read, Operation::Place, Operation::Release, Operation::Put, Operation::Remark];
    let update: Work = |process| process.update_storing(1, 21);
    let add: Work = |process| process.add_storing(9, 29);
    // Of a row that is there: no other process adds the one that is added.
    let update_new: Work = |process| {
        if process.database.rows().contains_key(&9) {
            process.update_by_key(9, 95);
        }
    };
    let delete_new: Work = |process| process.delete(9);
    let pairs = WRITES.map(|write| (update, write)).into_iter().chain([(add, update_new), (add, delete_new)]);
    for (store, write) in pairs {
        for (operation, point) in operations.into_iter().flat_map(|operation| POINTS.map(|point| (operation, point))) {
            let city = City::new();
            let [writer, other, reader] = city.processes();
            reader.read(Question::Row(1));
            point(&writer.link, Box::new(move || write(&other)), operation);
            store(&writer);
            writer.link.forget_hooks();
            agree(&city, &[&reader, &writer]);
        }
    }
}

#[test]
fn a_write_that_was_committed_before_the_release_and_is_released_before_it_keeps_the_row_out() {
    let city = City::new();
    let [writer, other, reader] = city.processes();
    let before = writer.look_before(1).unwrap();
    let write = writer.place(1);
    city.database.set(1, 11);
    other.update(1, 12);
    assert!(!writer.release_storing(write, (1, 11), before));
    assert_eq!(writer.cache.statistics().unstored_count("product", Unstored::Overtaken), 1);
    agree(&city, &[&writer, &other, &reader]);
}

#[test]
fn a_release_that_is_not_acknowledged_stores_nothing() {
    for fault in Fault::ALLOWED {
        let city = City::new();
        let [writer, other, reader] = city.processes();
        let before = writer.look_before(1).unwrap();
        let write = writer.place(1);
        city.database.set(1, 11);
        writer.link.plan(Operation::Release, fault);
        assert!(!writer.release_storing(write, (1, 11), before), "{fault:?}");
        assert_eq!(writer.cache.statistics().unstored_count("product", Unstored::StoreFailed), 1, "{fault:?}");
        other.update(1, 12);
        city.server.deliver_all();
        agree(&city, &[&writer, &other, &reader]);
    }
}
