//! Holds the commands with which people look into the caches of a program: they belong into its own binary.
//!
//! Keys in a store are digests with the model's shape, so that a tool from outside could only clear. A program says which
//! managers may be named, and gives [`Manage::run`] its arguments:
//!
//! ```
//! use cache_diesel::manage::Manage;
//! use cache_diesel::prelude::*;
//! use diesel::prelude::*;
//! # diesel::table! { products (id) { id -> Integer, title -> Text, } }
//! # #[derive(Cached, Debug, Queryable, Selectable)]
//! # struct Product { id: i32, title: String }
//!
//! cache_diesel::install(Cache::memory())?;
//! let manage = Manage::new(|| SqliteConnection::establish("shop.sqlite")).manager(&Product::cached());
//! // In `main`: if the first argument is `manage`, `return manage.run(std::env::args_os().skip(2))`.
//! let answer = manage.answer(["list"])?;
//! assert!(answer.is_good && answer.table.contains("default"), "{}", answer.table);
//! assert!(manage.answer(["show", "products"]).is_err_and(|failure| failure.code() == 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod arguments;
mod ask;
mod failure;
mod interrupt;
mod list;
mod managed;
mod warm;
mod watch;

use core::fmt::{self, Debug, Display};
use core::ops::Deref;
use core::time::Duration;
use std::ffi::OsString;
use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use cache_core::registry;
use diesel::connection::LoadConnection;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::manager::Manager;
use crate::read::drive::batch::LoadMany;
use crate::read::drive::gate::gate;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadPages};
use crate::setup::check::check;

pub use answer::Answer;
pub use failure::Failure;

use arguments::{Cleared, Order};
use managed::{Managed, Registered};

/// The commands of a program, over connections of the type `C`.
#[must_use = "no command is carried out until `run` is called"]
pub struct Manage<C> {
    take: Take<C>,
    managers: Vec<Box<dyn Managed<C>>>,
    lists: Vec<NamedList<C>>,
}

/// A read that `warm` makes by its name.
struct NamedList<C> {
    manager: &'static str,
    name: String,
    read: ReadList<C>,
}

type ReadList<C> = Box<dyn Fn(&mut C) -> QueryResult<usize> + Send + Sync>;

/// Tells somebody a line on the way; says whether anybody is there.
type Tell<'a> = dyn FnMut(Answer) -> bool + 'a;

type Take<C> = Box<dyn Fn() -> Result<C, String> + Send + Sync>;

impl<C> Debug for Manage<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Manage").finish_non_exhaustive()
    }
}

impl<C: LoadConnection<Backend: CacheBackend> + 'static> Manage<C> {
    /// Commands that read on connections from `take`: tracked ones, opened after [`install`](crate::install).
    pub fn new<E: Display>(take: impl Fn() -> Result<C, E> + Send + Sync + 'static) -> Self {
        Self {
            take: Box::new(move || take().map_err(|error| error.to_string())),
            managers: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// Lets commands name a manager, of a model or a view.
    ///
    /// Its rows are shown as their `Debug` says. Keys are read as serde says: `7`, `lamp`, or `7,lamp` and `[7, "lamp"]` for
    /// two columns.
    pub fn manager<P>(mut self, manager: &impl Deref<Target = Manager<P>>) -> Self
    where
        P: LoadMany<C> + LoadPages<C> + Debug,
        P: CachedView<Source: FilterDsl<P::ByKey> + LoadModel<'static, C, P::Joined>>,
        KeyedSource<P>: LoadModel<'static, C, P::Joined>,
        KeyOf<P>: Serialize + DeserializeOwned,
    {
        self.managers.push(Box::new(Registered(**manager)));
        self
    }

    /// Lets `warm MANAGER --list NAME` make `read`: a list, the rows of a scope, a filter, a count. It says how many rows it
    /// gave, and is called with a connection of the commands.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_diesel::manage::Manage;
    /// use cache_diesel::prelude::*;
    /// use diesel::connection::SimpleConnection;
    /// use diesel::prelude::*;
    /// # diesel::table! { lamps (id) { id -> Integer, title -> Text, } }
    /// # #[derive(Cached, Debug, Queryable, Selectable)]
    /// # struct Lamp { id: i32, title: String }
    ///
    /// cache_diesel::install(Cache::memory())?;
    /// let open = || -> ConnectionResult<SqliteConnection> {
    ///     let mut conn = SqliteConnection::establish(":memory:")?;
    ///     conn.batch_execute("CREATE TABLE lamps (id INTEGER PRIMARY KEY, title TEXT NOT NULL)").ok();
    ///     Ok(conn)
    /// };
    /// let lamps = Lamp::cached();
    /// let manage = Manage::new(open).manager(&lamps).list(&lamps, "tall", |conn| {
    ///     let tall = Lamp::cached().all("tall", lamps::title.like("Tall%")).load(conn)?;
    ///     Ok(tall.len())
    /// });
    /// assert_eq!(manage.answer(["warm", "lamps", "--list", "tall"])?.json["cached"], 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn list<P: CachedView>(
        mut self,
        manager: &impl Deref<Target = Manager<P>>,
        name: impl Into<String>,
        read: impl Fn(&mut C) -> QueryResult<usize> + Send + Sync + 'static,
    ) -> Self {
        self.lists.push(NamedList { manager: manager.name(), name: name.into(), read: Box::new(read) });
        self
    }

    /// Carries out the command that `arguments` are, without the name of the program: prints its answer, and gives the code
    /// to end with.
    ///
    /// The code is 0, 1 if something is not as one hopes (a stale entry, a finding, a store that does not answer), 2 if the
    /// arguments are wrong, 3 if a command needs a store or a database that does not answer. The answer is a table on a
    /// terminal and JSON elsewhere. Ctrl-C ends `watch` as its time does, and `warm` with the code 130 and the key to go on
    /// with, unless the program has a handler of its own.
    #[must_use]
    pub fn run(&self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
        let order = arguments::read(arguments.into_iter().map(Into::into));
        let answered = order.and_then(|(order, form)| {
            ask::confirm(&order)?;
            if matches!(order, Order::Warm { .. } | Order::Watch { .. }) {
                interrupt::listen();
            }
            let answer = self.carry_out(order, &mut |line| say(&line.print(form)))?;
            Ok((answer, form))
        });
        match answered {
            Ok((answer, form)) => {
                say(&answer.print(form));
                ExitCode::from(u8::from(!answer.is_good))
            }
            Err(failure) => {
                // Nobody may read it.
                _ = writeln!(stderr(), "{failure}");
                ExitCode::from(failure.code())
            }
        }
    }

    /// The same without printing, and without asking: for a program that has its own way to show answers.
    ///
    /// # Errors
    ///
    /// Returns why the command was not carried out.
    pub fn answer(&self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Answer, Failure> {
        let (order, _) = arguments::read(arguments.into_iter().map(Into::into))?;
        let mut lines = Vec::new();
        let answer = self.carry_out(order, &mut |line| {
            lines.push(line);
            true
        })?;
        if lines.is_empty() {
            return Ok(answer);
        }
        let table: Vec<String> = lines.iter().chain([&answer]).map(|line| line.table.clone()).collect();
        let json: Vec<_> = lines.into_iter().map(|line| line.json).chain([answer.json]).collect();
        Ok(Answer { table: table.join("\n"), json: json.into(), is_good: answer.is_good })
    }

    fn carry_out(&self, order: Order, tell: &mut Tell<'_>) -> Result<Answer, Failure> {
        match order {
            Order::Check => self.check(),
            Order::Clear { what, .. } => self.clear(what),
            Order::Explain { manager, key } => {
                let manager = self.of(&manager)?;
                list::reachable(manager.cache())?;
                let explained = manager.show(&key, &mut self.connection()?)?.explanation;
                Ok(list::explained(&explained, None))
            }
            Order::Help(text) => Ok(Answer::good(text.trim_end().to_owned(), json!({ "help": text }))),
            Order::List => Ok(list::list()),
            Order::Show { manager, key } => {
                let manager = self.of(&manager)?;
                list::reachable(manager.cache())?;
                let shown = manager.show(&key, &mut self.connection()?)?;
                Ok(list::explained(&shown.explanation, Some(shown.row)))
            }
            Order::Verify { manager, keys, grace } => {
                self.wait_for(grace);
                self.verify(manager.as_deref(), &keys)
            }
            Order::Warm { manager, keys, from, at_once } => self.warm(&manager, (keys, from.as_deref()), at_once),
            Order::WarmList { manager, list } => self.warm_list(&manager, &list),
            Order::Watch { time, pause } => {
                // Tables are watched in the databases that are known.
                _ = at_once(gate::<C>(&mut self.connection()?));
                watch::watch(self.managers.as_slice(), (time, pause), tell)
            }
        }
    }

    fn check(&self) -> Result<Answer, Failure> {
        let report = check(&mut self.connection()?)?;
        let findings: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
        let table = if findings.is_empty() { "nothing is missing".to_owned() } else { findings.join("\n") };
        Ok(Answer::good(table, json!({ "findings": findings })).and(report.is_clean()))
    }

    fn clear(&self, what: Cleared) -> Result<Answer, Failure> {
        let said = ask::sentence(&what);
        match what {
            Cleared::Cache(name) => registry::get(&name)?.clear()?,
            Cleared::Everything => {
                registry::named().into_iter().try_for_each(|(_, cache)| Ok::<_, Failure>(cache?.clear()?))?;
            }
            Cleared::List(manager, suffix) => self.of(&manager)?.clear_lists(Some(&suffix))?,
            Cleared::Lists(manager) => self.of(&manager)?.clear_lists(None)?,
            Cleared::Manager(manager) => self.of(&manager)?.clear()?,
            Cleared::Rows(manager, keys) => {
                self.of(&manager)?.clear_rows(&keys, &mut self.connection()?)?;
            }
        }
        Ok(Answer::good(format!("cleared: {said}"), json!({ "cleared": said })))
    }

    fn wait_for(&self, grace: Option<Duration>) {
        let caches = self.managers.iter().filter_map(|manager| registry::get(manager.cache()).ok());
        caches.zip(grace.into_iter().cycle()).for_each(|(cache, grace)| cache.set_audit_grace(grace));
    }

    fn verify(&self, manager: Option<&str>, keys: &[String]) -> Result<Answer, Failure> {
        let managers = match manager {
            Some(manager) => vec![self.of(manager)?],
            None => self.managers.iter().map(|manager| &**manager).collect(),
        };
        let mut conn = self.connection()?;
        let (mut lines, mut values, mut is_clean) = (Vec::new(), Vec::new(), true);
        for manager in managers {
            list::reachable(manager.cache())?;
            let all = if keys.is_empty() { manager.keys(&mut conn)? } else { Vec::new() };
            let report = manager.verify(if keys.is_empty() { &all } else { keys }, &mut conn)?;
            is_clean &= report.is_clean();
            lines.push(format!("{}: {report}", manager.name()));
            let stale: Vec<&String> = report.stale.iter().map(|(key, _)| key).collect();
            values.push(json!({
                "manager": manager.name(), "looked": report.looked_count, "compared": report.compared_count,
                "overtaken": report.raced_count, "skipped": report.skipped_count, "stale": stale,
            }));
        }
        Ok(Answer::good(lines.join("\n"), values.into()).and(is_clean))
    }

    fn of(&self, name: &str) -> Result<&dyn Managed<C>, Failure> {
        let found = self.managers.iter().find(|manager| manager.name() == name);
        let known: Vec<&str> = self.managers.iter().map(|manager| manager.name()).collect();
        let unknown = || Failure::usage(format!("no manager is called `{name}`, there are: {}", known.join(", ")));
        found.map(|manager| &**manager).ok_or_else(unknown)
    }

    fn connection(&self) -> Result<C, Failure> {
        (self.take)().map_err(Failure::database)
    }
}

/// Prints a line; says whether anybody reads it.
fn say(line: &str) -> bool {
    writeln!(stdout(), "{line}").is_ok()
}
