//! Injects faults into workers, their links and Redis, and lifts them.

use core::time::Duration;

use conformance::Dice;

use crate::arguments::Run;
use crate::coordinator::Coordinator;
use crate::ledger::{Death, Life, Moment};
use crate::proxy::{Link, Way};
use crate::schema::owned_versions;
use crate::servers::{Problem, Servers, Store};
use crate::workers::{Workers, application};

mod plan;
mod season;

use plan::{Fate, Harm, SHORT, Victims, plan, wait};
use season::{SETTLED, Season, Trouble};

/// How long a worker stands still at most: longer than an intent stands.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a way is held, or Redis stands still, at most.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(3);

/// What is sure to be less than a call of the store takes that fails: a write that took no longer has placed its intents.
const SWIFT: Duration = Duration::from_millis(200);

/// What hurts the parts of a run, one thing at a time for each of them.
#[derive(Debug)]
pub(crate) struct Nemesis {
    dice: Dice,
    victims: Victims,
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
    /// Something was committed, and what was to follow has been done.
    has_struck: bool,
    /// The worker could place its intents when it was killed.
    is_quiet: bool,
    /// The process that was killed.
    life: Life,
}

impl Nemesis {
    pub(crate) fn new(run: &Run) -> Self {
        let (dice, trouble) = (Dice::new(run.seed), Trouble::new(run.workers));
        let victims =
            Victims { workers: run.workers, are_near: run.is_near, kept: run.kept, has_disk: run.disk.is_some() };
        Self { dice, victims, next_at: Duration::from_secs(1), under_way: Vec::new(), trouble }
    }

    /// Ends what is over, and begins what is due.
    pub(crate) fn act(&mut self, parts: &mut Parts<'_>, now: Moment) -> Result<(), Problem> {
        self.strike(parts, now);
        self.heal(parts, now)?;
        let season = Season::at(now);
        if now < self.next_at || season == Season::Calm {
            return Ok(());
        }
        self.next_at = now + season.pause(&mut self.dice);
        // What is hurt already is left alone: somebody else is looked for, for a while.
        let is_free = |harm: Harm| self.under_way.iter().all(|other| other.harm.concerns() != harm.concerns());
        let mut plans = (0..8).map(|_| plan(&mut self.dice, self.victims, season));
        let Some((harm, duration)) = plans.find(|(harm, _)| is_free(*harm)) else { return Ok(()) };
        let mut one =
            UnderWay { harm, begun_at: now, until: now + duration, has_struck: false, is_quiet: false, life: 0 };
        match harm {
            // It is told of when it happens.
            Harm::AtCommit(..) => {}
            _ => parts.coordinator.inject(harm.name(), &(harm, duration)),
        }
        if let Harm::Kill(worker) = harm {
            self.note_killed(worker, parts, &mut one);
        }
        if harm.holds() {
            parts.coordinator.hold(now);
        }
        parts.begin(harm)?;
        self.trouble.note(harm, now);
        self.under_way.push(one);
        Ok(())
    }

    /// Does what was to be done when something is committed.
    fn strike(&mut self, parts: &mut Parts<'_>, now: Moment) {
        let mut under_way = core::mem::take(&mut self.under_way);
        for one in &mut under_way {
            let Harm::AtCommit(worker, fate) = one.harm else { continue };
            if one.has_struck || !parts.workers.database(worker).is_held() {
                continue;
            }
            let duration = if fate == Fate::Kill { SHORT } else { wait(&mut self.dice) };
            parts.coordinator.inject(one.harm.name(), &(one.harm, duration));
            (one.begun_at, one.until, one.has_struck) = (now, now + duration, true);
            if fate == Fate::Kill {
                self.note_killed(worker, parts, one);
                one.harm = Harm::Kill(worker);
                parts.workers.kill(worker);
                parts.workers.database(worker).set(Link::All, Way::Open);
            }
        }
        self.under_way = under_way;
    }

    /// Whose end it is, and whether it could place its intents.
    fn note_killed(&self, worker: usize, parts: &Parts<'_>, one: &mut UnderWay) {
        let is_over = self.trouble.is_over(worker, one.begun_at);
        one.is_quiet = is_over && parts.coordinator.is_swift(worker, SWIFT);
        one.life = parts.workers.life(worker);
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
            if one.harm.holds() {
                parts.coordinator.let_go(one.begun_at);
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
            Harm::AtCommit(worker, _) => self.workers.database(worker).set(Link::All, Way::UntilCommit),
            Harm::Cut(worker, link) => match &self.servers.store {
                Store::Cluster(cluster) => cluster.cut(),
                _ => self.workers.proxy(worker).into_iter().for_each(|way| way.cut(link)),
            },
            Harm::Depose => self.depose(true)?,
            Harm::Flush => {
                if self.servers.store.flush()? {
                    self.coordinator.lose();
                }
            }
            Harm::Fill => self.servers.store.file()?.fill(true)?,
            Harm::HandOver => self.hand_over(true)?,
            Harm::Kill(worker) => self.workers.kill(worker),
            Harm::Pause(worker) => self.workers.pause(worker, true),
            Harm::Lock => self.servers.store.lock(true)?,
            Harm::PauseRedis => self.servers.store.pause(true)?,
            Harm::Remove => {
                self.servers.store.file()?.remove();
                self.coordinator.lose();
            }
            Harm::Restart { is_empty } => self.restart(is_empty)?,
            Harm::Rewind | Harm::Save => self.servers.store.redis()?.save()?,
            Harm::Spoil(worker, link, way) => self.workers.proxy(worker).into_iter().for_each(|it| it.set(link, way)),
        }
        Ok(())
    }

    fn end(&mut self, harm: Harm) -> Result<(), Problem> {
        match harm {
            Harm::Pause(worker) => self.workers.pause(worker, false),
            Harm::Depose => self.depose(false)?,
            Harm::Fill => self.servers.store.file()?.fill(false)?,
            Harm::HandOver => self.hand_over(false)?,
            Harm::Lock => self.servers.store.lock(false)?,
            Harm::PauseRedis => self.servers.store.pause(false)?,
            Harm::Rewind => self.restart(false)?,
            Harm::Spoil(worker, link, _) => {
                self.workers.proxy(worker).into_iter().for_each(|way| way.set(link, Way::Open));
            }
            Harm::AtCommit(worker, _) => self.workers.database(worker).set(Link::All, Way::Open),
            Harm::Cut(..) | Harm::Flush | Harm::Kill(_) | Harm::Remove | Harm::Restart { .. } | Harm::Save => {}
        }
        Ok(())
    }

    /// Kills a primary, or starts it again. The replica has not all that it had, and it comes back with nothing.
    fn depose(&self, is_dead: bool) -> Result<(), Problem> {
        if self.servers.store.cluster()?.kill(is_dead) {
            self.coordinator.lose();
        }
        Ok(())
    }

    /// Begins to move the slot, or ends it: another node knows nothing of what it is sent, and counts as emptied.
    fn hand_over(&self, is_begun: bool) -> Result<(), Problem> {
        if self.servers.store.cluster()?.hand_over(is_begun) {
            self.coordinator.lose();
        }
        Ok(())
    }

    /// Restarts Redis with its last snapshot, or with nothing.
    fn restart(&self, is_empty: bool) -> Result<(), Problem> {
        self.servers.store.restart(is_empty)?;
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
