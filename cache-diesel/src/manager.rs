//! Holds the manager of a model, at which reads and writes of its rows begin.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cache_core::policy::{EntryTimeouts, Relevance};
use cache_core::protocol::read::Subject;
use cache_core::tables::LookupDeclaration;
use cache_core::{Cache, Codec, Counters, Fingerprint, Kind, ManagerTags, Reader, Shard, registry};

use crate::backend::address_of_url;
use crate::identity::endpoint::{Endpoint, endpoint_of};
use crate::model::declaration::{lookups_of, manager_name, tables};
use crate::model::relevance;
use crate::model::table::table_name;
use crate::model::{CachedModel, Definition};
use crate::read::builder::refused::refused;
use crate::read::page::CachedView;
use crate::warning;

/// The cache manager of `P`, a model or a view of one: builds cached reads, and writes that the cache knows of.
///
/// A handle that is free to copy. `#[derive(Cached)]` makes a type of its own for each model, which
/// dereferences to this one and adds the model's look-ups. The manager of a view is a [`ViewManager`].
pub struct Manager<P> {
    pub(crate) state: &'static ManagerState,
    page: PhantomData<fn() -> P>,
}

impl<P: CachedView> Manager<P> {
    /// The manager of `P` in the cache called `cache`.
    #[must_use]
    pub fn in_cache(cache: &str) -> Self {
        Self::from_state(state_of::<P>(cache))
    }

    /// The manager's name in the cache.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.state.name
    }

    refused!(ReadsOfManager: count, execute, exists, filter, find, first, get_result, get_results, load);

    pub(crate) fn from_state(state: &'static ManagerState) -> Self {
        Self { state, page: PhantomData }
    }
}

/// Where `cached()` is found on a struct without the derive: it is refused with what to add to it.
#[doc(hidden)]
pub trait HasManager: CachedModel {
    /// The model's manager; the derive writes a method of this name that comes first.
    fn cached() -> Manager<Self> {
        Manager::in_cache(<Self as CachedModel>::DEFINITION.own_cache())
    }
}

impl<M: CachedModel> HasManager for M {}

impl<P> Clone for Manager<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Manager<P> {}

impl<P> fmt::Debug for Manager<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Manager").field(&self.state.name).finish()
    }
}

/// The cache manager of the view `V`: a [`Manager`] that reads only.
///
/// `#[cached(view(..))]` makes a type of its own for each view, which dereferences to this one and adds the model's
/// look-ups. Writes go through the manager of the model.
///
/// # Consistency
///
/// A page depends on its row as a row of the model does, and on every write of every related table and link table.
/// The statements of one load are no snapshot: a write between two of them may be in the second and not in the first.
/// What is stored is not served after such a write, whoever read it while it was made.
pub struct ViewManager<V>(Manager<V>);

impl<V: CachedView> ViewManager<V> {
    refused!(WritesOfView: delete, insert, save, write);
}

impl<V> From<Manager<V>> for ViewManager<V> {
    fn from(manager: Manager<V>) -> Self {
        Self(manager)
    }
}

impl<V> Deref for ViewManager<V> {
    type Target = Manager<V>;

    fn deref(&self) -> &Manager<V> {
        &self.0
    }
}

impl<V> Clone for ViewManager<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for ViewManager<V> {}

impl<V> fmt::Debug for ViewManager<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ViewManager").field(&self.0.state.name).finish()
    }
}

/// Holds the manager of a model, or of a view, in its own cache; generated code keeps one for each.
#[derive(Debug)]
pub struct ManagerCell<P> {
    state: OnceLock<&'static ManagerState>,
    page: PhantomData<fn() -> P>,
}

impl<P: CachedView> ManagerCell<P> {
    /// A cell that nobody has used.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it exists to be the value of a static")]
    pub const fn new() -> Self {
        Self { state: OnceLock::new(), page: PhantomData }
    }

    /// The manager.
    #[must_use]
    pub fn get(&self) -> Manager<P> {
        Manager::from_state(self.state.get_or_init(|| state_of::<P>(<P::Root as CachedModel>::DEFINITION.own_cache())))
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
    /// How long they live.
    lives: EntryTimeouts,
    counters: [Arc<Counters>; Kind::ALL.len()],
}

impl ManagerState {
    fn of<M: CachedModel>(cache_name: &str) -> Self {
        let definition = M::DEFINITION.answered();
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

    /// The same for `P`, the model itself or another shape of its rows.
    fn of_page<P: CachedView>(cache_name: &str) -> Self {
        let rows = Self::of::<P::Root>(cache_name);
        if TypeId::of::<P>() == TypeId::of::<P::Root>() {
            return rows;
        }
        let (definition, related) = (P::DEFINITION.answered(), P::related());
        let name = definition.key.map_or_else(|| format!("{}:{}", rows.name, definition.name), str::to_owned);
        let of_rows = fingerprint_of(&rows.definition, [&rows.name, &rows.table, core::any::type_name::<P::Root>()]);
        let mut parts = vec![of_rows.as_bytes().as_slice(), name.as_bytes()];
        let versions: Vec<String> = related.iter().map(|related| format!("{:?}", related.key_version)).collect();
        let described = [definition].into_iter().chain(related);
        parts.extend(described.flat_map(|each| [each.module, each.name, each.shape]).map(str::as_bytes));
        parts.extend(versions.iter().map(String::as_bytes));
        parts.extend(P::queries().into_iter().map(str::as_bytes));
        let called = Fingerprint::of(&parts).in_shard(of_rows.shard());
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
        let (relevance, refused) = relevance::resolved(&self.definition.timeouts, cache.policy().lives());
        warning::say_relevance_too_long(&self.name, &self.cache_name, &refused);
        let lives = self.definition.timeouts.entries.or(cache.policy().timeouts);
        Some(self.attached.get_or_init(|| Attached { cache, told, relevance, lives, counters }))
    }

    /// How long entries live: as the model says, or else as the cache does.
    pub(crate) fn lives(&self) -> EntryTimeouts {
        self.attached().map_or(self.definition.timeouts.entries, |attached| attached.lives)
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
        &[Codec::FORMAT, Subject::RULES],
    ];
    parts.extend(version.as_ref().map(<[u8; 4]>::as_slice));
    Fingerprint::of(&parts).in_shard(Shard::of_table(table))
}

/// What the entries of a manager are called by that is itself called so: those of a program which declares other tables
/// for others to depend on may lack a tag that this one counts on.
fn of_entries(called: Fingerprint) -> Fingerprint {
    let dependencies = tables().dependencies();
    let with = |dependencies: Fingerprint| Fingerprint::of(&[called.as_bytes(), dependencies.as_bytes()]);
    dependencies.map_or(called, |dependencies| with(dependencies).in_shard(called.shard()))
}

impl Attached {
    #[inline]
    pub(crate) fn reader<'a>(&'a self, manager: &'a ManagerState, kind: Kind) -> Reader<'a> {
        Reader { cache: &self.cache, manager: &manager.name, kind, counters: &self.counters[kind as usize] }
    }
}

/// The one state of `P`'s manager in the cache called `cache`.
fn state_of<P: CachedView>(cache: &str) -> &'static ManagerState {
    state_for(TypeId::of::<P>(), cache, || ManagerState::of_page::<P>(cache))
}

/// The one state of the manager of `shape` in the cache called `cache`: it lives as long as the program.
fn state_for(shape: TypeId, cache: &str, make: impl FnOnce() -> ManagerState) -> &'static ManagerState {
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
