//! What a moment of the model's world is made of.

use cache_core::intent::TagState;
use cache_core::protocol::standing::{Placed, StandingIntent};

use crate::names::TagId;
use crate::plans::How;
use crate::scenario::Faults;
use crate::shop::{Read, Row};

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    pub(crate) store: Kept,
    pub(crate) fills: Vec<Fill>,
    pub(crate) looks: Vec<Look>,
    pub(crate) writers: Vec<Writer>,
    /// The processes of the writers.
    pub(crate) processes: Vec<Process>,
    /// The writers whose work has taken effect, in order.
    pub(crate) commits: Vec<u8>,
    pub(crate) left: Faults,
    pub(crate) saved: Option<Kept>,
    /// The processes whose connection has met the store's present life: the readers' first, then one for each writer.
    pub(crate) connected: u8,
    pub(crate) broken: Option<Promise>,
}

/// What a store keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kept {
    pub(crate) tags: Vec<TagState>,
    pub(crate) entries: [Option<Entry>; Read::COUNT],
    /// Whether the life that is written down is the present one.
    pub(crate) is_met: bool,
}

/// A tag and the token that it was seen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) tag: TagId,
    pub(crate) token: u8,
    pub(crate) is_intended: bool,
}

/// An entry, with the number of commits that its query saw.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) tokens: Vec<Seen>,
    /// The tags that vouched for a token which is younger than the query.
    pub(crate) witnesses: u16,
    pub(crate) commits: u8,
}

/// A miss on its way: tokens, query, perhaps a second look, put.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fill {
    pub(crate) read: Read,
    pub(crate) seeds: Vec<Seen>,
    /// The number of commits that the query saw.
    pub(crate) commits: Option<u8>,
    pub(crate) found: Option<Row>,
    pub(crate) late: Vec<Seen>,
}

/// A look-up that reads one key at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Look {
    pub(crate) read: Read,
    /// The entry, if it was read before the tokens.
    pub(crate) entry: Option<Entry>,
    /// The tokens of the tags so far, 0 where there is none.
    pub(crate) tokens: Vec<Seen>,
    /// The writers whose work it has to show: those that had returned when it began.
    pub(crate) due: u8,
}

/// One process, and the intent that it keeps beside the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) intent: StandingIntent,
    /// What the process knows of its intent.
    pub(crate) sent: Option<Sent>,
    /// The intent that the store took last, and what has become of it.
    pub(crate) held: Option<Standing>,
    /// An intent that is on its way again.
    pub(crate) renewal: Option<Renewal>,
    /// One that was not acknowledged, and may still arrive.
    pub(crate) late: Option<Renewal>,
    /// How many lives of the store it has met.
    pub(crate) incarnations: u8,
    /// How many names its background has given.
    pub(crate) names: u8,
    pub(crate) is_dead: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    pub(crate) name: u8,
    /// If that was acknowledged.
    pub(crate) placed: Option<Placed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    pub(crate) name: u8,
    pub(crate) until: u8,
    /// The key that it is kept under was lost.
    pub(crate) is_lost: bool,
    /// So was the key that counts it.
    pub(crate) is_all_lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Renewal {
    pub(crate) name: u8,
    pub(crate) sent_at: u8,
    /// The writers that were under way when it was sent.
    pub(crate) covers: u8,
}

/// One writer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(crate) stage: Stage,
    /// Its release was acknowledged, after it had taken effect.
    pub(crate) is_acknowledged: bool,
    /// It had taken effect when its release began.
    pub(crate) is_effective: bool,
    /// Its intents were acknowledged.
    pub(crate) is_covered: bool,
    /// Its release was not acknowledged.
    pub(crate) dirty: Option<Dirty>,
    /// It took effect before the first of its intents ended.
    pub(crate) is_in_time: bool,
    /// The database may carry it out although nobody waits for it any more.
    pub(crate) may_commit: bool,
    pub(crate) late: Option<Late>,
    /// The name of the intent of its process that covers it.
    pub(crate) relies_on: Option<u8>,
    pub(crate) covered_at: u8,
    /// The name of the intent of its process that ends with it.
    pub(crate) ends: Option<u8>,
    /// Its release has been sent.
    pub(crate) is_releasing: bool,
    /// Until when an intent stands for it beside each tag; 0: none does.
    pub(crate) deadlines: Vec<u8>,
    /// The tags that it has released.
    pub(crate) ended: u16,
    /// The tags of which the key with its intent was lost.
    pub(crate) intents_lost: u16,
    /// The tags of which both keys were lost before its intent had ended.
    pub(crate) all_lost: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Waiting,
    Open,
    Releasing(How, u8),
    Over,
}

/// A change that its process has not got through to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dirty {
    pub(crate) may_still_run: bool,
    pub(crate) since: u8,
}

/// Operations that were not acknowledged and may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Late {
    /// Under the name of the intent of its process, if that has to be placed.
    Place(Option<u8>),
    Release(How, u8),
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Promise {
    /// A read that began after a write had returned gave what was before.
    Coherence,
    /// An entry outlived the intents of a writer that never came back.
    Bound,
    /// A process with changes that have not got through did not see its own write.
    OwnWrite,
}

/// What becomes of a transaction that nobody waits for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    Later,
    Never,
}

/// One step of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Abandon(u8, Fate),
    Advance,
    Ask(u8),
    Begin(Read),
    Commit(u8),
    ReadNext(u8),
    Connect(u8),
    Crash(u8, Fate),
    Drain(u8),
    EvictIntents(TagId),
    EvictTag(TagId),
    Forget(u8),
    KeepUp(u8),
    LateCommit(u8),
    LateRenewal(u8),
    LateStep(u8),
    Look(Read, bool),
    LoseAnswer(u8, Fate),
    LosePlace(u8, bool),
    LoseRelease(u8, bool),
    LoseRenewal(u8, bool),
    PlaceAgain(u8),
    Put(u8),
    Release(u8),
    Renewed(u8),
    Restart(bool),
    Rollback(u8),
    SaveSnapshot,
    Seed(u8),
    Start(u8),
}
