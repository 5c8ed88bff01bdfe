//! Compares what is stored with the database: by an auditor beside the reads, in shadow mode, on demand.

pub(crate) mod auditor;
pub(crate) mod finding;
mod report;
pub(crate) mod verify;

use core::ops::DerefMut;

use cache_core::Result;
use diesel::connection::LoadConnection;

use crate::backend::CacheBackend;
use crate::setup::refresh::{Purpose, register};

pub use finding::AuditFinding;
pub use report::{AuditReport, AuditedCache, audit_report};
pub use verify::{Verdict, VerifyReport};

/// Takes connections for the auditor from `take`: it compares hits with the database, on a thread of its own.
///
/// How many hits it compares is said to each cache: [`CacheBuilder::audit`](crate::CacheBuilder::audit) or
/// [`Cache::set_audit`](crate::Cache::set_audit). `take` gives tracked connections of the type that reads use, as for
/// [`refresh_with`](crate::refresh_with): call it once for each pool, after [`install`](crate::install). A pool of its own keeps the auditor
/// from the requests' connections. It takes one at a time; hits that find too many waiting are not compared. A hit of
/// an awaited read is compared by its reader, on its own connection, and needs none of these.
/// [`audit_report`] says what was found, and so do [`Event::Differed`](crate::Event::Differed) and the program's logger.
///
/// # Consistency
///
/// An entry counts as stale if it differs from the database for longer than the
/// [grace](crate::AuditSettings::grace), is served all the while, and two loads in a row agree against it. So a write
/// that is under way is no finding.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the connections are not tracked.
///
/// # Panics
///
/// A panic of `take` is caught, but for that of the first call.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use cache_diesel::{AuditSettings, OnStale};
/// use diesel::prelude::*;
/// # let file = std::env::temp_dir().join(format!("audit-with-{}.sqlite", std::process::id()));
/// # let url = file.display().to_string();
///
/// let audit = AuditSettings::one_in(1_000).on_stale(OnStale::Bypass);
/// cache_diesel::install(Cache::builder().memory(16 * MIB).audit(audit))?;
/// cache_diesel::audit_with(move || SqliteConnection::establish(&url).map(Box::new))?;
/// assert!(cache_diesel::audit_report().is_clean());
/// # std::fs::remove_file(file).ok();
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn audit_with<Guard, E>(take: impl Fn() -> core::result::Result<Guard, E> + Send + Sync + 'static) -> Result<()>
where
    Guard: DerefMut<Target: LoadConnection<Backend: CacheBackend> + 'static> + 'static,
{
    register(Purpose::Audit, take)
}
