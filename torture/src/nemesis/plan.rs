//! Plans the next fault, and its duration.

use core::time::Duration;

use conformance::Dice;

use super::{LONGEST_HOLD, LONGEST_PAUSE, Season};
use crate::arguments::Kept;
use crate::proxy::{Link, Way};

/// After so long a worker that was killed is replaced where many are.
pub(super) const SHORT: Duration = Duration::from_millis(50);

/// So long a primary is gone: its replica notices, and is elected.
const DEPOSED: Duration = Duration::from_secs(9);

/// Something that is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Harm {
    /// When the worker has committed its next write, before it knows, this is done to it.
    AtCommit(usize, Fate),
    Cut(usize, Link),
    /// The primary of the slot is killed, and comes back when its replica has taken over.
    Depose,
    /// The disk of the file is full.
    Fill,
    Flush,
    /// The slot is moved to another node, key by key.
    HandOver,
    Kill(usize),
    /// Nobody can write to the file, or to the tables.
    Lock,
    Pause(usize),
    PauseRedis,
    /// The file is taken away.
    Remove,
    /// Redis comes back with what it held when this began.
    Rewind,
    Restart {
        is_empty: bool,
    },
    Save,
    Spoil(usize, Link, Way),
}

/// What becomes of a worker that has committed something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It is killed.
    Kill,
    /// It does not hear of it for a while, and does all else meanwhile.
    Wait,
}

/// Whose harms are planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victims {
    pub(super) workers: usize,
    /// They have memory, and a link on which they are told of changes.
    pub(super) are_near: bool,
    pub(super) kept: Kept,
    /// The file is on a disk that can be filled.
    pub(super) has_disk: bool,
}

/// What something is done to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Concern {
    Redis,
    Way(usize),
    Worker(usize),
}

impl Harm {
    pub(super) const fn concerns(self) -> Concern {
        match self {
            Self::Cut(worker, _) | Self::Spoil(worker, ..) => Concern::Way(worker),
            Self::Depose
            | Self::Fill
            | Self::Flush
            | Self::HandOver
            | Self::Lock
            | Self::PauseRedis
            | Self::Remove
            | Self::Restart { .. }
            | Self::Rewind
            | Self::Save => Concern::Redis,
            Self::AtCommit(worker, _) | Self::Kill(worker) | Self::Pause(worker) => Concern::Worker(worker),
        }
    }

    /// Whether what is on its way comes late.
    pub(super) const fn holds(self) -> bool {
        matches!(self, Self::PauseRedis | Self::Spoil(..))
    }

    /// This, or something else that leaves Redis what it holds.
    const fn without_loss(self, worker: usize) -> Self {
        match self {
            Self::Flush | Self::Restart { .. } | Self::Rewind => Self::Cut(worker, Link::All),
            other => other,
        }
    }

    /// This, or what happens in its place where entries are kept.
    const fn on(self, victims: Victims) -> Self {
        match victims.kept {
            Kept::Cluster(_) => self.on_a_cluster(),
            Kept::File => self.on_a_file(victims.has_disk),
            Kept::Memcached => self.on_memcached(),
            Kept::Redis => self,
            Kept::Tables => self.on_tables(),
        }
    }

    /// Workers have no ways of their own to it: all name the same server.
    const fn on_memcached(self) -> Self {
        match self {
            Self::Cut(worker, _) => Self::AtCommit(worker, Fate::Kill),
            Self::Spoil(worker, ..) => Self::AtCommit(worker, Fate::Wait),
            Self::Rewind | Self::Save => Self::PauseRedis,
            Self::Restart { .. } => Self::Restart { is_empty: true },
            other => other,
        }
    }

    const fn on_tables(self) -> Self {
        match self {
            // Workers ask for changes on the connections on which they ask for everything.
            Self::Cut(worker, _) => Self::Cut(worker, Link::All),
            Self::Spoil(worker, _, way) => Self::Spoil(worker, Link::All, way),
            Self::PauseRedis | Self::Rewind | Self::Save => Self::Lock,
            Self::Restart { .. } => Self::Flush,
            other => other,
        }
    }

    /// Nodes tell workers where to find each other: nobody has a way of his own to them, and all links to one are cut.
    const fn on_a_cluster(self) -> Self {
        match self {
            Self::Restart { .. } => Self::Depose,
            Self::Rewind => Self::HandOver,
            Self::Save | Self::Spoil(_, Link::All | Link::Asking, Way::Held { .. } | Way::Late(_)) => Self::PauseRedis,
            Self::Spoil(worker, ..) => Self::Cut(worker, Link::All),
            other => other,
        }
    }

    const fn on_a_file(self, has_disk: bool) -> Self {
        match self {
            Self::Rewind | Self::Save if has_disk => Self::Fill,
            Self::Cut(worker, _) => Self::AtCommit(worker, Fate::Kill),
            Self::Spoil(worker, ..) => Self::AtCommit(worker, Fate::Wait),
            Self::PauseRedis | Self::Rewind | Self::Save => Self::Lock,
            Self::Flush | Self::Restart { .. } => Self::Remove,
            other => other,
        }
    }

    /// A name for the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AtCommit(_, Fate::Kill) => "workers killed between a commit and its release",
            Self::AtCommit(_, Fate::Wait) => "workers that waited between a commit and its release",
            Self::Cut(_, Link::Told) => "links for changes cut",
            Self::Cut(..) => "links cut",
            Self::Depose => "primaries killed",
            Self::Fill => "disks filled",
            Self::Flush => "stores emptied",
            Self::HandOver => "slots moved",
            Self::Kill(_) => "workers killed",
            Self::Lock => "files or tables locked",
            Self::Pause(_) => "workers paused",
            Self::PauseRedis => "servers paused",
            Self::Remove => "files removed",
            Self::Restart { is_empty: true } => "servers restarted empty",
            Self::Restart { is_empty: false } => "Redis restarted from its last snapshot",
            Self::Rewind => "Redis set back by a moment",
            Self::Save => "snapshots of Redis",
            Self::Spoil(_, Link::Told, Way::Closed) => "links for changes refused",
            Self::Spoil(_, Link::Told, Way::Held { .. }) => "links for changes half-open",
            Self::Spoil(_, Link::Told, _) => "links for changes slowed down",
            Self::Spoil(_, _, Way::Closed) => "workers cut off",
            Self::Spoil(_, _, Way::Held { requests: false, .. }) => "links without replies",
            Self::Spoil(_, _, Way::Held { replies: false, .. }) => "links without requests",
            Self::Spoil(_, _, Way::Held { .. }) => "links that hang",
            Self::Spoil(..) => "links slowed down",
        }
    }
}

/// The next thing, and how long it lasts.
pub(super) fn plan(dice: &mut Dice, victims: Victims, season: Season) -> (Harm, Duration) {
    let worker = dice.index(victims.workers);
    let harm = match season {
        Season::Kills if dice.once_in(4) => Harm::Kill(worker),
        Season::Kills => Harm::AtCommit(worker, Fate::Kill),
        Season::Gentle if victims.are_near => {
            let link = if dice.once_in(3) { Link::Asking } else { Link::Told };
            Harm::Spoil(worker, link, way(dice, link))
        }
        Season::Gentle => anything(dice, worker, victims).without_loss(worker),
        Season::Calm | Season::Storm => anything(dice, worker, victims),
    };
    let harm = harm.on(victims);
    // A worker that was killed in such a season is soon there again.
    let is_short = season == Season::Kills && harm == Harm::Kill(worker);
    (harm, if is_short { SHORT } else { duration(harm, dice) })
}

fn anything(dice: &mut Dice, worker: usize, victims: Victims) -> Harm {
    // Memory is behind by as much as its own link is: that one suffers most.
    let links = [Link::All, Link::Asking, Link::Asking, Link::Told, Link::Told, Link::Told];
    let link = if victims.are_near { links[dice.index(links.len())] } else { Link::All };
    match dice.below(if victims.are_near { 40 } else { 30 }) {
        0..=4 => Harm::Kill(worker),
        5..=8 => Harm::Pause(worker),
        9 => Harm::PauseRedis,
        10 => Harm::Flush,
        11 => Harm::Save,
        12 => Harm::Restart { is_empty: true },
        13 | 14 => Harm::Restart { is_empty: false },
        15..=18 => Harm::Rewind,
        19 => Harm::AtCommit(worker, Fate::Kill),
        20 | 21 => Harm::AtCommit(worker, Fate::Wait),
        22 | 23 => Harm::Cut(worker, link),
        _ => Harm::Spoil(worker, link, way(dice, link)),
    }
}

fn way(dice: &mut Dice, link: Link) -> Way {
    match (link, dice.below(6)) {
        // What is told comes in the order in which it happens, but for answers that are late.
        (Link::Asking, 0..=3) => Way::Late(Duration::from_millis(20 + dice.below(180))),
        (_, any) => way_of(any, dice),
    }
}

fn way_of(number: u64, dice: &mut Dice) -> Way {
    match number {
        0 => Way::Closed,
        1 => Way::Held { requests: true, replies: true },
        2 => Way::Held { requests: true, replies: false },
        3 => Way::Held { requests: false, replies: true },
        _ => Way::Slow(Duration::from_millis(1 + dice.below(200))),
    }
}

/// Most things are short, so that there is time for hits between them; some outlast intents.
fn duration(harm: Harm, dice: &mut Dice) -> Duration {
    let longest = match harm {
        // So long it is waited for a commit.
        Harm::AtCommit(..) => return LONGEST_HOLD,
        // Some of them about as long as memory may be behind, some longer.
        Harm::Spoil(_, Link::Asking | Link::Told, _) => return Duration::from_millis(400 + dice.below(1600)),
        Harm::Depose => return DEPOSED,
        Harm::Pause(_) => LONGEST_PAUSE,
        Harm::Fill
        | Harm::HandOver
        | Harm::Kill(_)
        | Harm::Lock
        | Harm::PauseRedis
        | Harm::Rewind
        | Harm::Spoil(..) => LONGEST_HOLD,
        Harm::Cut(..) | Harm::Flush | Harm::Remove | Harm::Restart { .. } | Harm::Save => Duration::ZERO,
    };
    within(longest, dice)
}

/// How long a worker waits between a commit and its release: some of them longer than an intent stands.
pub(super) fn wait(dice: &mut Dice) -> Duration {
    within(LONGEST_PAUSE, dice)
}

fn within(longest: Duration, dice: &mut Dice) -> Duration {
    let share = if dice.once_in(3) { 1 } else { 8 };
    let millis = u64::try_from(longest.as_millis()).unwrap_or(0) / share;
    Duration::from_millis(dice.below(millis.max(1)))
}
