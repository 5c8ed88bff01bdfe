//! Keeps the declarations that databases reported, and decides until when they hold.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard, Weak};

use cache_core::planted::{Mistake, is_planted};
use cache_core::{Database, Fingerprint, Token};

use super::Catalogue;
use crate::identity::Identity;
use crate::identity::digest::DigestHasher;

/// The tokens of what changes with the structure of a database: each DDL on a tracked connection, in whatever process,
/// and each clearing of a whole cache, puts others in their place.
pub(crate) type Structure = [Token; 2];

/// What a database said, and the tokens that stood before it was asked: one pair for each cache.
struct Known {
    catalogue: Option<Arc<Catalogue>>,
    asked_under: Vec<Structure>,
    database: Database,
    hold: Hold,
}

/// Whether what a database said may still be believed by who writes: writes read no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// This process may have changed its structure since.
    Forgotten,
    /// As far as this process has seen.
    Holds,
}

/// A question that is under way: what it brings holds if nothing changes until it is answered.
#[derive(Debug)]
pub(crate) struct CatalogueQuery {
    is_overtaken: Arc<AtomicBool>,
}

impl CatalogueQuery {
    /// Begins, before `database` is asked.
    pub(crate) fn begin(database: Database) -> Self {
        let is_overtaken = Arc::default();
        let mut addresses = ADDRESSES.write().unwrap_or_else(PoisonError::into_inner);
        addresses.asking.retain(|(_, is_overtaken)| is_overtaken.strong_count() > 0);
        addresses.asking.push((database, Arc::downgrade(&is_overtaken)));
        Self { is_overtaken }
    }

    fn hold(&self) -> Hold {
        if self.is_overtaken.load(Ordering::SeqCst) { Hold::Forgotten } else { Hold::Holds }
    }
}

/// What is known of each address, and these in the order in which they were asked first.
#[derive(Default)]
struct Addresses {
    known: HashMap<Fingerprint, Known, BuildHasherDefault<DigestHasher>>,
    order: VecDeque<Fingerprint>,
    /// Who is asking a database at present.
    asking: Vec<(Database, Weak<AtomicBool>)>,
}

static ADDRESSES: LazyLock<RwLock<Addresses>> = LazyLock::new(RwLock::default);

/// Whether any database has functions of its own by names that say otherwise.
static HAS_FUNCTIONS: AtomicBool = AtomicBool::new(false);

/// So many addresses are kept, and so many caches and shards of caches of each.
const MOST: usize = 1024;
const MOST_CACHES: usize = 64;

/// What the database said when it was asked last; `None`: it was not asked, or said nothing.
pub(crate) fn catalogue_of(identity: Identity) -> Option<Arc<Catalogue>> {
    addresses().known.get(&identity.space)?.catalogue.clone()
}

/// Whether the database was asked since its structure changed last, as far as a cache knows that holds `structure`.
pub(crate) fn is_current(identity: Identity, structure: &Structure) -> bool {
    let is_current = |known: &Known| {
        is_planted(Mistake::Structures) || known.hold == Hold::Holds && known.asked_under.contains(structure)
    };
    addresses().known.get(&identity.space).is_some_and(is_current)
}

/// Whether values of all `columns` of `table` are equal if their bytes are, as the database said last whose contents are
/// kept under `space`. Not if this process may have changed its structure since.
pub(crate) fn are_exact(space: Fingerprint, table: &str, columns: &[&str]) -> bool {
    let addresses = addresses();
    let holds = |known: &&Known| known.hold == Hold::Holds || is_planted(Mistake::Structures);
    let known = addresses.known.get(&space).filter(holds);
    let catalogue = known.and_then(|known| known.catalogue.as_ref());
    catalogue.is_some_and(|catalogue| columns.iter().all(|column| catalogue.is_exact(table, column)))
}

/// Whether what the database said may still be believed by who writes.
pub(crate) fn holds(identity: Identity) -> bool {
    addresses().known.get(&identity.space).is_some_and(|known| known.hold == Hold::Holds)
}

/// The structure of `database` may change, or may have changed: it has to be asked again.
pub(crate) fn forget(database: Database) {
    let mut addresses = ADDRESSES.write().unwrap_or_else(PoisonError::into_inner);
    let asking = addresses.asking.iter().filter(|(asked, _)| *asked == database);
    asking.filter_map(|(_, it)| it.upgrade()).for_each(|it| it.store(true, Ordering::SeqCst));
    let known = addresses.known.values_mut().filter(|known| known.database == database);
    known.for_each(|known| known.hold = Hold::Forgotten);
}

/// Whether the database was ever asked.
pub(crate) fn was_asked(identity: Identity) -> bool {
    addresses().known.contains_key(&identity.space)
}

/// Keeps what the database said while `structure` stood; says whether that is what was known before. One that was not
/// asked is taken to declare nothing.
pub(crate) fn keep(
    identity: Identity,
    structure: Structure,
    asking: &CatalogueQuery,
    catalogue: Option<Catalogue>,
) -> bool {
    if catalogue.as_ref().is_some_and(|catalogue| !catalogue.functions().is_empty()) {
        HAS_FUNCTIONS.store(true, Ordering::Relaxed);
    }
    let mut addresses = ADDRESSES.write().unwrap_or_else(PoisonError::into_inner);
    addresses.keep(identity, structure, asking.hold(), catalogue)
}

impl Addresses {
    fn keep(&mut self, identity: Identity, structure: Structure, hold: Hold, catalogue: Option<Catalogue>) -> bool {
        let Identity { space, database, .. } = identity;
        let Some(former) = self.known.get_mut(&space) else {
            let is_nothing = catalogue.as_ref().is_none_or(|catalogue| *catalogue == Catalogue::default());
            self.make_room();
            self.order.push_back(space);
            let catalogue = catalogue.map(Arc::new);
            self.known.insert(space, Known { catalogue, asked_under: vec![structure], database, hold });
            return is_nothing;
        };
        if former.catalogue.as_deref() != catalogue.as_ref() {
            *former = Known { catalogue: catalogue.map(Arc::new), asked_under: vec![structure], database, hold };
            return false;
        }
        if former.asked_under.len() >= MOST_CACHES {
            former.asked_under.remove(0);
        }
        former.asked_under.push(structure);
        former.hold = hold;
        true
    }

    fn make_room(&mut self) {
        if self.known.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

fn addresses() -> RwLockReadGuard<'static, Addresses> {
    ADDRESSES.read().unwrap_or_else(PoisonError::into_inner)
}

/// Whether any database of the process has functions of its own whose names say otherwise: mostly none has.
pub(crate) fn has_functions() -> bool {
    HAS_FUNCTIONS.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::FactRow;

    fn declaring(view: &str) -> Option<Catalogue> {
        let told = FactRow { kind: "view".to_owned(), name: view.to_owned(), said: "a".to_owned() };
        Some(Catalogue::of(vec![told]))
    }

    fn identity(number: usize) -> Identity {
        let space = Fingerprint::of(&[&number.to_le_bytes()]);
        Identity { database: Database::named("shop"), space, is_private: false }
    }

    #[test]
    fn what_was_asked_before_a_change_does_not_hold() {
        let asking = CatalogueQuery::begin(Database::named("another shop"));
        assert_eq!(asking.hold(), Hold::Holds);
        forget(Database::named("another shop"));
        assert_eq!(asking.hold(), Hold::Forgotten);
    }

    #[test]
    fn what_is_forgotten_is_asked_again() {
        let (own, structure) =
            (Identity { database: Database::named("forgetful"), ..identity(7) }, [Token::fresh(); 2]);
        let told = || {
            let told = FactRow { kind: "bytes".to_owned(), name: "users".to_owned(), said: "name".to_owned() };
            Some(Catalogue::of(vec![told]))
        };
        keep(own, structure, &CatalogueQuery::begin(own.database), told());
        assert!(is_current(own, &structure));
        assert!(!are_exact(own.space, "users", &["name", "id"]));
        assert!(!are_exact(identity(8).space, "users", &["name"]));
        forget(own.database);
        assert!(!are_exact(own.space, "users", &["name"]) && !is_current(own, &structure));
        keep(own, structure, &CatalogueQuery::begin(own.database), told());
        assert!(is_current(own, &structure));
        assert!(are_exact(own.space, "users", &["name"]));
    }

    #[test]
    fn an_answer_that_is_none_is_told_from_news() {
        let mut addresses = Addresses::default();
        let mut keep = |catalogue| addresses.keep(identity(0), [Token::fresh(); 2], Hold::Holds, catalogue);
        assert!(keep(Some(Catalogue::default())), "nothing is what was taken for granted");
        assert!(keep(Some(Catalogue::default())));
        assert!(!keep(declaring("v")));
        assert!(keep(declaring("v")));
        assert!(!keep(declaring("w")));
        assert!(!keep(None));
    }

    #[test]
    fn addresses_and_caches_fill_no_memory() {
        let mut addresses = Addresses::default();
        for number in 0..2 * MOST {
            addresses.keep(identity(number), [Token::fresh(); 2], Hold::Holds, None);
            addresses.keep(identity(0), [Token::fresh(); 2], Hold::Holds, None);
        }
        assert!(addresses.known.len() <= MOST && addresses.order.len() <= MOST);
        assert!(addresses.known.contains_key(&identity(2 * MOST - 1).space));
        assert!(addresses.known.values().all(|known| known.asked_under.len() <= MOST_CACHES));
    }
}
