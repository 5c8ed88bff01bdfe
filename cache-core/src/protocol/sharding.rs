//! Decides on which copies of what stands for everything a read depends, and which of them a write changes, where the
//! tables of a cache lie in shards of their own.
//!
//! The tag of the whole cache and that of a database have a copy in each shard. A write changes all of them. A read
//! depends on those beside the other tags that it depends on: a server that goes back to an older state changes the
//! copies in its own shards before anything is read there, and tokens that it has brought back end nothing in others.
//! So what lies in one shard is compared by one server, and each token for itself: a token is compared with the one that
//! was read at some moment of the look-up, which began after every write that had returned.

use crate::name::shard::Shard;
use crate::name::tag::{Database, Tag, TagKind, Token};

/// Whether the tables of a cache lie in shards of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sharding {
    /// They do, and what stands for everything has a copy in each shard.
    ByTable,
    /// They lie together.
    #[default]
    Whole,
}

impl Sharding {
    /// The tag of the whole cache for what depends on nothing but tags that lie where `tag` does.
    #[must_use]
    pub fn root_beside(self, tag: &Tag) -> Tag {
        self.copy(Tag::root(), tag.shard())
    }

    /// The tags with which the structure of `database` changes, for what depends on nothing but tags that lie where `tag`
    /// does.
    #[must_use]
    pub fn structure_beside(self, database: &Database, tag: &Tag) -> [Tag; 2] {
        [Tag::root(), database.tag()].map(|of| self.copy(of, tag.shard()))
    }

    /// What a read depends on: those of `tags` that stand for everything are replaced by their copies beside the others, or
    /// by themselves if there are no others. It does not matter by which cache's sharding `tags` were named.
    #[must_use]
    pub fn read(self, tags: Vec<Tag>) -> Vec<Tag> {
        let is_named = |tag: &Tag| !has_copies(tag) || tag.shard() == Shard::FIRST;
        match self {
            Self::Whole if tags.iter().all(is_named) => tags,
            Self::Whole => replaced(&tags, &[Shard::FIRST]),
            Self::ByTable => {
                let others = || tags.iter().filter(|tag| !has_copies(tag));
                let shards: Vec<Shard> =
                    Shard::all().filter(|shard| others().any(|tag| tag.shard() == *shard)).collect();
                replaced(&tags, if shards.is_empty() { &[Shard::FIRST] } else { &shards })
            }
        }
    }

    /// What a write changes: all copies of those of `tags` that have any.
    #[must_use]
    pub fn written(self, tags: &[Tag]) -> Vec<Tag> {
        match self {
            Self::Whole => tags.to_vec(),
            Self::ByTable => replaced(tags, &Shard::all().collect::<Vec<_>>()),
        }
    }

    /// Whether what a write changes of `tag` is more than itself.
    #[must_use]
    pub fn is_multiple(self, tag: &Tag) -> bool {
        self == Self::ByTable && has_copies(tag)
    }

    fn copy(self, tag: Tag, shard: Shard) -> Tag {
        if self.is_multiple(&tag) { tag.in_shard(shard) } else { tag }
    }
}

/// `tags`, with the copies in these shards of those that have any.
fn replaced(tags: &[Tag], shards: &[Shard]) -> Vec<Tag> {
    let mut replaced = Vec::with_capacity(tags.len() + 2 * shards.len());
    for (at, tag) in tags.iter().enumerate() {
        if !has_copies(tag) {
            replaced.push(*tag);
        } else if tags[..at].iter().all(|before| !before.is_copy_of(tag)) {
            replaced.extend(shards.iter().map(|shard| tag.in_shard(*shard)));
        }
    }
    replaced
}

/// The tokens among `known` ones of what changes with the structure of `database`: those of a copy in each shard that is among
/// them. Every DDL changes all copies before it returns, so that any of these tells whether there was one.
#[must_use]
pub fn structures_in(database: &Database, known: &[(Tag, Token)]) -> Vec<[Token; 2]> {
    let token = |wanted: Tag| known.iter().find(|(tag, _)| *tag == wanted).map(|(_, token)| *token);
    let copies = known.iter().filter(|(tag, _)| tag.is_copy_of(&database.tag()));
    let with_root = |(tag, held): &(Tag, Token)| {
        let root = root_among(known.iter().map(|(tag, _)| tag), tag.shard())?;
        Some([token(root)?, *held])
    };
    copies.filter_map(with_root).collect()
}

/// That of `tags` which stands for the whole cache, for what lies in `shard`.
pub(crate) fn root_among<'t>(tags: impl Iterator<Item = &'t Tag> + Clone, shard: Shard) -> Option<Tag> {
    let mut roots = tags.filter(|tag| tag.kind() == TagKind::Root);
    let beside = roots.clone().find(|root| root.shard() == shard);
    beside.or_else(|| roots.find(|root| root.shard() == Shard::FIRST)).copied()
}

const fn has_copies(tag: &Tag) -> bool {
    matches!(tag.kind(), TagKind::Database | TagKind::Root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> [Tag; 2] {
        let database = Database::named("shop");
        let table = |number: usize| database.table(&format!("t{number}")).whole(TagKind::Any);
        let other = (1..).map(table).find(|other| other.shard() != table(0).shard());
        [table(0), other.unwrap_or(table(0))]
    }

    fn structure() -> [Tag; 2] {
        [Tag::root(), Database::named("shop").tag()]
    }

    #[test]
    fn a_read_depends_on_the_copies_where_its_other_tags_lie() {
        let ([one, other], [root, database]) = (tables(), structure());
        let copies = |of: &[Tag]| {
            let mut shards: Vec<Shard> = of.iter().map(Tag::shard).collect();
            shards.sort_unstable();
            let copies = |tag: Tag| shards.iter().map(move |shard| tag.in_shard(*shard)).collect::<Vec<_>>();
            [of.to_vec(), copies(root), copies(database)].concat()
        };
        let sharded = Sharding::ByTable;
        assert_eq!(sharded.read(vec![one, root, database]), copies(&[one]));
        assert_eq!(sharded.read(vec![one, other, root, database]), copies(&[one, other]));
        assert_eq!(sharded.read(vec![root, database]), [root, database]);
        assert_eq!(Sharding::Whole.read(vec![one, other, root]), [one, other, root]);
        let of_both = sharded.read(vec![one, other, root, database]);
        assert_eq!(Sharding::Whole.read(of_both.clone()), [one, other, root, database]);
        assert_eq!(sharded.read(of_both.clone()), of_both);
    }

    #[test]
    fn a_write_changes_all_copies() {
        let ([one, _], [root, database]) = (tables(), structure());
        let changed = Sharding::ByTable.written(&[root, one, database]);
        assert_eq!(changed.len(), 1 + 2 * Shard::COUNT);
        assert!(changed.contains(&root) && changed.contains(&database) && changed.contains(&one));
        assert_eq!(Sharding::Whole.written(&[root, one]), [root, one]);
    }

    #[test]
    fn whatever_a_read_depends_on_is_changed_by_a_write_of_everything() {
        let ([one, other], structure) = (tables(), structure());
        for sharding in [Sharding::ByTable, Sharding::Whole] {
            let changed = sharding.written(&structure);
            for tags in [vec![one], vec![one, other], vec![]] {
                let read = sharding.read([tags.clone(), structure.to_vec()].concat());
                let is_of_everything = |tag: &&Tag| changed.contains(tag);
                assert_eq!(read.iter().filter(is_of_everything).count(), read.len() - tags.len());
                assert!(tags.iter().all(|tag| read.contains(&sharding.root_beside(tag))));
            }
        }
    }

    #[test]
    fn the_structure_is_found_among_what_a_read_depends_on() {
        let ([one, other], [root, tag], database) = (tables(), structure(), Database::named("shop"));
        let held = |tags: &[Tag]| -> Vec<(Tag, Token)> {
            tags.iter().enumerate().map(|(at, tag)| (*tag, Token::from_bits(at as u64))).collect()
        };
        for (sharding, count) in [(Sharding::ByTable, 2), (Sharding::Whole, 1)] {
            let known = held(&sharding.read(vec![other, one, tag, root]));
            let token = |wanted: Tag| known.iter().find(|(tag, _)| *tag == wanted).unwrap().1;
            let found = structures_in(&database, &known);
            assert_eq!(found.len(), count);
            for table in [one, other] {
                assert!(found.contains(&sharding.structure_beside(&database, &table).map(token)));
                let tags = known.iter().map(|(tag, _)| tag);
                assert_eq!(root_among(tags, table.shard()), Some(sharding.root_beside(&table)));
            }
        }
        assert!(structures_in(&Database::named("other"), &held(&[root, tag])).is_empty());
        assert!(structures_in(&database, &held(&[tag])).is_empty());
    }
}
