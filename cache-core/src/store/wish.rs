//! Holds what is asked of a store, for somebody else to ask it.

use crate::entry::codec::Codec;
use crate::name::key::CacheKey;
use crate::name::tag::Tag;
use crate::store::{Dependencies, Wanted};

/// An entry that is wanted, with all that a store may ask for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Its name.
    pub key: CacheKey,
    /// Every tag that it may depend on.
    pub tags: Vec<Tag>,
    /// Reads its bytes; `None`: it is kept in memory only.
    pub codec: Option<Codec>,
}

impl Wish {
    /// Gives `work` what a store is asked by.
    pub fn with<T>(&self, work: impl FnOnce(&Wanted<'_>) -> T) -> T {
        work(&Wanted { key: self.key, tags: &|| self.tags.clone(), codec: self.codec })
    }

    /// The same for several.
    pub fn with_all<'a, T>(wishes: impl IntoIterator<Item = &'a Self>, work: impl FnOnce(&[Wanted<'_>]) -> T) -> T {
        let (wishes, tags): (Vec<&Self>, Vec<_>) = wishes.into_iter().map(|wish| (wish, || wish.tags.clone())).unzip();
        let tags = tags.iter().map(|tags| tags as &dyn Dependencies);
        let wanted = |(wish, tags): (&&Self, _)| Wanted { key: wish.key, tags, codec: wish.codec };
        let wanted: Vec<Wanted<'_>> = wishes.iter().zip(tags).map(wanted).collect();
        work(&wanted)
    }
}
