//! Takes connections for refreshes in the background from the program's pools.

use core::any::{Any, TypeId};
use core::ops::DerefMut;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use cache_core::{Bypass, Error, ErrorKind, Result};
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::identity::Identity;
use crate::read::gate;

/// Takes connections for refreshes from `take`, such as a pool's `get`: a stale entry is then served to everybody, and
/// refreshed in the background.
///
/// Call it once for each pool, after [`install`](crate::install): the connections have to be tracked. It serves reads on
/// connections of the same type to the same database, on pooled ones (`&mut pooled`) and on what is in them
/// (`&mut *pooled`) alike. A program without a pool gives `|| SqliteConnection::establish(url).map(Box::new)`. One is
/// taken at once, to learn which database it is on; if there is none to be had, with the first refresh. Each cache takes
/// four at the same time at most.
///
/// # Consistency
///
/// A refresh reads tokens before its query, as every load does: what a write has overtaken is not stored for anybody.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`] if the connections are not tracked.
///
/// # Panics
///
/// A panic of `take` is caught and counted, but for that of the first call.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use diesel::prelude::*;
/// # let file = std::env::temp_dir().join(format!("refresh-with-{}.sqlite", std::process::id()));
/// # let url = file.display().to_string();
///
/// let relevance = std::time::Duration::from_secs(10);
/// cache_diesel::install(Cache::builder().memory(16 * MIB).relevance_timeout(relevance))?;
/// cache_diesel::refresh_with(move || SqliteConnection::establish(&url).map(Box::new))?;
/// # std::fs::remove_file(file).ok();
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn refresh_with<Guard, E>(take: impl Fn() -> core::result::Result<Guard, E> + Send + Sync + 'static) -> Result<()>
where
    Guard: DerefMut<Target: LoadConnection<Backend: CacheBackend> + 'static> + 'static,
{
    register(Purpose::Refresh, take)
}

/// What connections are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Entries are compared with what is asked on them.
    Audit,
    /// Stale entries are refreshed on them.
    Refresh,
}

/// Registers `take` for the type of what it gives, and for that of what is in it.
pub(crate) fn register<Guard, E>(
    purpose: Purpose,
    take: impl Fn() -> core::result::Result<Guard, E> + Send + Sync + 'static,
) -> Result<()>
where
    Guard: DerefMut<Target: LoadConnection<Backend: CacheBackend> + 'static> + 'static,
{
    let first = take().ok().map(|mut guard| at_once(gate::<Guard::Target>(&mut guard)));
    if first == Some(Err(Bypass::NotTracked)) {
        let context = match purpose {
            Purpose::Audit => "the connections for comparisons are not tracked: call `install` before they are opened",
            Purpose::Refresh => "the connections for refreshes are not tracked: call `install` before they are opened",
        };
        return Err(Error::new(ErrorKind::Configuration, context));
    }
    let identity = || first.and_then(core::result::Result::ok).map_or_else(OnceLock::new, OnceLock::from);
    let take = Arc::new(take);
    let inner = Arc::clone(&take);
    let of_target = move |work: &mut dyn FnMut(&mut Guard::Target)| {
        inner().is_ok_and(|mut guard| {
            work(&mut guard);
            true
        })
    };
    let of_guard = move |work: &mut dyn FnMut(&mut Guard)| {
        take().is_ok_and(|mut guard| {
            work(&mut guard);
            true
        })
    };
    add(purpose, ConnectionSource { take: Box::new(of_target), identity: identity() });
    add(purpose, ConnectionSource { take: Box::new(of_guard), identity: identity() });
    Ok(())
}

/// Where connections of the type `C` come from.
pub(crate) struct ConnectionSource<C> {
    take: Take<C>,
    /// The database that they are on, once it is known.
    identity: OnceLock<Identity>,
}

type Take<C> = Box<dyn Fn(&mut dyn FnMut(&mut C)) -> bool + Send + Sync>;

impl<C> ConnectionSource<C> {
    /// Works with a connection; says whether there was one to be had.
    pub(crate) fn with(&self, work: &mut dyn FnMut(&mut C)) -> bool {
        (self.take)(work)
    }

    /// Notes which database its connections are on.
    pub(crate) fn note(&self, identity: Identity) {
        self.identity.get_or_init(|| identity);
    }

    /// Whether its connections are, or may be, on the database that `identity` names.
    pub(crate) fn may_be(&self, identity: Identity) -> bool {
        self.identity.get().is_none_or(|known| *known == identity)
    }
}

type Sources = HashMap<(Purpose, TypeId), Vec<Arc<dyn Any + Send + Sync>>>;

static SOURCES: RwLock<Option<Sources>> = RwLock::new(None);

fn add<C: 'static>(purpose: Purpose, source: ConnectionSource<C>) {
    let mut sources = SOURCES.write().unwrap_or_else(PoisonError::into_inner);
    sources.get_or_insert_default().entry((purpose, TypeId::of::<C>())).or_default().push(Arc::new(source));
}

/// Where connections of the type `C` come from for `purpose` that are, or may be, on the database of `identity`; those that are known
/// to be first.
pub(crate) fn sources<C: 'static>(purpose: Purpose, identity: Identity) -> Vec<Arc<ConnectionSource<C>>> {
    let sources = SOURCES.read().unwrap_or_else(PoisonError::into_inner);
    let all = sources.as_ref().and_then(|sources| sources.get(&(purpose, TypeId::of::<C>()))).into_iter().flatten();
    let mut found: Vec<Arc<ConnectionSource<C>>> = all
        .filter_map(|source| Arc::clone(source).downcast().ok())
        .filter(|source: &Arc<ConnectionSource<C>>| source.may_be(identity))
        .collect();
    found.sort_by_key(|source| source.identity.get().is_none());
    found
}
