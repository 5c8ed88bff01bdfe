//! Names entries, tags and leases on a server that others use too.

use core::fmt;

use smallvec::SmallVec;

use crate::entry::format;
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::{CacheKey, Fingerprint};
use crate::name::shard::Shard;
use crate::name::tag::{Cardinality, Tag, TagKind};
use crate::protocol::sharding::Sharding;
use crate::protocol::steady::is_steady;
use crate::store::Lease;

mod slot;

/// Names everything of one cache on a server: prefix, kind and a digest, as in `shop:t:{5f…}`.
///
/// Two prefixes share no name, and no name begins another one's: a prefix holds no braces, and what follows it is a
/// kind and a digest in braces. A server that spreads keys by what stands in braces keeps both keys of a tag together, and
/// with those of a table's `any` its notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    entries: Box<str>,
    leases: Box<str>,
    notes: Box<str>,
    tokens: Box<str>,
    polled: Box<str>,
    incarnation: Name,
    changes: Name,
    absent: Option<Name>,
    root: Tag,
    /// Those of the shards, in order: none if they are not in shards.
    shards: Box<[Self]>,
}

/// The name of one key on a server.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(SmallVec<[u8; Name::ROOM]>);

impl Clone for Name {
    #[inline]
    fn clone(&self) -> Self {
        // In one piece: what is derived goes byte by byte.
        Self(SmallVec::from_slice(&self.0))
    }
}

/// The names of a tag's two keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct TagName {
    /// The key of its token.
    pub token: Name,
    /// How many of its kind there may be.
    pub reach: Cardinality,
    /// Whether its changes are [polled](TagKind::is_polled) and not pushed.
    pub is_polled: bool,
    /// Whether a [stamp](crate::protocol::steady) tells of its changes.
    pub is_steady: bool,
}

impl TagName {
    /// The key of the intents beside it. A read has no use for it: it is made for who writes.
    #[must_use]
    pub fn intents(&self) -> Name {
        self.token.of_kind(b'i')
    }
}

/// The names of what is kept of a table as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct TableName {
    /// The tag that every write to it changes.
    pub any: TagName,
    /// The key of the notes beside it.
    pub notes: Name,
}

impl Names {
    const LONGEST_PREFIX: usize = 128;

    /// The names that begin with `prefix`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`] for a prefix that is empty, is longer than 128 bytes, or holds
    /// anything but ASCII letters, digits and `-`, `_`, `.`, `:`, `/`.
    pub fn starting_with(prefix: &str) -> Result<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if prefix.is_empty() || prefix.len() > Self::LONGEST_PREFIX || !prefix.bytes().all(is_allowed) {
            let context = "a prefix is 1 to 128 ASCII letters, digits or any of `-`, `_`, `.`, `:`, `/`";
            return Err(Error::new(ErrorKind::Configuration, context));
        }
        Ok(Self::after(prefix))
    }

    /// The same names with the prefix in braces, as in `{shop}:t:{5f…}`: a server that spreads keys by what stands in the
    /// first braces keeps all of them together.
    ///
    /// # Errors
    ///
    /// As [`starting_with`](Self::starting_with).
    pub fn together(prefix: &str) -> Result<Self> {
        Self::starting_with(prefix)?;
        Ok(Self::in_braces(prefix))
    }

    fn in_braces(prefix: &str) -> Self {
        let prefix = format!("{{{prefix}}}");
        let absent = Some(Name([&prefix, ":absent"].concat().into_bytes().into()));
        Self { absent, ..Self::after(&prefix) }
    }

    /// The same names in shards, each of them [together](Self::together), as in `{shop#5}:t:{5f…}`: no other prefix has a `#`.
    ///
    /// # Errors
    ///
    /// As [`starting_with`](Self::starting_with).
    pub fn in_shards(prefix: &str) -> Result<Self> {
        Self::starting_with(prefix)?;
        let shards = Shard::all().map(|shard| {
            let root = Tag::root().in_shard(shard);
            Self { root, ..Self::in_braces(&format!("{prefix}#{}", shard.digit())) }
        });
        Ok(Self { shards: shards.collect(), ..Self::after(prefix) })
    }

    /// Whether the tables lie in shards of their own.
    #[must_use]
    pub const fn sharding(&self) -> Sharding {
        if self.shards.is_empty() { Sharding::Whole } else { Sharding::ByTable }
    }

    /// Those of each shard, or these alone.
    pub(crate) fn each(&self) -> &[Self] {
        if self.shards.is_empty() { core::slice::from_ref(self) } else { &self.shards }
    }

    /// Which of [them](Self::each) has a name.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn index_of(&self, name: &Name) -> usize {
        let Some(first) = self.shards.first() else { return 0 };
        // The last that stands in the first braces.
        let at = first.entries.find('}').map_or(0, |brace| brace - 1);
        name.0.get(at).and_then(|digit| Shard::of_digit(*digit)).map_or(0, Shard::index)
    }

    /// The slots of a cluster in which they lie: one of names that are [together](Self::together), and one of each shard.
    #[must_use]
    pub fn slots(&self) -> Vec<u16> {
        self.each().iter().filter_map(Self::slot).collect()
    }

    fn of_shard(&self, digest: Fingerprint) -> &Self {
        self.shards.get(digest.shard().index()).unwrap_or(self)
    }

    /// The slot of a cluster in which they lie, if they are [together](Self::together).
    #[must_use]
    pub fn slot(&self) -> Option<u16> {
        let (in_braces, _) = self.absent.as_ref()?.as_str().strip_prefix('{')?.rsplit_once('}')?;
        Some(slot::slot_of(in_braces))
    }

    fn after(prefix: &str) -> Self {
        let starting_with = |kind: &str| [prefix, ":", kind, ":{"].concat().into_boxed_str();
        Self {
            entries: starting_with(&format!("e{}", format::VERSION)),
            leases: starting_with("l"),
            notes: starting_with("n"),
            tokens: starting_with("t"),
            polled: starting_with("w"),
            incarnation: Name([prefix, ":incarnation"].concat().into_bytes().into()),
            changes: Name([prefix, ":changes"].concat().into_bytes().into()),
            absent: None,
            root: Tag::root(),
            shards: Box::default(),
        }
    }

    /// An entry. The version of the format is a part of its name, so that programs that write different ones leave each
    /// other's entries alone.
    #[must_use]
    pub fn entry(&self, key: &CacheKey) -> Name {
        self.entry_of(key.fingerprint())
    }

    /// What the names of all entries begin with, and no other name does.
    #[must_use]
    pub fn start_of_entries(&self) -> &str {
        &self.entries
    }

    /// What the names of all tokens begin with that are pushed when they change, and no other name does.
    #[must_use]
    pub fn start_of_tokens(&self) -> &str {
        &self.tokens
    }

    /// A tag.
    #[must_use]
    pub fn tag(&self, tag: &Tag) -> TagName {
        self.tag_of(tag.fingerprint(), tag.kind())
    }

    /// The tag of the whole cache, or its copy in these names' shard.
    #[cfg(feature = "redis")]
    pub(crate) fn root(&self) -> TagName {
        self.tag(&self.root)
    }

    /// The tag whose token has this name; `None`: it is the name of something else.
    #[must_use]
    pub fn tag_called(&self, name: &[u8]) -> Option<Fingerprint> {
        let digits = name.strip_prefix(self.tokens.as_bytes())?.strip_suffix(b"}")?;
        Fingerprint::of_digits(digits)
    }

    /// What is noted beside a table, which is given by one of its tags: `any`.
    #[must_use]
    pub fn notes(&self, any: &Tag) -> TableName {
        let tag = any.fingerprint();
        TableName { any: self.tag_of(tag, any.kind()), notes: name(&self.of_shard(tag).notes, tag) }
    }

    /// A lease.
    #[must_use]
    pub fn lease(&self, lease: &Lease) -> Name {
        let digest = lease.fingerprint();
        name(&self.of_shard(digest).leases, digest)
    }

    /// Where the server's incarnation is recorded.
    #[must_use]
    pub const fn incarnation(&self) -> &Name {
        &self.incarnation
    }

    /// A key that nobody ever makes, if these names are [together](Self::together). A server that is handing them over to
    /// another one does not answer for a key that is not there: with this one it answers nothing of them at all.
    #[must_use]
    pub const fn absent(&self) -> Option<&Name> {
        self.absent.as_ref()
    }

    /// Where changes are counted, for processes that ask for them.
    pub(crate) const fn changes(&self) -> &Name {
        &self.changes
    }

    /// The change of this number.
    pub(crate) fn change(&self, number: u64) -> Name {
        let mut name = self.changes.clone();
        name.0.extend_from_slice(format!(":{{{number:016x}}}").as_bytes());
        name
    }

    pub(crate) fn entry_of(&self, key: Fingerprint) -> Name {
        name(&self.of_shard(key).entries, key)
    }

    pub(crate) fn tag_of(&self, tag: Fingerprint, kind: TagKind) -> TagName {
        let own = self.of_shard(tag);
        let start = if kind.is_polled() { &own.polled } else { &own.tokens };
        let (is_polled, is_steady) = (kind.is_polled(), is_steady(kind));
        TagName { token: name(start, tag), reach: kind.reach(), is_polled, is_steady }
    }
}

fn name(start: &str, digest: Fingerprint) -> Name {
    let (start, digits) = (start.as_bytes(), digest.digits());
    let mut text = [0; Name::ROOM];
    let Some((first, rest)) = text.split_at_mut_checked(start.len()) else { return long_name(start, &digits) };
    let Some(rest) = rest.first_chunk_mut::<33>() else { return long_name(start, &digits) };
    first.copy_from_slice(start);
    rest[..32].copy_from_slice(&digits);
    rest[32] = b'}';
    Name(SmallVec::from_buf_and_len(text, start.len() + 33))
}

#[cold]
fn long_name(start: &[u8], digits: &[u8]) -> Name {
    Name([start, digits, b"}"].concat().into())
}

impl Name {
    /// As much as may follow a prefix: a kind, and a digest in braces.
    #[cfg(feature = "redis")]
    pub(crate) const END: usize = 48;

    /// The digest in braces, and the colon before it.
    const DIGEST: usize = 35;

    /// So many bytes of a name lie in it: all of them, if the prefix has up to 24. Each read on a server makes half a dozen.
    const ROOM: usize = 64;

    /// The key of another kind with the same digest: `t` is a token, `i` the intents beside it, `n` the notes.
    pub(crate) fn of_kind(&self, letter: u8) -> Self {
        let mut name = self.clone();
        let kind = name.0.len() - Self::DIGEST - 1;
        name.0[kind] = letter;
        name
    }

    /// A number that is the same for all keys with this digest, and spreads them evenly.
    #[cfg(feature = "memcached")]
    pub(crate) fn spread(&self) -> usize {
        let digits = self.0.len().checked_sub(Self::DIGEST - 2).and_then(|start| self.0.get(start..start + 8));
        let digits = digits.and_then(|digits| core::str::from_utf8(digits).ok());
        digits.and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or(0)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("a prefix is ASCII, and so is what follows it")
    }

    /// The name as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Name").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::{KeyBytes, Kind};
    use crate::name::tag::Database;

    fn key() -> CacheKey {
        let part = Fingerprint::of(&[b"part"]);
        CacheKey { space: part, manager: part, kind: Kind::Detail, id: KeyBytes::of("secret@example.com") }
    }

    #[test]
    fn k8_names_do_not_depend_on_the_process() {
        let names = Names::starting_with("shop").unwrap();
        assert_eq!(names.tag(&Tag::root()).token.as_str(), "shop:t:{0efb59b07a403b3b8132abeeac66a4bb}");
        assert_eq!(names.entry(&key()).as_str(), "shop:e2:{34d1be93aa2cefcc01a25d5f63ce8739}");
    }

    #[test]
    fn a_tag_is_known_by_the_name_of_its_token() {
        let names = Names::starting_with("shop").unwrap();
        let (tag, name) = (Tag::root().fingerprint(), names.tag(&Tag::root()));
        assert_eq!(names.tag_called(name.token.as_str().as_bytes()), Some(tag));
        let strange =
            ["shop:t:{0efb59b07a403b3b8132abeeac66a4b}", "shop:t:{0efb59b07a403b3b8132abeeac66a4bG}", "shop:t:{"];
        assert_eq!(name.intents().as_str(), "shop:i:{0efb59b07a403b3b8132abeeac66a4bb}");
        for other in [name.intents().as_str()].into_iter().chain(strange) {
            assert_eq!(names.tag_called(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_tag_that_is_polled_has_a_name_of_which_no_change_is_pushed() {
        let names = Names::starting_with("shop").unwrap();
        let writers = names.tag(&Database::named("shop").table("products").whole(TagKind::Writers));
        assert!(writers.token.as_str().starts_with("shop:w:{"), "{}", writers.token);
        assert!(!writers.token.as_str().starts_with(names.start_of_tokens()));
        assert_eq!(names.tag_called(writers.token.as_str().as_bytes()), None);
        assert_eq!(writers.intents().as_str(), writers.token.as_str().replacen(":w:", ":i:", 1));
    }

    #[test]
    fn b13_prefixes_share_no_name_and_begin_no_other_ones() {
        let prefixes = ["shop", "shop:e2", "shop:t", "shop2", "shop:"];
        let names: Vec<Names> = prefixes.iter().map(|prefix| Names::starting_with(prefix).unwrap()).collect();
        for one in &names {
            for other in names.iter().filter(|other| *other != one) {
                assert_ne!(one.entry(&key()), other.entry(&key()));
                assert!(!other.entry(&key()).as_str().starts_with(one.start_of_entries()));
                assert!(!other.tag(&Tag::root()).token.as_str().starts_with(one.start_of_entries()));
                assert!(!other.notes(&Tag::root()).notes.as_str().starts_with(one.start_of_tokens()));
                assert!(!other.entry(&key()).as_str().starts_with(one.start_of_tokens()));
            }
        }
    }

    #[test]
    fn names_that_are_together_have_one_thing_in_their_first_braces() {
        let names = Names::together("shop").unwrap();
        let (tag, notes) = (names.tag(&Tag::root()), names.notes(&Tag::root()).notes);
        assert_eq!(tag.token.as_str(), "{shop}:t:{0efb59b07a403b3b8132abeeac66a4bb}");
        let own = [&names.entry(&key()), &tag.intents(), &notes, names.incarnation(), names.absent().unwrap()];
        assert!(own.iter().all(|name| name.as_str().starts_with("{shop}:")));
        assert_eq!((names.slot(), Names::starting_with("shop").unwrap().slot()), (Some(slot::slot_of("shop")), None));
        assert_eq!(names.tag_called(tag.token.as_bytes()), Some(Tag::root().fingerprint()));
        assert_eq!(Names::starting_with("shop").unwrap().absent(), None);
        assert!(Names::together("a}b").is_err());
    }

    #[test]
    fn names_in_shards_say_in_which() {
        let names = Names::in_shards("a:b").unwrap();
        let shards = names.each();
        let table = Database::named("shop").table("products");
        let tag = table.whole(TagKind::Any);
        let prefix = format!("{{a:b#{}}}:", tag.shard().digit());
        let named = [names.tag(&tag).token, names.tag(&tag).intents(), names.notes(&tag).notes];
        let row = names.tag(&table.row(KeyBytes::of(&1)));
        for name in named.iter().chain([&row.token]) {
            assert!(name.as_str().starts_with(&prefix), "{name}");
            assert_eq!(names.index_of(name), tag.shard().index());
        }
        assert_eq!(shards[tag.shard().index()].tag(&tag), names.tag(&tag));
        let lease = names.lease(&Lease::of(&key(), &[]));
        assert_eq!(names.index_of(&lease), names.index_of(&names.entry(&key())));
        let mut slots: Vec<_> = shards.iter().map(|names| names.slot().unwrap()).collect();
        slots.sort_unstable();
        slots.dedup();
        assert_eq!((slots.len(), names.slot()), (Shard::COUNT, None));
        let whole = Names::starting_with("a:b").unwrap();
        assert_eq!((whole.each().len(), whole.index_of(&whole.entry(&key()))), (1, 0));
    }

    #[test]
    fn b14_awkward_prefixes_are_refused() {
        let long = "x".repeat(129);
        for prefix in ["", "a b", "a{b", "a*", "é", "a\n", &long] {
            let error = Names::starting_with(prefix).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{prefix}");
        }
    }
}
