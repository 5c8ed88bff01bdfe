//! Runs a program step by step, and compares its reads with the database.

use std::cell::RefCell;
use std::rc::Rc;

use cache_diesel::prelude::*;
use diesel::result::Error;

use crate::computed;
use crate::database::{self, DatabaseConn};
use crate::form::{self, Form};
use crate::line::prelude::*;
use crate::line::{AnsiTransactionManager, TransactionManager};
use crate::models::{Note, Product};
use crate::planted::Defect;
use crate::probe::{self, Moment};
use crate::program::{Action, Block, Clear, Conn, End, NotesClear, Op, Part, Program, Step};
use crate::reads::Read;
use crate::same::{Asked, At};
use crate::scene::Scene;
use crate::site::{Given, Site, text_of};
use crate::world::{self, World, cache_name};
use crate::writes::Write;

/// Runs `program`; what differs first, if anything does.
pub fn run(program: &Program, defect: Option<Defect>) -> Option<String> {
    let mut run =
        Run { program, world: World::new(program, defect), number: None, difference: None, pages: [None, None, None] };
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
    /// What browsers were given last, on each connection.
    pages: [Option<Given>; 3],
}

impl Run<'_> {
    fn step(&mut self, step: &Step) {
        let conn = step.conn;
        if self.program.is_fresh && matches!(step.action, Action::Write(_) | Action::Amid(..)) {
            self.world.reopen(conn);
        }
        match &step.action {
            Action::Write(write) => self.write(conn, write),
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
            Action::UnseenRefreshed(sql, asked) => {
                self.world.write_unseen(conn, sql);
                self.refresh_all(conn, *asked);
            }
            Action::UnseenAged(sql) => {
                self.world.write_unseen(conn, sql);
                Scene::current().advance(world::SECONDS_TO_STALE);
                if database::READS_MAY_BE_REFUSED {
                    self.refresh_all(conn, Asked::Refresh);
                }
            }
            Action::Evict(remainder) => Scene::current().evict(*remainder),
            Action::Advance(seconds) => Scene::current().advance(*seconds),
            Action::ChangePlaces => self.world.change_places(),
            Action::Lag(asked, is_empty) => self.read_on_replica(*asked, *is_empty),
            Action::Reopen => self.world.reopen(conn),
            Action::Amid(moment, outer, inner) => self.amid(conn, *moment, outer, inner),
        }
        self.compare_all();
    }

    /// Compares on every connection that nobody has taken; on those to the other database at both ends only.
    fn compare_all(&mut self) {
        // Before the reads, which leave nothing to be loaded, or after them.
        let is_first = self.number.is_some_and(|number| number % 2 == 0);
        if is_first {
            self.compare_computed();
        }
        self.compare_reads();
        if !is_first {
            self.compare_computed();
        }
    }

    /// Compares what was computed and what pages show on connections of its own: they know nothing of anybody's transaction.
    fn compare_computed(&mut self) {
        for name in [Conn::A, Conn::Two].into_iter().filter(|_| self.program.computes) {
            self.compare_ages(name);
            let site = Site::new(&self.program.reads, name, self.world.open(name));
            self.compute_amid_writes(name, &site);
            self.show_amid_writes(name, &site);
            let reads = &self.program.reads;
            let kept = computed::kept(reads, name, &mut site.conn());
            let kept_in_task = computed::kept_in_task(reads, name, &mut site.conn(), &mut || ());
            let page = site.ask(self.pages[name as usize].as_ref(), &mut || ());
            let anew = computed::anew(reads, name, &mut site.conn());
            let all = [&kept, &kept_in_task, &anew];
            let Ok(page) = page else { continue };
            if all.into_iter().any(|read| read.as_ref().is_err_and(database::is_in_the_way)) {
                continue;
            }
            let [kept, kept_in_task, anew] = all.map(text_of);
            if self.difference.is_none() && [&kept, &kept_in_task, &page.body].into_iter().any(|what| *what != anew) {
                let what = format!(
                    "computed: {kept}\n    in task:  {kept_in_task}\n    page:     {}\n    anew:     {anew}",
                    page.body
                );
                self.difference = Some(format!("at step {:?} on {name:?}:\n    {what}", self.number));
            }
            self.pages[name as usize] = Some(page);
        }
    }

    /// What is made of a value ends when that does.
    fn compare_ages(&mut self, name: Conn) {
        let age = computed::greatest_age(name);
        if self.difference.is_none() && age >= computed::SECONDS_OF_LIFE {
            self.difference = Some(format!("at step {:?}: what has ended is shown after {age} seconds", self.number));
        }
    }

    /// Computes while another connection writes what the program writes in its next steps. What comes of that may show some
    /// of it; whoever asks later has to be given all.
    fn compute_amid_writes(&mut self, name: Conn, site: &Site) {
        let mut writer = self.world.open(name);
        let mut write_next = self.next_writes(&mut writer);
        drop(computed::kept_in_task(&self.program.reads, name, &mut site.conn(), &mut write_next));
    }

    /// The same with a page.
    fn show_amid_writes(&mut self, name: Conn, site: &Site) {
        let mut writer = self.world.open(name);
        let mut write_next = self.next_writes(&mut writer);
        drop(site.ask(self.pages[name as usize].as_ref(), &mut write_next));
    }

    /// Writes on `writer` what the program writes in its next steps: one of them each time that it is called.
    fn next_writes<'a>(&'a self, writer: &'a mut DatabaseConn) -> impl FnMut() + 'a {
        let from = self.number.map_or(0, |number| number + 1);
        let steps = self.program.steps.iter().cycle().skip(from).take(self.program.steps.len());
        let mut writes = steps.filter_map(|step| match &step.action {
            Action::Write(write) if !write.is_of_structure() => Some(write),
            _ => None,
        });
        move || {
            if let Some(write) = writes.next() {
                _ = form::looking_up(false, || write.run(writer));
            }
        }
    }

    fn compare_reads(&mut self) {
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
            let compared = read.run(&mut At::plainly(name, conn));
            if let (None, Err(difference)) = (&self.difference, compared) {
                let when = self.number.map_or("before the first step".into(), |number| format!("after step {number}"));
                self.difference = Some(format!("{when}, {read:?} on {name:?}:\n    {difference}"));
            }
        }
    }

    fn write(&mut self, conn: Conn, write: &Write) {
        let is_looking_up = write.looks_up() && self.world.is_first_look_up(conn);
        _ = form::looking_up(is_looking_up, || write.run(self.world.conn(conn)));
    }

    /// Reads what may be old: nobody else is to be given it.
    fn read_on_replica(&mut self, asked: Asked, is_empty: bool) {
        if is_empty {
            (0..3).for_each(|remainder| Scene::current().evict(remainder));
        }
        let (name, mut conn) = self.world.open_replica();
        for read in &self.program.reads {
            _ = read.run(&mut At { asked, compares: false, ..At::plainly(name, &mut conn) });
        }
    }

    /// Asks for each read anew on a connection without a past: it gives what the database has, and leaves nothing else.
    fn refresh_all(&mut self, name: Conn, asked: Asked) {
        let mut conn = self.world.open(name);
        let mut at = At { asked, ..At::plainly(name, &mut conn) };
        for read in &self.program.reads {
            let compared = read.run(&mut at);
            if let (None, Err(difference)) = (&self.difference, compared) {
                self.difference = Some(format!("{read:?}, asked for anew on {name:?}:\n    {difference}"));
            }
        }
        // Who could not ask leaves what was there.
        if at.was_refused {
            caches::get(cache_name()).unwrap().clear().unwrap();
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
                if self.program.computes {
                    computed::compute_for_nobody(&self.program.reads, name, conn);
                }
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
        let inner = move || form::looking_up(false, || perform(&inner, &reads, (other, &mut shared.borrow_mut())));
        probe::arm(moment, inner);
        match outer {
            Op::Read(_) => perform(outer, &self.program.reads, (conn, self.world.conn(conn))),
            Op::Write(write) => self.write(conn, write),
        }
        drop(probe::disarm());
        let taken = Rc::into_inner(taken).expect("the work is done or dropped").into_inner();
        self.world.put_back(other, taken);
    }
}

fn perform(op: &Op, reads: &[Read], (name, conn): (Conn, &mut DatabaseConn)) {
    match op {
        Op::Read(place) => drop(reads[place % reads.len()].run(&mut At { compares: false, ..At::plainly(name, conn) })),
        Op::Write(write) => drop(write.run(conn)),
    }
}

fn clear_products(clear: Clear, conn: &mut DatabaseConn) {
    let products = Product::cached_in(cache_name());
    match clear {
        Clear::Cache => caches::get(cache_name()).unwrap().clear(),
        Clear::Detail(id) => products.clear_detail(id).after(conn),
        Clear::List(suffix) => products.clear_list(suffix).after(conn),
        Clear::Lists => products.clear_lists().after(conn),
        Clear::Manager => products.clear().after(conn),
    }
    .unwrap();
}

fn clear_notes(clear: NotesClear, id: i32) {
    let notes = Note::cached_in(cache_name());
    let detail = || form::during(Form::ClearDetail, || notes.clear_detail(id)).unwrap();
    match clear {
        NotesClear::Cache => form::during(Form::ClearCache, || caches::get(cache_name()).unwrap().clear()).unwrap(),
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
