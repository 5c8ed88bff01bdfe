//! What databases were asked for, and until when it holds.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};

use cache_core::{Fingerprint, Token};

use super::Catalogue;
use crate::identity::Identity;

/// The tokens of what changes with the structure of a database: each DDL on a tracked connection, in whatever process,
/// and each clearing of a whole cache, puts others in their place.
pub(crate) type Structure = [Token; 2];

/// What a database said, and the tokens that stood before it was asked: one pair for each cache.
struct Known {
    catalogue: Option<Arc<Catalogue>>,
    asked_under: Vec<Structure>,
}

/// What is known of each address, and these in the order in which they were asked first.
#[derive(Default)]
struct Addresses {
    known: HashMap<Fingerprint, Known>,
    order: VecDeque<Fingerprint>,
}

static ADDRESSES: LazyLock<RwLock<Addresses>> = LazyLock::new(RwLock::default);

/// Whether any database has functions of its own by names that say otherwise.
static HAS_FUNCTIONS: AtomicBool = AtomicBool::new(false);

/// So many addresses are kept, and so many caches of each.
const MOST: usize = 1024;
const MOST_CACHES: usize = 16;

/// What the database said when it was asked last; `None`: it was not asked, or said nothing.
pub(crate) fn catalogue_of(identity: Identity) -> Option<Arc<Catalogue>> {
    addresses().known.get(&identity.space)?.catalogue.clone()
}

/// Whether the database was asked since its structure changed last, as far as a cache knows that holds `structure`.
pub(crate) fn is_current(identity: Identity, structure: &Structure) -> bool {
    addresses().known.get(&identity.space).is_some_and(|known| known.asked_under.contains(structure))
}

/// Whether the database was ever asked.
pub(crate) fn was_asked(identity: Identity) -> bool {
    addresses().known.contains_key(&identity.space)
}

/// Keeps what the database said while `structure` stood; says whether that is what was known before. One that was not
/// asked is taken to declare nothing.
pub(crate) fn keep(identity: Identity, structure: Structure, catalogue: Option<Catalogue>) -> bool {
    if catalogue.as_ref().is_some_and(|catalogue| !catalogue.functions().is_empty()) {
        HAS_FUNCTIONS.store(true, Ordering::Relaxed);
    }
    let mut addresses = ADDRESSES.write().unwrap_or_else(PoisonError::into_inner);
    addresses.keep(identity.space, structure, catalogue)
}

impl Addresses {
    fn keep(&mut self, space: Fingerprint, structure: Structure, catalogue: Option<Catalogue>) -> bool {
        let Some(former) = self.known.get_mut(&space) else {
            let is_nothing = catalogue.as_ref().is_none_or(|catalogue| *catalogue == Catalogue::default());
            self.make_room();
            self.order.push_back(space);
            let catalogue = catalogue.map(Arc::new);
            self.known.insert(space, Known { catalogue, asked_under: vec![structure] });
            return is_nothing;
        };
        if former.catalogue.as_deref() != catalogue.as_ref() {
            *former = Known { catalogue: catalogue.map(Arc::new), asked_under: vec![structure] };
            return false;
        }
        if former.asked_under.len() >= MOST_CACHES {
            former.asked_under.remove(0);
        }
        former.asked_under.push(structure);
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
    use crate::catalogue::Told;

    fn declaring(view: &str) -> Option<Catalogue> {
        let told = Told { kind: "view".to_owned(), name: view.to_owned(), said: "a".to_owned() };
        Some(Catalogue::of(vec![told]))
    }

    #[test]
    fn an_answer_that_is_none_is_told_from_news() {
        let mut addresses = Addresses::default();
        let space = Fingerprint::of(&[b"shop"]);
        let mut keep = |catalogue| addresses.keep(space, [Token::fresh(); 2], catalogue);
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
        let space = |number: usize| Fingerprint::of(&[&number.to_le_bytes()]);
        for number in 0..2 * MOST {
            addresses.keep(space(number), [Token::fresh(); 2], None);
            addresses.keep(space(0), [Token::fresh(); 2], None);
        }
        assert!(addresses.known.len() <= MOST && addresses.order.len() <= MOST);
        assert!(addresses.known.contains_key(&space(2 * MOST - 1)));
        assert!(addresses.known.values().all(|known| known.asked_under.len() <= MOST_CACHES));
    }
}
