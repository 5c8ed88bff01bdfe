//! How long one thing takes beside another, in one run: batches of both in turn, and of each the fastest.
//!
//! A machine that does other work makes batches slower and none faster, so that minima of many come near the truth,
//! and what slows all batches of a run leaves ratios as they are.

use std::time::{Duration, Instant};

/// Two ways to do the same, and what they took.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What is done.
    pub what: String,
    /// The time of one turn of the plain way.
    pub plain: Duration,
    /// The time of one turn of the other way.
    pub other: Duration,
}

impl Compared {
    /// What one of `count` took that a turn did.
    #[must_use]
    pub fn shared_by(self, count: i32) -> Self {
        let count = count.unsigned_abs().max(1);
        Self { plain: self.plain / count, other: self.other / count, ..self }
    }
}

/// One of several ways to do the same, and what it took.
#[derive(Clone, Debug)]
pub struct Raced {
    /// The way.
    pub way: String,
    /// The time of one turn.
    pub taken: Duration,
    /// How many times one turn allocates.
    pub allocations: f64,
}

/// How a measurement goes.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many times each batch is repeated.
    pub batches: usize,
    /// How many turns one batch has.
    pub turns: usize,
}

/// One way to do something.
pub trait Way {
    /// Does it once; this is timed.
    fn turn(&mut self);

    /// Puts things back after a batch; this is not timed.
    fn tidy(&mut self) {}
}

impl<F: FnMut()> Way for F {
    fn turn(&mut self) {
        self();
    }
}

impl Plan {
    /// Measures both ways, batch by batch in turn.
    pub fn compare(self, what: &str, plain: &mut dyn Way, other: &mut dyn Way) -> Compared {
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..self.batches {
            fastest[0] = fastest[0].min(self.batch(plain));
            fastest[1] = fastest[1].min(self.batch(other));
        }
        let [plain, other] = fastest;
        Compared { what: what.to_owned(), plain, other }
    }

    /// Measures all ways, batch by batch in turn; `count` tells how often so many turns of a way allocate.
    pub fn race(self, ways: &mut [(&str, &mut dyn Way)], count: &dyn Fn(&mut dyn Way, usize) -> u64) -> Vec<Raced> {
        let mut fastest = vec![Duration::MAX; ways.len()];
        for _ in 0..self.batches {
            for ((_, way), fastest) in ways.iter_mut().zip(&mut fastest) {
                *fastest = (*fastest).min(self.batch(*way));
            }
        }
        let raced = |((way, turn), taken): (&mut (&str, &mut dyn Way), Duration)| {
            let allocations = count(*turn, self.turns) as f64 / self.turns as f64;
            turn.tidy();
            Raced { way: (*way).to_owned(), taken, allocations }
        };
        ways.iter_mut().zip(fastest).map(raced).collect()
    }

    fn batch(self, way: &mut dyn Way) -> Duration {
        let start = Instant::now();
        for _ in 0..self.turns {
            way.turn();
        }
        let taken = start.elapsed() / u32::try_from(self.turns).unwrap_or(u32::MAX);
        way.tidy();
        taken
    }
}

/// Prints a table in Markdown; `names` are those of the two ways.
pub fn print(title: &str, names: [&str; 2], rows: &[Compared]) {
    println!("\n| {title} | {} ns | {} ns | difference ns | ratio |\n|---|---:|---:|---:|---:|", names[0], names[1]);
    for row in rows {
        let [plain, other] = [row.plain, row.other].map(|taken| taken.as_nanos() as f64);
        println!("| {} | {plain:.0} | {other:.0} | {:.0} | {:.2} |", row.what, other - plain, other / plain);
    }
}

/// Prints a table in Markdown: each way beside the first one.
pub fn print_race(title: &str, rows: &[Raced]) {
    println!("\n| {title} | ns | ratio | allocations |\n|---|---:|---:|---:|");
    let nanos = |row: &Raced| row.taken.as_nanos() as f64;
    for row in rows {
        let ratio = nanos(row) / rows.first().map_or(1.0, nanos);
        println!("| {} | {:.0} | {ratio:.2} | {:.1} |", row.way, nanos(row), row.allocations);
    }
}
