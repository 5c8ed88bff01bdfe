//! Shows how far the load is, and what came out, as text.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _, stderr};
use std::time::{Duration, Instant};

use crate::monitor::quantile;

/// What came out of one half.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    /// Of each request, in order.
    pub(crate) times: Vec<Duration>,
    pub(crate) statements: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) invalidations: u64,
}

impl Outcome {
    pub(crate) fn a_second(&self, count: u64) -> f64 {
        count as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn count(&self) -> u64 {
        self.times.len() as u64
    }
}

/// A bar of progress on standard error.
#[derive(Debug)]
pub(crate) struct Bar {
    began: Instant,
    time: Duration,
}

impl Bar {
    pub(crate) fn new(time: Duration) -> Self {
        Self { began: Instant::now(), time }
    }

    pub(crate) fn show(&self) {
        const WIDTH: usize = 40;
        if !stderr().is_terminal() {
            return;
        }
        let part = (self.began.elapsed().as_secs_f64() / self.time.as_secs_f64()).min(1.0);
        let full = (part * WIDTH as f64) as usize;
        eprint!("\r[{}{}] {:3.0} %", "#".repeat(full), ".".repeat(WIDTH - full), part * 100.0);
        // A bar that cannot be shown is no reason to end.
        drop(stderr().flush());
    }

    pub(crate) fn end(&self) {
        self.show();
        if stderr().is_terminal() {
            eprintln!();
        }
    }
}

/// A table and a plot.
pub(crate) fn report(cached: &Outcome, plain: &Outcome) -> String {
    let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    let each = |outcome: &Outcome| format!("{:.2}", outcome.statements as f64 / outcome.count().max(1) as f64);
    let ratio = |outcome: &Outcome| {
        let reads = outcome.hits + outcome.misses;
        format!("{:.1} %", outcome.hits as f64 * 100.0 / reads.max(1) as f64)
    };
    let rows: [(&str, [String; 2]); 7] = [
        ("requests a second", [cached, plain].map(|half| format!("{:.0}", half.a_second(half.count())))),
        ("p50", [cached, plain].map(|half| milliseconds(quantile(&half.times, 0.5)))),
        ("p99", [cached, plain].map(|half| milliseconds(quantile(&half.times, 0.99)))),
        ("statements a second", [cached, plain].map(|half| format!("{:.0}", half.a_second(half.statements)))),
        ("statements a request", [cached, plain].map(each)),
        ("hit ratio", [cached, plain].map(ratio)),
        ("invalidations", [cached, plain].map(|half| half.invalidations.to_string())),
    ];
    let mut text = format!("\n{:<22}{:>12}{:>12}\n", "", "cached", "not cached");
    for (name, [cached, plain]) in rows {
        // A `String` takes whatever is written.
        _ = writeln!(text, "{name:<22}{cached:>12}{plain:>12}");
    }
    text.push('\n');
    text.push_str(&plot(cached, plain));
    text
}

/// How many requests took how long: a line for each doubling.
fn plot(cached: &Outcome, plain: &Outcome) -> String {
    const WIDTH: usize = 30;
    let bucket = |time: &Duration| (time.as_micros().max(1).ilog2() as usize).saturating_sub(5).min(14);
    let counts = |outcome: &Outcome| {
        let mut counts = [0_usize; 15];
        outcome.times.iter().for_each(|time| counts[bucket(time)] += 1);
        counts
    };
    let (cached, plain) = (counts(cached), counts(plain));
    let most = |counts: &[usize]| counts.iter().copied().max().unwrap_or_default().max(1);
    let (most_cached, most_plain) = (most(&cached), most(&plain));
    let used = |place: &usize| cached[*place] + plain[*place] > 0;
    let (first, last) = ((0..15).find(used).unwrap_or(0), (0..15).rfind(used).unwrap_or(0));
    let mut text = format!("{:>10}  {:<WIDTH$}  {}\n", "up to", "cached", "not cached");
    for place in first..=last {
        let bar = |count: usize, most: usize| "#".repeat((count * WIDTH).div_ceil(most));
        let end = Duration::from_micros(64 << place).as_secs_f64() * 1000.0;
        let (one, two) = (bar(cached[place], most_cached), bar(plain[place], most_plain));
        _ = writeln!(text, "{end:>7.2} ms  {one:<WIDTH$}  {two}");
    }
    text
}
