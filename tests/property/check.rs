//! Runs a program step by step, and compares its reads with the database.

use std::cell::RefCell;
use std::rc::Rc;

use cache_diesel::prelude::*;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::result::Error;

use crate::database::{self, DatabaseConn};
use crate::form::{self, Form};
use crate::models::{Note, Product};
use crate::planted::Defect;
use crate::probe::{self, Moment};
use crate::program::{Action, Block, Clear, Conn, End, NotesClear, Op, Part, Program, Step};
use crate::reads::Read;
use crate::same::At;
use crate::scene::Scene;
use crate::world::{CACHE, World};

/// Runs `program`; what differs first, if anything does.
pub fn run(program: &Program, defect: Option<Defect>) -> Option<String> {
    let mut run = Run { program, world: World::new(program.is_small, defect), number: None, difference: None };
    if program.is_warm {
        run.compare_all();
    }
    for number in 0..program.steps.len() {
        run.number = Some(number);
        run.step(&program.steps[number]);
        if run.difference.is_some() {
            break;
        }
    }
    run.difference
}

struct Run<'a> {
    program: &'a Program,
    world: World,
    /// The step that is running; none before the first.
    number: Option<usize>,
    difference: Option<String>,
}

impl Run<'_> {
    fn step(&mut self, step: &Step) {
        let conn = step.conn;
        match &step.action {
            Action::Write(write) => drop(write.run(self.world.conn(conn))),
            Action::Transaction(block) => {
                let mut taken = self.world.take(conn);
                let _ = form::during(Form::Commit, || self.transaction(conn, &mut taken, block));
                self.world.put_back(conn, taken);
            }
            Action::Begin => drop(AnsiTransactionManager::begin_transaction(self.world.conn(conn))),
            Action::BeginOtherwise => {
                drop(AnsiTransactionManager::begin_transaction_sql(self.world.conn(conn), database::OTHER_BEGIN));
            }
            Action::Commit => {
                let conn = self.world.conn(conn);
                drop(form::during(Form::Commit, || AnsiTransactionManager::commit_transaction(conn)));
            }
            Action::Rollback => drop(AnsiTransactionManager::rollback_transaction(self.world.conn(conn))),
            Action::Clear(clear) => clear_products(*clear, self.world.conn(conn)),
            Action::Unseen(sql, id, clear) => {
                self.world.write_unseen(conn, sql);
                clear_notes(*clear, *id);
            }
            Action::Evict(remainder) => Scene::current().evict(*remainder),
            Action::Advance(seconds) => Scene::current().advance(*seconds),
            Action::Reopen => self.world.reopen(conn),
            Action::Amid(moment, outer, inner) => self.amid(conn, *moment, outer, inner),
        }
        self.compare_all();
    }

    /// Compares on every connection that nobody has taken; on those to the other database at both ends only.
    fn compare_all(&mut self) {
        let number = self.number.filter(|number| !self.program.is_last(*number));
        let at_work = number.map(|number| self.program.steps[number].conn);
        for conn in self.world.present() {
            if at_work.is_none_or(|at_work| conn.shares_database(at_work)) {
                self.compare(conn);
            }
        }
    }

    fn compare(&mut self, conn: Conn) {
        let mut taken = self.world.take(conn);
        self.compare_on(conn, &mut taken);
        self.world.put_back(conn, taken);
    }

    fn compare_on(&mut self, name: Conn, conn: &mut DatabaseConn) {
        for read in self.program.checked(self.number) {
            let compared = read.run(&mut At { conn, compares: true });
            if let (None, Err(difference)) = (&self.difference, compared) {
                let when = self.number.map_or("before the first step".into(), |number| format!("after step {number}"));
                self.difference = Some(format!("{when}, {read:?} on {name:?}:\n    {difference}"));
            }
        }
    }

    /// Compares after each part as well.
    fn transaction(&mut self, name: Conn, conn: &mut DatabaseConn, block: &Block) -> QueryResult<()> {
        let body = |conn: &mut DatabaseConn| {
            for part in &block.body {
                let result = match part {
                    Part::Write(write) => write.run(conn),
                    Part::Block(inner) => self.transaction(name, conn, inner),
                };
                self.compare_on(name, conn);
                self.compare_all();
                if block.end == End::CommitsUnlessFailed {
                    result?;
                }
            }
            if block.end == End::RollsBack { Err(Error::RollbackTransaction) } else { Ok(()) }
        };
        if block.is_immediate { database::immediate_transaction(conn, body) } else { conn.transaction(body) }
    }

    /// What is read in the middle of a write, or a write in the middle of a read, is compared afterwards.
    fn amid(&mut self, conn: Conn, moment: Moment, outer: &Op, inner: &Op) {
        let other = if conn == Conn::A { Conn::B } else { Conn::A };
        let taken = Rc::new(RefCell::new(self.world.take(other)));
        let (shared, reads, inner) = (Rc::clone(&taken), self.program.reads.clone(), inner.clone());
        (0..3).for_each(|remainder| Scene::current().evict(remainder));
        probe::arm(moment, move || perform(&inner, &reads, &mut shared.borrow_mut()));
        perform(outer, &self.program.reads, self.world.conn(conn));
        drop(probe::disarm());
        let taken = Rc::into_inner(taken).expect("the work is done or dropped").into_inner();
        self.world.put_back(other, taken);
    }
}

fn perform(op: &Op, reads: &[Read], conn: &mut DatabaseConn) {
    match op {
        Op::Read(place) => drop(reads[place % reads.len()].run(&mut At { conn, compares: false })),
        Op::Write(write) => drop(write.run(conn)),
    }
}

fn clear_products(clear: Clear, conn: &mut DatabaseConn) {
    let products = Product::cached_in(CACHE);
    match clear {
        Clear::Cache => caches::get(CACHE).unwrap().clear(),
        Clear::Detail(id) => products.clear_detail(id).after(conn),
        Clear::List(suffix) => products.clear_list(suffix).after(conn),
        Clear::Lists => products.clear_lists().after(conn),
        Clear::Manager => products.clear().after(conn),
    }
    .unwrap();
}

fn clear_notes(clear: NotesClear, id: i32) {
    let notes = Note::cached_in(CACHE);
    let detail = || form::during(Form::ClearDetail, || notes.clear_detail(id)).unwrap();
    match clear {
        NotesClear::Cache => form::during(Form::ClearCache, || caches::get(CACHE).unwrap().clear()).unwrap(),
        NotesClear::DetailAndLists => {
            detail();
            form::during(Form::ClearLists, || notes.clear_lists()).unwrap();
        }
        NotesClear::DetailAndSuffixes => {
            detail();
            for suffix in ["s", "t"] {
                form::during(Form::ClearList, || notes.clear_list(suffix)).unwrap();
            }
        }
        NotesClear::Manager => drop(form::during(Form::ClearManager, || notes.clear()).unwrap()),
    }
}
