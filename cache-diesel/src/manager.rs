//! Holds the manager of a model, at which reads and writes of its rows begin.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cache_core::policy::Relevance;
use cache_core::tables::LookupDeclaration;
use cache_core::{Cache, Codec, Counters, Fingerprint, Kind, ManagerTags, Reader, registry};

use crate::backend::address_of_url;
use crate::declaration::{lookups_of, manager_name, tables};
use crate::identity::endpoint::{Endpoint, endpoint_of};
use crate::model::{CachedModel, Definition};
use crate::read::refused::refused;
use crate::relevance;
use crate::table::table_name;
use crate::warning;

/// The cache manager of `M`: builds cached reads, and writes that the cache knows of.
///
/// A handle that is free to copy. `#[derive(Cached)]` makes a type of its own for each model, which
/// dereferences to this one and adds the model's look-ups.
pub struct Manager<M> {
    pub(crate) state: &'static ManagerState,
    model: PhantomData<fn() -> M>,
}

impl<M: CachedModel> Manager<M> {
    /// The manager of `M` in the cache called `cache`.
    #[must_use]
    pub fn in_cache(cache: &str) -> Self {
        Self::from_state(state_of::<M>(cache))
    }

    /// The manager's name in the cache.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.state.name
    }

    refused!(ReadsOfManager: count, execute, exists, filter, find, first, get_result, get_results, load);

    pub(crate) fn from_state(state: &'static ManagerState) -> Self {
        Self { state, model: PhantomData }
    }
}

/// Where `cached()` is found on a struct without the derive: it is refused with what to add to it.
#[doc(hidden)]
pub trait HasManager: CachedModel {
    /// The model's manager; the derive writes a method of this name that comes first.
    fn cached() -> Manager<Self> {
        Manager::in_cache(Self::DEFINITION.own_cache())
    }
}

impl<M: CachedModel> HasManager for M {}

impl<M> Clone for Manager<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Manager<M> {}

impl<M> fmt::Debug for Manager<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Manager").field(&self.state.name).finish()
    }
}

/// Holds the manager of a model in its own cache; generated code keeps one for each model.
#[derive(Debug)]
pub struct ManagerCell<M> {
    state: OnceLock<&'static ManagerState>,
    model: PhantomData<fn() -> M>,
}

impl<M: CachedModel> ManagerCell<M> {
    /// A cell that nobody has used.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it exists to be the value of a static")]
    pub const fn new() -> Self {
        Self { state: OnceLock::new(), model: PhantomData }
    }

    /// The manager.
    #[must_use]
    pub fn get(&self) -> Manager<M> {
        Manager::from_state(self.state.get_or_init(|| state_of::<M>(M::DEFINITION.own_cache())))
    }
}

/// What a manager knows, whatever its model's type.
#[derive(Debug)]
pub(crate) struct ManagerState {
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) definition: Definition,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) tags: ManagerTags,
    pub(crate) lookups: Vec<LookupDeclaration>,
    cache_name: String,
    attached: OnceLock<Attached>,
}

/// The cache of a manager, once there is one.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) cache: Cache,
    /// The database that reads without a connection are about, if the cache was told.
    pub(crate) told: Option<Arc<Endpoint>>,
    /// From when on entries are stale.
    pub(crate) relevance: Relevance,
    counters: [Arc<Counters>; Kind::ALL.len()],
}

impl ManagerState {
    fn of<M: CachedModel>(cache_name: &str) -> Self {
        let definition = M::DEFINITION;
        let table = table_name::<M::Table>();
        let name = manager_name(&definition, &table);
        let called = fingerprint_of(&definition, [&name, &table, core::any::type_name::<M>()]);
        Self {
            name,
            table,
            definition,
            fingerprint: of_entries(called),
            tags: ManagerTags::of(called),
            lookups: lookups_of::<M>(),
            cache_name: cache_name.to_owned(),
            attached: OnceLock::new(),
        }
    }

    /// The same for another shape of the model's rows: `definition` is its own, `related` are those of the other rows in
    /// it, `queries` say how it is read.
    pub(crate) fn of_shape<M: CachedModel>(
        cache_name: &str,
        definition: Definition,
        related: Vec<Definition>,
        queries: &[&str],
    ) -> Self {
        let rows = Self::of::<M>(cache_name);
        let name = definition.key.map_or_else(|| format!("{}:{}", rows.name, definition.name), str::to_owned);
        let of_rows = fingerprint_of(&rows.definition, [&rows.name, &rows.table, core::any::type_name::<M>()]);
        let mut parts = vec![of_rows.as_bytes().as_slice(), name.as_bytes()];
        let versions: Vec<String> = related.iter().map(|related| format!("{:?}", related.key_version)).collect();
        let described = [definition].into_iter().chain(related);
        parts.extend(described.flat_map(|each| [each.module, each.name, each.shape]).map(str::as_bytes));
        parts.extend(versions.iter().map(String::as_bytes));
        parts.extend(queries.iter().map(|query| query.as_bytes()));
        let called = Fingerprint::of(&parts);
        Self { name, definition, fingerprint: of_entries(called), tags: ManagerTags::of(called), ..rows }
    }

    /// The manager's cache; `None` until one is configured under its name.
    #[inline]
    pub(crate) fn attached(&self) -> Option<&Attached> {
        self.attached.get().or_else(|| self.attach())
    }

    #[cold]
    fn attach(&self) -> Option<&Attached> {
        let cache = registry::get(&self.cache_name).ok()?;
        let counters = Kind::ALL.map(|kind| cache.counters(&self.name, kind));
        let told = cache.database_url().map(|url| endpoint_of(address_of_url(url).1));
        let (relevance, refused) = relevance::resolved(&self.definition.timeouts, cache.policy().relevance);
        warning::say_relevance_too_long(&self.name, &self.cache_name, &refused);
        Some(self.attached.get_or_init(|| Attached { cache, told, relevance, counters }))
    }

    pub(crate) fn cache_name(&self) -> &str {
        &self.cache_name
    }
}

/// What the entries of a manager are called by: whatever differs in here, never meets.
fn fingerprint_of(definition: &Definition, [manager, table, model]: [&str; 3]) -> Fingerprint {
    let version = definition.key_version.map(u32::to_be_bytes);
    let mut parts = vec![
        manager.as_bytes(),
        table.as_bytes(),
        definition.module.as_bytes(),
        definition.name.as_bytes(),
        definition.shape.as_bytes(),
        model.as_bytes(),
        &[Codec::FORMAT],
    ];
    parts.extend(version.as_ref().map(<[u8; 4]>::as_slice));
    Fingerprint::of(&parts)
}

/// What the entries of a manager are called by that is itself called so: those of a program which declares other tables
/// for others to depend on may lack a tag that this one counts on.
fn of_entries(called: Fingerprint) -> Fingerprint {
    let dependencies = tables().dependencies();
    dependencies.map_or(called, |dependencies| Fingerprint::of(&[called.as_bytes(), dependencies.as_bytes()]))
}

impl Attached {
    #[inline]
    pub(crate) fn reader<'a>(&'a self, manager: &'a ManagerState, kind: Kind) -> Reader<'a> {
        Reader { cache: &self.cache, manager: &manager.name, kind, counters: &self.counters[kind as usize] }
    }
}

/// The one state of `M`'s manager in the cache called `cache`.
fn state_of<M: CachedModel>(cache: &str) -> &'static ManagerState {
    state_for(TypeId::of::<M>(), cache, || ManagerState::of::<M>(cache))
}

/// The one state of the manager of `shape` in the cache called `cache`: it lives as long as the program.
pub(crate) fn state_for(shape: TypeId, cache: &str, make: impl FnOnce() -> ManagerState) -> &'static ManagerState {
    type States = HashMap<(TypeId, String), &'static ManagerState>;
    static STATES: Mutex<Option<States>> = Mutex::new(None);
    let mut states = STATES.lock().unwrap_or_else(PoisonError::into_inner);
    let states = states.get_or_insert_default();
    if let Some(state) = states.get(&(shape, cache.to_owned())) {
        return state;
    }
    let state: &'static ManagerState = Box::leak(Box::new(make()));
    let is_namesake = |other: &&ManagerState| other.name == state.name && other.cache_name == state.cache_name;
    // Nothing breaks: what differs between them is part of the names of their entries.
    if let Some(other) = states.values().copied().find(is_namesake) {
        let paths = [other, state].map(|manager| manager.definition.path());
        warning::say_same_name(&state.name, cache, paths.each_ref().map(String::as_str));
    }
    states.insert((shape, cache.to_owned()), state);
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k1_versions_never_meet() {
        let plain = Definition::new("Product", "shop", "id=id:i32");
        let definitions = [plain, plain.key_version(0), plain.key_version(1), plain.key_version(256)];
        let names = definitions.map(|definition| fingerprint_of(&definition, ["product", "products", "shop::Product"]));
        for (place, name) in names.iter().enumerate() {
            assert!(!names[..place].contains(name), "{:?}", definitions[place].key_version);
        }
        // The cache is where the entries are, and none of their names.
        assert_eq!(fingerprint_of(&plain.cache("a"), ["product", "products", "shop::Product"]), names[0]);
    }
}
