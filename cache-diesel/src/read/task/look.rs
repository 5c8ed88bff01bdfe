//! Looks for an entry: at once, later, or by somebody who may call the store.

use cache_core::store::Wish;
use cache_core::{CacheKey, Codec, Life, Miss, Missed, Tag, Value};

use crate::read::task::Site;

/// Looks for an entry that another one leads to.
pub trait Look {
    /// What is called `key`. Its tags and its codec are asked for if it is not at hand.
    fn look_up(
        self,
        key: CacheKey,
        tags: impl Fn() -> Vec<Tag>,
        codec: impl FnOnce() -> Option<Codec>,
    ) -> Result<(Value, Life), Missed>;
}

/// Calls the store.
pub(crate) struct Directly<'a>(pub(crate) &'a Site<'a>);

impl Look for Directly<'_> {
    #[inline]
    fn look_up(
        self,
        key: CacheKey,
        tags: impl Fn() -> Vec<Tag>,
        codec: impl FnOnce() -> Option<Codec>,
    ) -> Result<(Value, Life), Missed> {
        self.0.look_up(key, tags, codec)
    }
}

/// Notes what is to be looked for, by somebody who may call the store.
pub(crate) struct Noting<'a>(pub(crate) &'a mut Option<Wish>);

impl Look for Noting<'_> {
    fn look_up(
        self,
        key: CacheKey,
        tags: impl Fn() -> Vec<Tag>,
        codec: impl FnOnce() -> Option<Codec>,
    ) -> Result<(Value, Life), Missed> {
        *self.0 = Some(Wish { key, tags: tags(), codec: codec() });
        Err(Miss::Absent.into())
    }
}

/// Was looked for before.
pub(crate) struct Found(pub(crate) Result<(Value, Life), Missed>);

impl Look for Found {
    fn look_up(
        self,
        _key: CacheKey,
        _tags: impl Fn() -> Vec<Tag>,
        _codec: impl FnOnce() -> Option<Codec>,
    ) -> Result<(Value, Life), Missed> {
        self.0
    }
}
