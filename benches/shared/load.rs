//! What the processes of a mixed load read and write.

use crate::shop::ROWS;

/// Which rows are wanted how often, and how they are written.
#[derive(Clone, Copy)]
pub struct Load {
    pub name: &'static str,
    pub title: &'static str,
    /// The first so many rows are wanted.
    rows: i32,
    /// So many operations of a hundred write.
    pub writes: u64,
    is_zipf: bool,
    /// Each write is a transaction.
    pub in_transactions: bool,
}

const READS: Load = Load {
    name: "uniform",
    title: "95 reads to 5 writes, all rows alike",
    rows: ROWS,
    writes: 5,
    is_zipf: false,
    in_transactions: false,
};

pub const LOADS: [Load; 4] = [
    READS,
    Load { name: "zipf", title: "95 reads to 5 writes, by Zipf's law", is_zipf: true, ..READS },
    Load {
        name: "transactions",
        title: "95 reads to 5 writes in transactions, by Zipf's law",
        is_zipf: true,
        in_transactions: true,
        ..READS
    },
    Load { name: "hot", title: "80 reads to 20 writes of 100 rows", rows: 100, writes: 20, ..READS },
];

impl Load {
    pub fn named(name: &str) -> Self {
        *LOADS.iter().find(|load| load.name == name).unwrap()
    }
}

/// Chooses rows.
pub struct Choice {
    /// The share of the first row, of the first two, and so on.
    shares: Vec<f64>,
    random: u64,
}

impl Choice {
    pub fn of(load: Load, seed: u64) -> Self {
        let weight = |row: i32| if load.is_zipf { 1.0 / f64::from(row) } else { 1.0 };
        let sum: f64 = (1..=load.rows).map(weight).sum();
        let shares = (1..=load.rows).scan(0.0, |share, row| {
            *share += weight(row) / sum;
            Some(*share)
        });
        Self { shares: shares.collect(), random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// The key of the next row.
    pub fn row(&mut self) -> i32 {
        let share = self.number() as f64 / (1_u64 << 53) as f64;
        let place = self.shares.partition_point(|of| *of < share);
        1 + place.min(self.shares.len() - 1) as i32
    }

    /// Xorshift: 53 bits.
    pub fn number(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}
