//! What is done to workers, their ways and Redis, and when is it over?

use core::time::Duration;

use conformance::Dice;

use crate::coordinator::Coordinator;
use crate::ledger::{Death, Life, Moment};
use crate::proxy::Way;
use crate::schema::owned_versions;
use crate::servers::{Problem, Servers};
use crate::workers::{Workers, application};

mod plan;
mod season;

use plan::{Harm, plan};
use season::{SETTLED, Season, Trouble};

/// How long a worker stands still at most: longer than an intent stands.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a way is held, or Redis stands still, at most.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(3);

/// What hurts the parts of a run, one thing at a time for each of them.
#[derive(Debug)]
pub(crate) struct Nemesis {
    dice: Dice,
    next_at: Moment,
    under_way: Vec<UnderWay>,
    trouble: Trouble,
}

/// Something that is being done.
#[derive(Clone, Copy, Debug)]
struct UnderWay {
    harm: Harm,
    begun_at: Moment,
    until: Moment,
    /// The worker could place its intents when it was killed.
    is_quiet: bool,
    /// The process that was killed.
    life: Life,
}

impl Nemesis {
    pub(crate) fn new(seed: u64, workers: usize) -> Self {
        let trouble = Trouble::new(workers);
        Self { dice: Dice::new(seed), next_at: Duration::from_secs(1), under_way: Vec::new(), trouble }
    }

    /// Ends what is over, and begins what is due.
    pub(crate) fn act(&mut self, parts: &mut Parts<'_>, now: Moment) -> Result<(), Problem> {
        self.heal(parts, now)?;
        let season = Season::at(now);
        if now < self.next_at || season == Season::Calm {
            return Ok(());
        }
        self.next_at = now + season.pause(&mut self.dice);
        let (harm, duration) = plan(&mut self.dice, parts.workers.count(), season);
        if self.under_way.iter().any(|other| other.harm.concerns() == harm.concerns()) {
            return Ok(());
        }
        parts.coordinator.inject(harm.name(), &(harm, duration));
        let life = if let Harm::Kill(worker) = harm { parts.workers.life(worker) } else { 0 };
        parts.begin(harm)?;
        let is_quiet = matches!(harm, Harm::Kill(worker) if self.trouble.is_over(worker, now));
        self.trouble.note(harm, now);
        self.under_way.push(UnderWay { harm, begun_at: now, until: now + duration, is_quiet, life });
        Ok(())
    }

    /// Ends what is over by `now`.
    pub(crate) fn heal(&mut self, parts: &mut Parts<'_>, now: Moment) -> Result<(), Problem> {
        let (over, under_way) = self.under_way.iter().partition(|one| one.until <= now);
        self.under_way = under_way;
        let over: Vec<UnderWay> = over;
        for one in over {
            if let Harm::Kill(worker) = one.harm {
                parts.replace(worker, one)?;
            } else {
                parts.end(one.harm)?;
            }
            self.trouble.note(one.harm, parts.coordinator.now());
        }
        Ok(())
    }
}

/// What can be hurt.
pub(crate) struct Parts<'run> {
    pub(crate) workers: &'run mut Workers,
    pub(crate) servers: &'run Servers,
    pub(crate) coordinator: &'run Coordinator,
}

impl Parts<'_> {
    fn begin(&mut self, harm: Harm) -> Result<(), Problem> {
        match harm {
            Harm::Cut(worker) => self.workers.proxy(worker).cut(),
            Harm::Flush => {
                self.servers.redis.flush()?;
                self.coordinator.lose();
            }
            Harm::Kill(worker) => self.workers.kill(worker),
            Harm::Pause(worker) => self.workers.pause(worker, true),
            Harm::PauseRedis => self.servers.redis.pause(true),
            Harm::Restart { is_empty } => self.restart(is_empty)?,
            Harm::Rewind | Harm::Save => self.servers.redis.save()?,
            Harm::Spoil(worker, way) => self.workers.proxy(worker).set(way),
        }
        Ok(())
    }

    fn end(&mut self, harm: Harm) -> Result<(), Problem> {
        match harm {
            Harm::Pause(worker) => self.workers.pause(worker, false),
            Harm::PauseRedis => self.servers.redis.pause(false),
            Harm::Rewind => self.restart(false)?,
            Harm::Spoil(worker, _) => self.workers.proxy(worker).set(Way::Open),
            Harm::Cut(_) | Harm::Flush | Harm::Kill(_) | Harm::Restart { .. } | Harm::Save => {}
        }
        Ok(())
    }

    /// Restarts Redis with its last snapshot, or with nothing.
    fn restart(&self, is_empty: bool) -> Result<(), Problem> {
        self.servers.redis.restart(is_empty)?;
        self.coordinator.lose();
        Ok(())
    }

    /// Starts a worker in the place of one that was killed. What that one has committed has no other witness than the
    /// database, and nobody else writes those rows.
    fn replace(&mut self, worker: usize, killed: UnderWay) -> Result<(), Problem> {
        self.servers.database.end_sessions(&application(worker))?;
        let rows = owned_versions(&mut self.servers.database.connect()?, worker)?;
        let UnderWay { is_quiet, life, .. } = killed;
        self.coordinator.inherit(&rows, &Death { life, since: killed.begun_at.saturating_sub(SETTLED), is_quiet });
        self.workers.start_one(worker)
    }
}
