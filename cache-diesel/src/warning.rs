//! Warns of settings and databases that do not go together with models.

use core::fmt::Display;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeSet;

use cache_core::report::warn;
use cache_core::sync::Mutex;

/// Two managers of one cache have one name.
pub(crate) fn say_same_name(manager: &str, cache: &str, paths: [&str; 2]) {
    warn(format_args!("{}", same_name(manager, cache, paths)));
}

/// The cache's settings do not go together with those of a model: said once for each.
pub(crate) fn say_relevance_too_long(manager: &str, cache: &str, refused: &[[&str; 2]]) {
    static SAID: Mutex<BTreeSet<[String; 2]>> = Mutex::new(BTreeSet::new());
    for names in refused {
        // No lock is held while the program's logger runs.
        let is_news = SAID.lock().insert([manager.to_owned(), names[0].to_owned()]);
        if is_news {
            warn(format_args!("{}", relevance_too_long(manager, cache, names)));
        }
    }
}

/// Connections that are opened from now on are not tracked.
pub(crate) fn default_replaced() {
    warn(format_args!("{DEFAULT_REPLACED}"));
}

/// Nobody can tell what the policies of a table look at.
pub(crate) fn opaque_policy(table: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let is_news = SAID.lock().insert(table.to_owned());
    if is_news {
        warn(format_args!(
            "reads of `{table}` are not cached: a policy of its row-level security depends on the time, or \
             calls a function that cannot be looked into; write the function in SQL, or vouch for a read with \
             `assume_deterministic`"
        ));
    }
}

/// A database compares a column otherwise than a model says.
pub(crate) fn contradicted(contradiction: &dyn Display) {
    warn(format_args!("{contradiction}"));
}

/// A database does not say what it declares.
pub(crate) fn not_asked(error: &diesel::result::Error) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        warn(format_args!(
            "a database does not say what its policies and views read, nor which functions it has of its \
             own; declare it with `depends_on`: {error}"
        ));
    }
}

/// What is wrong with an instrumentation that takes the tracker's place.
pub(crate) const DEFAULT_REPLACED: &str = "Diesel's default instrumentation was replaced after `install`: connections that are opened from then on are not \
     tracked, so that their reads are not cached, and their plain writes leave in the cache what was there before; set it \
     before `install`, or give it to `install_with`; until then see `cache_diesel::track`";

/// What is wrong with two managers of one name.
pub(crate) fn same_name(manager: &str, cache: &str, [one, other]: [&str; 2]) -> String {
    format!(
        "two managers are called `{manager}` in the cache named `{cache}`, those of `{one}` and of `{other}`: their \
         entries are apart, but their numbers are counted together; give one of them a `key` of its own"
    )
}

/// What is wrong with a cache's relevance timeout that is longer than a manager's timeout.
pub(crate) fn relevance_too_long(manager: &str, cache: &str, [relevance, timeout]: &[&str; 2]) -> String {
    format!(
        "the `{relevance}` of the cache named `{cache}` is longer than the `{timeout}` of `{manager}`: its entries are \
         never stale; give the model a `{relevance}` of its own"
    )
}
