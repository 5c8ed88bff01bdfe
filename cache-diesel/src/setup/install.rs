//! Sets up the process: the default cache, and a tracker on every connection.

use core::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cache_core::registry::{self, CacheSource};
use cache_core::{Error, ErrorKind, Result};
use diesel::connection::{
    Instrumentation, InstrumentationEvent, LoadConnection, get_default_instrumentation, set_default_instrumentation,
};
use diesel::result::QueryResult;

use crate::backend::line::at_once;
use crate::backend::{CacheBackend, SessionState};
use crate::identity::address::DatabaseAddress;
use crate::read::{introduce_writer, is_in_transaction};
use crate::track::{Manner, Tracker, TransactionOrigin, tracker_of};

mod only;
pub(crate) mod watch;

pub use only::only_database;

/// Makes an instrumentation for each new connection, as Diesel's `set_default_instrumentation` takes it.
pub type MakeInstrumentation = fn() -> Option<Box<dyn Instrumentation>>;

/// Makes `cache` the default cache, and tracks every connection that Diesel opens from now on.
///
/// Call it first thing in `main`. A default instrumentation that was set before goes on seeing every event: the
/// one instance of it that Diesel hands out serves all connections, under a lock. [`install_with`] makes
/// one for each connection. One that is set *later* takes the tracker's place on every connection that is opened from
/// then on: a message reports it once it is noticed, and listeners are told
/// ([`Event::DefaultReplaced`](crate::Event::DefaultReplaced)). [`track_new_connections`] puts it back.
///
/// Further caches are named by [`caches::configure`](crate::caches::configure), before or after; the default cache is set
/// by one of the two.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::AlreadyConfigured`] if there is a default cache, and of
/// [`ErrorKind::Configuration`] if the cache cannot be built or Diesel's default instrumentation cannot be set.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
///
/// cache_diesel::install(Cache::memory())?;
/// assert!(caches::default().is_ok());
/// assert!(cache_diesel::install(Cache::memory()).is_err());
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn install(cache: impl Into<CacheSource>) -> Result<()> {
    registry::configure([(registry::DEFAULT, cache)])?;
    track_new_connections()
}

/// As [`install`], and passes every event on to an instrumentation of the program's own.
///
/// # Errors
///
/// As [`install`].
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use diesel::connection::InstrumentationEvent;
///
/// cache_diesel::install_with(Cache::memory(), || Some(Box::new(|event: InstrumentationEvent<'_>| println!("{event:?}"))))?;
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn install_with(cache: impl Into<CacheSource>, own: MakeInstrumentation) -> Result<()> {
    registry::configure([(registry::DEFAULT, cache)])?;
    keep_inner(Chained::Made(own));
    set_default()
}

/// Tracks every connection that Diesel opens from now on, as [`install`] and [`caches::configure`](crate::caches::configure)
/// do by themselves: for a program that sets a default instrumentation later than that. It goes on seeing every event.
///
/// Nothing happens if new connections are tracked already.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`] if Diesel's default instrumentation cannot be set.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
///
/// cache_diesel::install(Cache::memory())?;
/// // A library sets its own, which would take the tracker's place.
/// diesel::connection::set_default_instrumentation(|| None).unwrap();
/// cache_diesel::track_new_connections()?;
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn track_new_connections() -> Result<()> {
    if watch::is_ours() {
        return Ok(());
    }
    if let Some(before) = get_default_instrumentation() {
        keep_inner(Chained::Shared(Arc::new(Mutex::new(before))));
    }
    set_default()
}

/// Tracks a connection that was opened before [`install`], or whose instrumentation was replaced: for the
/// customizers of connection pools.
///
/// The instrumentation that is on the connection makes way for the tracker, which passes every event on to the
/// program's own one, if [`install_with`] was given one. Unless it is in a transaction, the connection is asked which
/// database it is on; where that is known by its URL, and the connection tracked already, nothing happens.
///
/// # Errors
///
/// Returns Diesel's error if the connection cannot be asked which database it is on.
///
/// # Examples
///
/// ```
/// use diesel::prelude::*;
///
/// let mut conn = SqliteConnection::establish(":memory:").unwrap();
/// cache_diesel::track(&mut conn)?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn track<C>(conn: &mut C) -> QueryResult<()>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    place_tracker(conn)?;
    at_once(introduce_writer::<C>(conn));
    Ok(())
}

/// Tracks a connection that is not tracked; which database it is on is not asked.
fn place_tracker<C>(conn: &mut C) -> QueryResult<()>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    if tracker_of(conn).is_some() {
        return Ok(());
    }
    let address = at_once(C::Backend::identify::<C>(conn))?;
    let session = at_once(C::Backend::session_of::<C>(conn))?;
    let mut tracker = tracker_at::<C::Backend>(address, session, Manner::Blocking);
    if is_in_transaction::<C>(conn) {
        tracker.note_transaction(TransactionOrigin::ByDiesel);
    } else if at_once(C::Backend::has_raw_transaction::<C>(conn)) {
        tracker.note_transaction(TransactionOrigin::ByHand);
    }
    conn.set_instrumentation(tracker);
    Ok(())
}

/// A tracker for an open connection that has said this of itself.
pub(super) fn tracker_at<DB: CacheBackend>(address: DatabaseAddress, session: SessionState, manner: Manner) -> Tracker {
    let address = DatabaseAddress { session: session.name, user: session.account, ..address };
    let (reaches_others, is_nameless) = (address.reaches_others, address.is_nameless);
    let mut tracker = Tracker::of_open(make_inner(), address, (DB::DIALECT, manner));
    if session.autocommit_is_off {
        tracker.note_autocommit_off();
    }
    if reaches_others {
        tracker.note_other_databases();
    }
    if is_nameless {
        tracker.note_nameless();
    }
    if session.is_particular {
        tracker.note_particular_session();
    }
    tracker
}

/// Calls the database that `conn` is on `name`, instead of what its URL calls it.
///
/// The name wins over whatever the server, or the file, says of itself, which is not asked then. Databases of one name on
/// two servers share what writes change, so that each is invalidated with the other: other names part them. The same
/// name joins the addresses of one database where the server cannot say that it is one: a primary of MySQL and its
/// replicas, a server that was restored from a copy. Every connection to the database, in every process, has to get the
/// same name before it writes: for the customizers of connection pools. A connection that is not tracked is
/// [tracked](track).
///
/// # Errors
///
/// Returns Diesel's error if the connection is not tracked and cannot be asked which database it is on.
///
/// # Consistency
///
/// A connection reads only what was cached under the same name, by the same user and with the same options of its URL,
/// wherever that leads. What a transaction that is open has written counts under both names.
///
/// # Examples
///
/// ```
/// use diesel::prelude::*;
///
/// let mut conn = SqliteConnection::establish(":memory:").unwrap();
/// cache_diesel::identify(&mut conn, "shop-europe")?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn identify<C>(conn: &mut C, name: &str) -> QueryResult<()>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    place_tracker(conn)?;
    if let Some(tracker) = tracker_of(conn) {
        tracker.rename_database(name);
    }
    Ok(())
}

/// Takes the server that `conn` leads to for one that follows another, and may be behind it.
///
/// Reads on the connection are looked up, and answered from the cache where they are in it. What the database answers on
/// it is not stored, nobody waits for it, and nothing is removed for it. A standby of PostgreSQL, and a server of MySQL
/// or MariaDB that is read-only, are recognised without being marked: this is for those that do not say what they are,
/// such as logical replicas, and for poolers that send each statement where they like. A connection that is not tracked
/// is [tracked](track).
///
/// # Errors
///
/// Returns Diesel's error if the connection is not tracked and cannot be asked which database it is on.
///
/// # Consistency
///
/// Lasts as long as the connection. Its reads are as far behind as the server is where the cache has no answer.
///
/// # Examples
///
/// ```
/// use diesel::prelude::*;
///
/// let mut conn = SqliteConnection::establish(":memory:").unwrap();
/// cache_diesel::replica(&mut conn)?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn replica<C>(conn: &mut C) -> QueryResult<()>
where
    C: LoadConnection<Backend: CacheBackend>,
{
    place_tracker(conn)?;
    if let Some(tracker) = tracker_of(conn) {
        tracker.follow();
    }
    Ok(())
}

/// Where the events go besides the tracker.
static INNER: RwLock<Chained> = RwLock::new(Chained::Nothing);

enum Chained {
    Made(MakeInstrumentation),
    Nothing,
    Shared(Arc<Mutex<Box<dyn Instrumentation>>>),
}

fn keep_inner(inner: Chained) {
    *INNER.write().unwrap_or_else(PoisonError::into_inner) = inner;
}

fn make_inner() -> Option<Box<dyn Instrumentation>> {
    match &*INNER.read().unwrap_or_else(PoisonError::into_inner) {
        Chained::Made(make) => make(),
        Chained::Nothing => None,
        Chained::Shared(shared) => Some(Box::new(SharedInstrumentation(Arc::clone(shared)))),
    }
}

fn make_tracker() -> Option<Box<dyn Instrumentation>> {
    if watch::is_probing() {
        return Some(Box::new(watch::Sign));
    }
    Some(Box::new(Tracker::new(make_inner())))
}

fn set_default() -> Result<()> {
    cache_core::tell_circles_by(|circle| diesel::result::Error::QueryBuilderError(Box::new(circle)));
    set_default_instrumentation(make_tracker).map_err(|error| {
        Error::new(ErrorKind::Configuration, "Diesel's default instrumentation cannot be set").with_source(error)
    })?;
    watch::begin();
    Ok(())
}

/// One instrumentation for all connections: Diesel gives out instances of its default, not the maker.
struct SharedInstrumentation(Arc<Mutex<Box<dyn Instrumentation>>>);

impl Instrumentation for SharedInstrumentation {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        thread_local! {
            static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
        }
        // It may use a connection of its own, whose events would wait for the lock that it holds.
        if IS_INSIDE.replace(true) {
            return;
        }
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                IS_INSIDE.set(false);
            }
        }
        let _leave = Leave;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).on_connection_event(event);
    }
}
