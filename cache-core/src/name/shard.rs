//! Says in which shard of a cache something lies: it is a part of each digest that a server knows something by.
//!
//! What a program does with one row mostly asks for one table: the row, the tags of the table, those of the manager. All of
//! these lie in the shard of the table, whatever the database and the manager are, so that a cache which keeps its shards
//! on several servers asks one of them.

use crate::name::key::Fingerprint;

/// One of the shards that a cache may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard(u8);

impl Shard {
    /// How many there are: as many as a hexadecimal digit says.
    pub const COUNT: usize = 16;

    /// Where what stands for everything lies, if it has no copies elsewhere.
    pub(crate) const FIRST: Self = Self(0);

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    /// The shard of a table.
    #[must_use]
    pub fn of_table(table: &str) -> Self {
        Fingerprint::of(&[b"shard", table.as_bytes()]).shard()
    }

    /// Its number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The number as the digit that its names have.
    #[must_use]
    pub fn digit(self) -> char {
        char::from_digit(self.0.into(), Self::COUNT as u32).unwrap_or('0')
    }

    /// The shard that a digit of a name says.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn of_digit(digit: u8) -> Option<Self> {
        char::from(digit).to_digit(Self::COUNT as u32).map(|number| Self(number as u8))
    }
}

impl Fingerprint {
    /// The shard in which lies what is called so: its first digit.
    #[must_use]
    pub const fn shard(&self) -> Shard {
        Shard(self.as_bytes()[0] >> 4)
    }

    /// The digest, as it is in another shard.
    #[must_use]
    pub fn in_shard(&self, shard: Shard) -> Self {
        let mut bytes = *self.as_bytes();
        bytes[0] = bytes[0] & 0x0f | shard.0 << 4;
        Self::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_digit_of_a_digest_is_its_shard() {
        let digest = Fingerprint::of(&[b"root"]);
        for shard in Shard::all() {
            let moved = digest.in_shard(shard);
            assert_eq!((moved.shard(), moved.in_shard(digest.shard())), (shard, digest));
            let first = moved.digits()[0];
            assert_eq!((char::from(first), Shard::of_digit(first)), (shard.digit(), Some(shard)));
        }
        assert_eq!((Shard::all().count(), Shard::of_digit(b'g')), (Shard::COUNT, None));
    }

    #[test]
    fn tables_lie_in_all_shards() {
        let of = |number: u32| Shard::of_table(&format!("table_{number}")).index();
        let mut counts = [0; Shard::COUNT];
        (0..1_600).for_each(|number| counts[of(number)] += 1);
        assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
    }
}
