//! What `require` of a page gives, and what it fails with.

use core::marker::PhantomData;

use crate::error::NotFound;
use crate::model::CachedModel;
use crate::read::entry::{CachedEntry, CachedRow};
use crate::read::terminal::Ending;
use crate::read::view::page::{CachedView, Page};

/// The page, or the model's own error.
#[derive(Debug)]
pub struct RequirePage<V>(PhantomData<fn() -> V>);

/// What a view's model fails with.
pub(super) type ErrorOf<V> = <<V as Page>::Root as CachedModel>::Error;

impl<V: CachedView> Ending<Option<CachedRow<V>>> for RequirePage<V> {
    type Value = CachedRow<V>;
    type Error = ErrorOf<V>;

    fn end(entry: CachedEntry<Option<CachedRow<V>>>) -> Result<CachedRow<V>, ErrorOf<V>> {
        entry.value.ok_or_else(|| NotFound::of(V::DEFINITION.name).into())
    }
}
