//! Names values: the version and the prefix of a handle, and the key.

use std::sync::LazyLock;

use crate::entry::codec::Codec;
use crate::name::key::{CacheKey, Fingerprint, KeyBytes, Kind};
use crate::name::tag::Tag;

/// A version and a prefix. Values in different places do not meet, whatever their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Namespace {
    prefix: Fingerprint,
    version: u32,
    digest: Fingerprint,
}

impl Namespace {
    /// The first version, without a prefix.
    pub(crate) fn first() -> Self {
        static FIRST: LazyLock<Namespace> = LazyLock::new(|| Namespace::of(Fingerprint::of(&[b"values"]), 1));
        *FIRST
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn with_version(&self, version: u32) -> Self {
        Self::of(self.prefix, version)
    }

    /// The place beside this one whose prefix is longer by `prefix`.
    pub(crate) fn with_prefix(&self, prefix: &str) -> Self {
        Self::of(Fingerprint::of(&[b"prefix", self.prefix.as_bytes(), prefix.as_bytes()]), self.version)
    }

    /// The name of a value. No manager has an entry of this kind.
    #[inline]
    pub(crate) fn key(&self, key: &str) -> CacheKey {
        CacheKey { space: self.prefix, manager: self.digest, kind: Kind::Value, id: KeyBytes::of(key) }
    }

    /// What computed values of one `label` are kept under.
    pub(crate) fn computed(&self, label: &str) -> Fingerprint {
        Fingerprint::of(&[b"computed", self.digest.as_bytes(), label.as_bytes(), &[Codec::FORMAT]])
    }

    /// The name of the computed value `id` of a type called `form`, of a label that is kept under `manager`.
    pub(crate) fn computed_key(&self, form: u64, manager: Fingerprint, id: KeyBytes) -> CacheKey {
        CacheKey { space: self.prefix.under(form), manager, kind: Kind::Computed, id }
    }

    fn of(prefix: Fingerprint, version: u32) -> Self {
        let digest = Fingerprint::of(&[b"version", prefix.as_bytes(), &version.to_le_bytes()]);
        // A value depends on the tag of the whole cache alone, and lies beside it.
        Self { prefix, version, digest: digest.in_shard(Tag::root().shard()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b13_places_do_not_meet() {
        let first = Namespace::first();
        let places = [
            first,
            first.with_version(2),
            first.with_prefix("a"),
            first.with_prefix("a").with_version(2),
            first.with_prefix("a").with_prefix("b"),
            first.with_prefix("ab"),
            first.with_prefix(""),
        ];
        for (at, one) in places.iter().enumerate() {
            let others = places.iter().enumerate().filter(|(other, _)| *other != at);
            others.for_each(|(_, other)| assert_ne!(one.key("k"), other.key("k")));
        }
        assert_eq!(first.with_version(2).with_prefix("a").key("k"), first.with_prefix("a").with_version(2).key("k"));
        assert_eq!(first.with_version(2).with_version(1).key("k"), first.key("k"));
    }

    #[test]
    fn k8_names_do_not_depend_on_the_process() {
        assert_eq!(format!("{:?}", Namespace::first().key("lamp").fingerprint()), "04d7b935c4ac2f65b0efd10dbe13c0e9");
    }
}
