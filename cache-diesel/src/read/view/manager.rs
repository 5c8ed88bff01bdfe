//! The cache manager of a view: where reads of its pages begin.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use std::sync::OnceLock;

use cache_core::Result;

use crate::clear::Clear;
use crate::keys::IntoKey;
use crate::manager::{Manager, ManagerState, state_for};
use crate::model::CachedModel;
use crate::read::refused::refused;
use crate::read::view::page::{CachedView, Page};

/// The cache manager of the view `V`: builds cached reads of rows with their related ones.
///
/// A handle that is free to copy. `#[cached(view(..))]` makes a type of its own for each view, which dereferences to
/// this one and adds the model's look-ups. Writes go through the manager of the model.
///
/// # Consistency
///
/// A page depends on its row as a row of the model does, and on every write of every related table and link table.
/// The statements of one load are no snapshot: a write between two of them may be in the second and not in the first.
/// What is stored is not served after such a write, whoever read it while it was made.
pub struct ViewManager<V> {
    pub(super) state: &'static ManagerState,
    view: PhantomData<fn() -> V>,
}

impl<V: CachedView> ViewManager<V> {
    /// The manager of `V` in the cache called `cache`.
    #[must_use]
    pub fn in_cache(cache: &str) -> Self {
        let make = || ManagerState::of_shape::<V::Root>(cache, V::DEFINITION, V::related(), &V::queries());
        Self { state: state_for(TypeId::of::<V>(), cache, make), view: PhantomData }
    }

    refused!(ReadsOfManager: count, execute, exists, filter, find, first, get_result, get_results, load);
    refused!(WritesOfView: delete, insert, save, write);

    /// The manager's name in the cache.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.state.name
    }

    /// Clears the page of the row with the primary key `id`, and the row in every manager of its table.
    ///
    /// # Consistency
    ///
    /// As [`Manager::clear_detail`].
    ///
    /// # Errors
    ///
    /// As [`Manager::clear_detail`].
    pub fn clear_detail<K: IntoKey<<V::Root as CachedModel>::Id>>(self, id: K) -> Result<Clear> {
        self.rows().clear_detail(id)
    }

    /// Clears the lists of the view that are cached under `suffix`.
    ///
    /// # Consistency
    ///
    /// As [`Manager::clear_list`].
    ///
    /// # Errors
    ///
    /// As [`Manager::clear_detail`].
    pub fn clear_list(self, suffix: &str) -> Result<Clear> {
        self.rows().clear_list(suffix)
    }

    /// Clears all lists of the view, scopes and counts included.
    ///
    /// # Consistency
    ///
    /// As [`Manager::clear_lists`].
    ///
    /// # Errors
    ///
    /// As [`Manager::clear_detail`].
    pub fn clear_lists(self) -> Result<Clear> {
        self.rows().clear_lists()
    }

    /// Clears everything of the view.
    ///
    /// # Consistency
    ///
    /// As [`Manager::clear`].
    ///
    /// # Errors
    ///
    /// As [`Manager::clear_detail`].
    pub fn clear(self) -> Result<Clear> {
        self.rows().clear()
    }

    /// What is cleared by hand is named as it is for rows, under the view's own name.
    pub(crate) fn rows(self) -> Manager<<V as Page>::Root> {
        Manager::from_state(self.state)
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
        formatter.debug_tuple("ViewManager").field(&self.state.name).finish()
    }
}

/// Holds the manager of a view in the cache of its model; generated code keeps one for each view.
#[derive(Debug)]
pub struct ViewCell<V> {
    manager: OnceLock<ViewManager<V>>,
}

impl<V: CachedView> ViewCell<V> {
    /// A cell that nobody has used.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it exists to be the value of a static")]
    pub const fn new() -> Self {
        Self { manager: OnceLock::new() }
    }

    /// The manager.
    #[must_use]
    pub fn get(&self) -> ViewManager<V> {
        *self.manager.get_or_init(|| ViewManager::in_cache(<V::Root as CachedModel>::DEFINITION.own_cache()))
    }
}
