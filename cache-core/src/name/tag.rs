//! Names what a write can change: tags, and the tokens that they hold at present.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use std::time::SystemTime;

use crate::name::key::{Fingerprint, KeyBytes};
use crate::name::recent::Recent;
use crate::name::shard::Shard;

/// What a tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TagKind {
    /// A table: every write.
    Any,
    /// A table: a key or a unique value may have come into being.
    Born,
    /// A table: a row was cleared by hand. Nothing depends on it; a fill that reads its row's token late looks at it.
    Cleared,
    /// A database: structure, or anything that is not understood.
    Database,
    /// A manager's rows, cleared by hand.
    Details,
    /// A table: rows vanished, or a key or unique value changed.
    Gone,
    /// A manager's lists, cleared by hand.
    Lists,
    /// The whole cache.
    Root,
    /// One row of a table.
    Row,
    /// A table: existing rows changed, unknown which.
    Rows,
    /// The rows of a table that share a value.
    Scope,
    /// A table: lists of scopes changed, unknown which.
    Spread,
    /// A manager's lists under one suffix, cleared by hand.
    Suffix,
    /// A table: a process that wrote it may have died. No write changes it; processes keep intents beside it.
    Writers,
}

/// How many tags of a kind there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cardinality {
    /// As many as there are rows, values and suffixes that anybody asks for: outsiders choose the number.
    Narrow,
    /// As many as the schema and the program call for.
    Wide,
}

impl fmt::Display for TagKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Any => "any",
            Self::Born => "born",
            Self::Cleared => "cleared",
            Self::Database => "database",
            Self::Details => "details",
            Self::Gone => "gone",
            Self::Lists => "lists",
            Self::Root => "root",
            Self::Row => "row",
            Self::Rows => "rows",
            Self::Scope => "scope",
            Self::Spread => "spread",
            Self::Suffix => "suffix",
            Self::Writers => "writers",
        })
    }
}

impl TagKind {
    /// How many tags of the kind there may be.
    #[must_use]
    pub const fn reach(self) -> Cardinality {
        match self {
            Self::Row | Self::Scope | Self::Suffix => Cardinality::Narrow,
            _ => Cardinality::Wide,
        }
    }

    /// A number that is the same in every build.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Any => 1,
            Self::Born => 2,
            Self::Cleared => 3,
            Self::Database => 4,
            Self::Details => 5,
            Self::Gone => 6,
            Self::Lists => 7,
            Self::Root => 8,
            Self::Row => 9,
            Self::Rows => 10,
            Self::Scope => 11,
            Self::Spread => 12,
            Self::Suffix => 13,
            Self::Writers => 14,
        }
    }

    /// Whether a store does not push changes of the token, and near memory asks for it with each heartbeat. Intents come
    /// and go beside such a tag all the time, and end nothing that is not due.
    #[must_use]
    pub const fn is_polled(self) -> bool {
        matches!(self, Self::Writers)
    }

    /// The kind whose [code](Self::code) is `code`.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Any,
            2 => Self::Born,
            3 => Self::Cleared,
            4 => Self::Database,
            5 => Self::Details,
            6 => Self::Gone,
            7 => Self::Lists,
            8 => Self::Root,
            9 => Self::Row,
            10 => Self::Rows,
            11 => Self::Scope,
            12 => Self::Spread,
            13 => Self::Suffix,
            14 => Self::Writers,
            _ => return None,
        })
    }
}

/// A name for something that a write can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    kind: TagKind,
    owner: Fingerprint,
    id: KeyBytes,
}

impl Tag {
    /// The tag of the whole cache.
    #[must_use]
    pub fn root() -> Self {
        static OWNER: LazyLock<Fingerprint> = LazyLock::new(|| Fingerprint::of(&[b"root"]).in_shard(Shard::FIRST));
        Self { kind: TagKind::Root, owner: *OWNER, id: KeyBytes::EMPTY }
    }

    /// The name that stores outside of this process know the tag by.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        /// Tags of tables and managers are few, and each look-up on a server names most of them again. Those of rows are many:
        /// a miss, or a write, names its own ones a few times.
        const OF_TABLES: usize = 32;
        const OF_ROWS: usize = 8;
        thread_local! {
            static TABLES: RefCell<Recent<Tag, Fingerprint, OF_TABLES>> = const { RefCell::new(Recent::new()) };
            static ROWS: RefCell<Recent<Tag, Fingerprint, OF_ROWS>> = const { RefCell::new(Recent::new()) };
        }
        let parts = [b"tag", &[self.kind.code()][..], self.owner.as_bytes(), self.id.as_bytes()];
        let digest = || Fingerprint::of(&parts).in_shard(self.shard());
        let mixed = self.owner.as_bytes()[0].wrapping_mul(13).wrapping_add(self.kind.code());
        let recent = if self.id == KeyBytes::EMPTY {
            TABLES.try_with(|recent| recent.borrow_mut().of(mixed.into(), self, digest))
        } else {
            let slot = usize::from(mixed ^ self.id.as_bytes()[0]);
            ROWS.try_with(|recent| recent.borrow_mut().of(slot, self, digest))
        };
        recent.unwrap_or_else(|_| digest())
    }

    /// The shard in which the tag lies.
    #[must_use]
    pub const fn shard(&self) -> Shard {
        self.owner.shard()
    }

    /// The copy of the tag in a shard.
    pub(crate) fn in_shard(mut self, shard: Shard) -> Self {
        self.owner = self.owner.in_shard(shard);
        self
    }

    /// Whether the tag is `other`, or its copy in another shard.
    pub(crate) fn is_copy_of(&self, other: &Self) -> bool {
        self.in_shard(other.shard()) == *other
    }

    /// Whether every write to a table changes the tag.
    pub(crate) const fn is_any(&self) -> bool {
        matches!(self.kind, TagKind::Any)
    }

    /// What the tag stands for.
    #[must_use]
    pub const fn kind(&self) -> TagKind {
        self.kind
    }

    /// The tag of those who write the table of which this tag stands for a part; `None`: it is not of a table. Whatever
    /// depends on the one depends on the other.
    #[must_use]
    pub const fn writers(&self) -> Option<Self> {
        use TagKind::{Any, Born, Cleared, Gone, Row, Rows, Scope, Spread, Writers};
        match self.kind {
            Any | Born | Cleared | Gone | Row | Rows | Scope | Spread | Writers => {
                Some(TableTags(self.owner).whole(Writers))
            }
            _ => None,
        }
    }

    pub(crate) const fn is_narrow(&self) -> bool {
        matches!(self.kind.reach(), Cardinality::Narrow)
    }

    /// How many bytes name a tag in full.
    const SIZE: usize = 1 + 16 + KeyBytes::SIZE;

    /// Appends what names the tag in full: a fixed number of bytes.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.kind.code());
        bytes.extend(self.owner.as_bytes());
        bytes.extend(self.id.as_bytes());
    }

    /// Reads a tag off the front of `bytes`; `None`: there is none.
    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (own, rest) = bytes.split_first_chunk::<{ Self::SIZE }>()?;
        let (owner, id) = own[1..].split_first_chunk()?;
        let kind = TagKind::from_code(own[0])?;
        *bytes = rest;
        Some(Self { kind, owner: Fingerprint::from_bytes(*owner), id: KeyBytes::from_bytes(id.try_into().ok()?) })
    }
}

impl Hash for Tag {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The owner is a digest already.
        state.write_u64(self.owner.words() ^ self.kind as u64);
        self.id.hash_words(state);
    }
}

/// The name that all addresses of one database share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Database(Fingerprint);

impl Database {
    /// The database called `name`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(Fingerprint::of(&[b"database", name.as_bytes()]).in_shard(Shard::FIRST))
    }

    /// The tag of everything in the database.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        Tag { kind: TagKind::Database, owner: self.0, id: KeyBytes::EMPTY }
    }

    /// The tags of `table`.
    #[must_use]
    pub fn table(&self, table: &str) -> TableTags {
        type Recent = Option<(Database, Box<str>, TableTags)>;
        thread_local! {
            static RECENT: RefCell<[Recent; 16]> = const { RefCell::new([const { None }; 16]) };
        }
        let digest = || Fingerprint::of(&[b"table", self.0.as_bytes(), table.as_bytes()]);
        let owned = || TableTags(digest().in_shard(Shard::of_table(table)));
        // Every write names its tables twice, and mostly the same ones.
        let slot = table.bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 16;
        let recent = RECENT.try_with(|recent| match &mut recent.borrow_mut()[slot] {
            Some((database, name, tags)) if database == self && **name == *table => *tags,
            other => other.insert((*self, table.into(), owned())).2,
        });
        recent.unwrap_or_else(|_| owned())
    }
}

/// The tags of one table of one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableTags(Fingerprint);

impl TableTags {
    /// A tag that stands for a whole aspect of the table.
    #[must_use]
    pub const fn whole(&self, kind: TagKind) -> Tag {
        Tag { kind, owner: self.0, id: KeyBytes::EMPTY }
    }

    /// The shard in which all of them lie.
    pub(crate) const fn shard(&self) -> Shard {
        self.0.shard()
    }

    /// The tags that stand for the table, one or another of which everything depends on that depends on a part of it.
    #[must_use]
    pub fn wide(&self) -> [Tag; 4] {
        [TagKind::Born, TagKind::Gone, TagKind::Rows, TagKind::Spread].map(|kind| self.whole(kind))
    }

    /// Whether `tag` stands for a part of the table: it changes with some writes, and not with every one.
    pub(crate) fn has_part(&self, tag: &Tag) -> bool {
        let is_part = !matches!(tag.kind, TagKind::Any | TagKind::Cleared | TagKind::Writers);
        is_part && tag.owner == self.0
    }

    /// One row, named by its primary key.
    #[must_use]
    pub const fn row(&self, key: KeyBytes) -> Tag {
        Tag { kind: TagKind::Row, owner: self.0, id: key }
    }

    /// The rows whose `columns` hold `value`.
    #[must_use]
    pub fn scope(&self, columns: &[&str], value: KeyBytes) -> Tag {
        Tag { kind: TagKind::Scope, owner: self.0, id: KeyBytes::of(&(columns, value)) }
    }
}

/// The tags of one manager, changed by hand; they are the same for every database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagerTags(Fingerprint);

impl ManagerTags {
    /// The tags of the manager that is called `manager`.
    #[must_use]
    pub const fn of(manager: Fingerprint) -> Self {
        Self(manager)
    }

    /// All rows of the manager.
    #[must_use]
    pub const fn details(&self) -> Tag {
        Tag { kind: TagKind::Details, owner: self.0, id: KeyBytes::EMPTY }
    }

    /// All lists of the manager, scopes and counts included.
    #[must_use]
    pub const fn lists(&self) -> Tag {
        Tag { kind: TagKind::Lists, owner: self.0, id: KeyBytes::EMPTY }
    }

    /// What is kept under `id`.
    #[must_use]
    pub(crate) const fn one(&self, id: KeyBytes) -> Tag {
        Tag { kind: TagKind::Suffix, owner: self.0, id }
    }

    /// The lists under `suffix`.
    #[must_use]
    pub fn suffix(&self, suffix: &str) -> Tag {
        Tag { kind: TagKind::Suffix, owner: self.0, id: KeyBytes::of(suffix) }
    }
}

/// The random number that a tag holds at present. Equal tokens mean that nothing was written between.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(u64);

impl Token {
    /// A token that no tag ever held.
    ///
    /// Counted from a random start and mixed by a bijection (SplitMix64): distinct in this process by
    /// construction, and by chance elsewhere. A process that was forked counts from a start of its own.
    #[must_use]
    pub fn fresh() -> Self {
        Self(SOURCE.next(std::process::id()))
    }

    /// The same, for a store in the memory of this process: a process that was forked has a memory of its own, and who
    /// this is need not be asked.
    pub(crate) fn fresh_in_memory() -> Self {
        Self(SOURCE.next_in_memory())
    }

    /// The token that is `bits`, as it is told to other processes.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The token as a number.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

static SOURCE: TokenSource = TokenSource::new();

/// Numbers that do not come twice.
struct TokenSource {
    /// Whose numbers these are: memory is the same in a process and in those that were forked from it.
    process: AtomicU32,
    next: AtomicU64,
}

impl TokenSource {
    const fn new() -> Self {
        // No process has this number.
        Self { process: AtomicU32::new(0), next: AtomicU64::new(0) }
    }

    fn next(&self, process: u32) -> u64 {
        if self.process.load(Ordering::Acquire) != process {
            // Added, not set: what another thread does here at the same time must not begin anew.
            self.next.fetch_add(start_of(process), Ordering::Relaxed);
            self.process.store(process, Ordering::Release);
        }
        self.count()
    }

    fn next_in_memory(&self) -> u64 {
        if self.process.load(Ordering::Acquire) == 0 { self.next(std::process::id()) } else { self.count() }
    }

    fn count(&self) -> u64 {
        let mut mixed = self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A random number. The random state of a process that was forked is its parent's: its number and the time differ.
fn start_of(process: u32) -> u64 {
    RandomState::new().hash_one((process, SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_tokens_are_distinct() {
        let tokens: std::collections::HashSet<Token> = (0..10_000).map(|_| Token::fresh()).collect();
        assert_eq!(tokens.len(), 10_000);
    }

    #[test]
    fn a_process_and_those_that_were_forked_from_it_have_no_token_in_common() {
        let parent = TokenSource::new();
        let mut tokens: Vec<u64> = (0..10).map(|_| parent.next(7)).collect();
        let fork = || TokenSource {
            process: AtomicU32::new(parent.process.load(Ordering::SeqCst)),
            next: AtomicU64::new(parent.next.load(Ordering::SeqCst)),
        };
        for (process, source) in [(8, fork()), (9, fork()), (7, fork())] {
            tokens.extend((0..1_000).map(|_| source.next(process)));
        }
        let distinct: std::collections::HashSet<u64> = tokens.iter().copied().collect();
        assert_eq!(distinct.len(), tokens.len());
    }

    #[test]
    fn kinds_and_codes_go_both_ways() {
        let kinds = (0..=u8::MAX).filter_map(|code| TagKind::from_code(code).map(|kind| (kind, code)));
        assert_eq!(kinds.clone().count(), 14);
        assert!(kinds.into_iter().all(|(kind, code)| kind.code() == code));
    }

    #[test]
    fn m6_equal_ids_of_different_tables_have_different_tags() {
        let database = Database::named("shop");
        let key = KeyBytes::of(&1_i32);
        assert_ne!(database.table("products").row(key), database.table("tags").row(key));
    }

    #[test]
    fn scopes_of_different_columns_differ() {
        let table = Database::named("shop").table("products");
        let (one, two) = (KeyBytes::of(&1), KeyBytes::of(&(1, 2)));
        assert_ne!(table.scope(&["a", "b"], two), table.scope(&["ab"], two));
        assert_ne!(table.scope(&["a"], one), table.scope(&["b"], one));
    }
}
