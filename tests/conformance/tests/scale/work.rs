//! What programs ask of their caches: which tables, how often, and what each operation reads or changes.

use cache_core::protocol::read::Subject;
use cache_core::protocol::sharding::Sharding;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::Tables;
use cache_core::{Database, Fingerprint, KeyBytes, ManagerTags, Shard, Tag};
use conformance::Dice;

/// Which tables are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Skew {
    /// All alike.
    Even,
    /// The first in so many of a hundred operations, the others alike.
    Hot(u64),
    /// The n-th as often as the first by n.
    Zipf,
}

/// What is done, of a thousand operations. The others read a row.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    pub tables: u64,
    pub skew: Skew,
    /// Those that save a row.
    pub writes: u64,
    /// Those that read a list over two tables.
    pub lists: u64,
}

/// One operation, by the tags that it depends on or changes; of a read also by the number of the manager's table.
#[derive(Debug)]
pub enum Operation {
    Read(u64, Vec<Tag>),
    Write(Vec<Tag>),
}

impl Mix {
    /// So many operations, the same ones each time, on caches that keep their tables so.
    pub fn operations(&self, count: u64, sharding: Sharding) -> Vec<Operation> {
        let mut dice = Dice::new(7);
        (0..count).map(|_| self.operation(&mut dice, sharding)).collect()
    }

    fn operation(&self, dice: &mut Dice, sharding: Sharding) -> Operation {
        let (number, row, drawn) = (self.table(dice), KeyBytes::of(&dice.below(1_000_000)), dice.below(1_000));
        let (table, tables, database) = (format!("table_{number}"), Tables::default(), Database::named("shop"));
        if drawn < self.writes {
            let mut changes = ChangeSet::new();
            changes.add(&table, &Change::Saved { row: Some(row), scopes: None }, &tables);
            return Operation::Write(sharding.written(&changes.tags(&database)));
        }
        let is_list = drawn < self.writes + self.lists;
        let named =
            if is_list { vec![table.clone(), format!("table_{}", self.table(dice))] } else { vec![table.clone()] };
        let space = Fingerprint::of(&[table.as_bytes()]).in_shard(Shard::of_table(&table));
        let manager = ManagerTags::of(space);
        let subject = Subject { database, space, manager, table: &table, named: &named, tables: &tables, sharding };
        Operation::Read(number, if is_list { subject.list(None) } else { subject.found_row(row) })
    }

    fn table(&self, dice: &mut Dice) -> u64 {
        match self.skew {
            Skew::Even => dice.below(self.tables),
            Skew::Hot(share) if dice.below(100) < share => 0,
            Skew::Hot(_) => 1 + dice.below(self.tables - 1),
            Skew::Zipf => self.by_zipf(dice),
        }
    }

    fn by_zipf(&self, dice: &mut Dice) -> u64 {
        const UNIT: u64 = 1_000_000;
        let weight = |number: u64| UNIT / (number + 1);
        let mut drawn = dice.below((0..self.tables).map(weight).sum());
        for number in 0..self.tables {
            match drawn.checked_sub(weight(number)) {
                Some(rest) => drawn = rest,
                None => return number,
            }
        }
        0
    }
}
