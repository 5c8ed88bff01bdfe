//! Runs programs until one fails, and makes that one small.

use core::fmt;
use core::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::check;
use crate::generate;
use crate::planted::Defect;
use crate::program::Program;

/// Which programs are run.
#[derive(Clone, Debug)]
pub struct Seeds {
    range: Range<u32>,
    /// Whether they compute values from what they read.
    computes: bool,
}

impl Seeds {
    pub fn below(end: u32) -> Self {
        Self { range: 0..end, computes: false }
    }

    pub fn only(seed: u32) -> Self {
        Self { range: seed..seed + 1, computes: false }
    }

    pub fn computing(self) -> Self {
        Self { computes: true, ..self }
    }

    /// Of programs that compute, as many as the environment says, or all below `default`.
    pub fn of_computing(default: u32) -> Self {
        Self::below(std::env::var("PROPERTY_COMPUTED").map_or(default, |text| text.parse().unwrap())).computing()
    }

    fn programs(&self) -> BoxedStrategy<Program> {
        let programs = generate::program();
        if self.computes { programs.prop_map(Program::computing).boxed() } else { programs }
    }

    /// What the environment says, or all below `default`.
    pub fn from_environment(default: u32) -> Self {
        let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>().unwrap());
        match number("PROPERTY_SEED") {
            Some(seed) => Self::only(seed),
            None => Self::below(number("PROPERTY_PROGRAMS").unwrap_or(default)),
        }
    }
}

/// A program that read something else than the database has.
#[derive(Debug)]
pub struct Failure {
    pub seed: u32,
    pub program: Program,
    what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "PROPERTY_SEED={} fails; the smallest program found:", self.seed)?;
        write!(formatter, "{}{}", self.program, self.what)
    }
}

/// The failure of the lowest seed that fails.
pub fn first_failure(seeds: Seeds, defect: Option<Defect>) -> Option<Failure> {
    let programs = seeds.programs();
    let seed = lowest_failing(seeds, defect)?;
    Some(smallest(tree_of(&programs, seed), seed, defect))
}

/// The lowest seed that fails.
pub fn lowest_failing(seeds: Seeds, defect: Option<Defect>) -> Option<u32> {
    let (next, lowest) = (AtomicU32::new(seeds.range.start), AtomicU32::new(seeds.range.end));
    // Every seed below one that failed was taken before, and its program is run to the end.
    let work = || {
        let programs = seeds.programs();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= lowest.load(Ordering::SeqCst) {
                break;
            }
            if run(&tree_of(&programs, seed).current(), defect).is_some() {
                lowest.fetch_min(seed, Ordering::SeqCst);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let seed = lowest.into_inner();
    (seed < seeds.range.end).then_some(seed)
}

/// The lowest seed that fails on this thread.
pub fn first_to_fail_here(seeds: Seeds) -> Option<u32> {
    let programs = seeds.programs();
    seeds.range.into_iter().find(|seed| run(&tree_of(&programs, *seed).current(), None).is_some())
}

/// The program of `seed`, and how it becomes smaller.
pub fn tree_of<S: Strategy>(programs: &S, seed: u32) -> S::Tree {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    programs.new_tree(&mut TestRunner::new_with_rng(Config::default(), rng)).unwrap()
}

/// Makes a program that fails smaller, as long as it fails.
fn smallest(mut tree: impl ValueTree<Value = Program>, seed: u32, defect: Option<Defect>) -> Failure {
    const MOST_TRIES: usize = 3_000;
    let program = tree.current();
    let what = run(&program, defect).unwrap_or_else(|| "it fails from time to time".to_owned());
    let mut smallest = Failure { seed, program, what };
    let mut is_smaller = tree.simplify();
    for _ in 0..MOST_TRIES {
        if !is_smaller {
            break;
        }
        let program = tree.current();
        is_smaller = match run(&program, defect) {
            Some(what) => {
                smallest = Failure { seed, program, what };
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    smallest
}

/// What went wrong.
fn run(program: &Program, defect: Option<Defect>) -> Option<String> {
    // A small store may have dropped what the defect would show, each time something else.
    if defect.is_some() && program.is_small {
        return None;
    }
    catch_unwind(AssertUnwindSafe(|| check::run(program, defect))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Some(format!("panicked: {}", text.unwrap_or("with something else than a text")))
    })
}
