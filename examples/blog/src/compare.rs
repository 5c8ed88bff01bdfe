//! Gives the same requests to both halves of the service: their answers have to be equal, and what each sends is counted.

use std::error::Error;

use crate::blog::Blog;
use crate::collection::{COLLECTION, FILLING, Keys, READS, Step};
use crate::statements::Counts;
use crate::{cached, plain};

/// What one request cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    pub(crate) cached: Counts,
    pub(crate) plain: Counts,
}

/// Two blogs with the same rows: one is read through the cache, one by plain Diesel.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) cached: Blog,
    pub(crate) plain: Blog,
    pub(crate) keys: Keys,
}

impl Pair {
    pub(crate) fn new(cached: Blog, plain: Blog) -> Self {
        Self { cached, plain, keys: Keys::default() }
    }

    /// The whole collection, and what each request of it cost.
    pub(crate) fn run(&mut self) -> Result<Vec<Cost>, Box<dyn Error>> {
        COLLECTION.iter().map(|step| self.compare(step)).collect()
    }

    /// Fills the blogs, asks for everything, and once more while no connection is to be had; what the cached half sent then.
    pub(crate) fn read_again(&mut self) -> Result<Counts, Box<dyn Error>> {
        for step in FILLING.iter().chain(READS) {
            self.compare(step)?;
        }
        let taken = [self.cached.conn()?, self.cached.conn()?];
        Counts::take();
        for step in READS {
            cached::answer(&self.cached, &(step.request)(&self.keys))
                .map_err(|error| format!("{}: {error}", step.name))?;
        }
        let sent = Counts::take();
        drop(taken);
        READS.iter().try_for_each(|step| self.compare(step).map(drop))?;
        Ok(sent)
    }

    /// Gives the request to both.
    fn compare(&mut self, step: &Step) -> Result<Cost, Box<dyn Error>> {
        let request = (step.request)(&self.keys);
        Counts::take();
        let answer = cached::answer(&self.cached, &request)?;
        let cached = Counts::take();
        let expected = plain::answer(&self.plain, &request)?;
        let plain = Counts::take();
        if answer != expected {
            return Err(format!("{}: the cache gives {answer:?}, plain Diesel {expected:?}", step.name).into());
        }
        self.keys.learn(&answer);
        Ok(Cost { name: step.name, cached, plain })
    }
}

/// The sum of all.
pub(crate) fn total(costs: &[Cost]) -> Cost {
    let add = |sum: Cost, cost: &Cost| Cost {
        name: sum.name,
        cached: sum.cached.and(cost.cached),
        plain: sum.plain.and(cost.plain),
    };
    let none = Cost { name: "together", cached: Counts::default(), plain: Counts::default() };
    costs.iter().fold(none, add)
}
