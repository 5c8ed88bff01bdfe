//! Explains where the answer of a read would come from, and why.

use core::fmt;
use std::time::{Duration, SystemTime};

use cache_core::store::Wish;
use cache_core::{
    Asked, Bypass, Fingerprint, JournalNote, Kind, Life, Miss, Mode, Tag, TagKind, Timestamp, Token, Watch, Worth,
};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::identity::Identity;
use crate::read::builder::options::UseOfCache;
use crate::read::drive::calls::{call, look_up};
use crate::read::drive::gate::gate_for;
use crate::read::task::query::IntoTask;
use crate::read::task::{Head, Site, Task, resolved};
use crate::read::terminal::BlockingRead;

/// A read that is explained in place of being made.
#[derive(Debug)]
pub struct Explained<R>(R);

impl<R> Explained<R> {
    pub(crate) const fn new(read: R) -> Self {
        Self(read)
    }

    #[cfg(feature = "async")]
    pub(crate) fn into_read(self) -> R {
        self.0
    }
}

/// What a read would be answered with at present, and why. [`Display`](fmt::Display) says it in lines.
///
/// Nothing is loaded, stored or counted. An entry whose bytes cannot be read is removed, as by every read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The manager's name.
    pub manager: String,
    /// The kind of read.
    pub kind: Kind,
    /// Where the answer would come from, and why.
    pub answer: ExplainedAnswer,
    /// What the entry is called in the store; `None`: the read would leave the cache alone.
    pub key: Option<Fingerprint>,
    /// The tables whose writes count for the entry.
    pub tables: Vec<String>,
    /// The entry that is stored; `None`: there is none.
    pub entry: Option<ExplainedEntry>,
    /// What the entry depends on, or would. The entry of a row that is known to be absent depends on `born` too.
    pub tags: Vec<ExplainedTag>,
    /// What the [journal](cache_core::Cache::journal) of the cache has noted of the entry: its misses, and what has changed
    /// anything that it depends on. The latest is first; empty while no journal is kept.
    pub journal: Vec<JournalNote>,
}

/// Where an answer would come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExplainedAnswer {
    /// From the database, without a look at the cache.
    Bypass(Bypass),
    /// From the cache.
    Hit,
    /// From the database, because the cache has nothing of use.
    Miss(Miss),
    /// From the cache, past the soft deadline: it would be refreshed.
    Stale,
}

/// An entry that is stored.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ExplainedEntry {
    /// When it was loaded.
    pub created_at: SystemTime,
    /// How long ago that was, by the clock of the cache.
    pub age: Duration,
    /// From when on it is stale; `None`: never.
    pub soft_deadline: Option<SystemTime>,
    /// From when on it is not served; `None`: it lives until it is invalidated.
    pub hard_deadline: Option<SystemTime>,
}

/// Something that an entry depends on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExplainedTag {
    /// What it stands for.
    pub kind: TagKind,
    /// The table, if it is a tag of a whole table.
    pub table: Option<String>,
    /// Its name in the store.
    pub name: Fingerprint,
    /// Its present token; `None`: it has none, or the store does not tell. Nothing is served under a tag without a token.
    pub token: Option<Token>,
}

impl<'query, C, R> BlockingRead<'query, C> for Explained<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    type Output = QueryResult<Explanation>;

    fn run(self, conn: &mut C) -> QueryResult<Explanation> {
        at_once(explain::<C, _>(&mut self.0.into_task()?, conn))
    }
}

pub(crate) async fn explain<C: Line, T: Task>(task: &mut T, conn: &mut C::Conn) -> QueryResult<Explanation> {
    let head = *task.head();
    let gate = gate_for::<C>(conn, &head.options).await;
    let past = |reason| Explanation {
        manager: head.state.name.clone(),
        kind: head.kind,
        answer: ExplainedAnswer::Bypass(reason),
        key: None,
        tables: Vec::new(),
        entry: None,
        tags: Vec::new(),
        journal: Vec::new(),
    };
    let site = match site_of(&head, gate) {
        Ok(site) => site,
        Err(reason) => return Ok(past(reason)),
    };
    let tables = match resolved(task, &site)? {
        Ok(tables) => tables,
        Err(reason) => return Ok(past(reason)),
    };
    let (key, tags) = (site.key(task.id(), head.kind), task.tags(&site.subject(&tables)));
    let (wish, reader) = (Wish { key, tags: tags.clone(), codec: task.codec() }, site.reader);
    let inspect = move || wish.with(|wanted| reader.inspect(wanted, &wish.tags));
    let (found, tokens, trouble) = match call::<C, _>(&site, inspect).await {
        Ok(inspected) => (inspected.found, inspected.tokens, None),
        Err(trouble) => (None, vec![None; tags.len()], Some(trouble)),
    };
    let answer = match (head.options.use_of_cache, trouble) {
        (_, Some(trouble)) => ExplainedAnswer::Miss(trouble),
        (UseOfCache::Refresh, None) => ExplainedAnswer::Miss(Miss::Refresh),
        (_, None) => {
            let looked = look_up::<C, T>(task, &site).await;
            answer_of(looked.map(|(_, life)| life).map_err(|missed| missed.cause), site.reader.now())
        }
    };
    let (manager, kind) = (&*head.state.name, head.kind);
    let asked = Asked { manager, kind, key: task.id(), tags: &tags, tables: &tables };
    Ok(Explanation {
        journal: site.reader.cache.journal_of(&asked),
        key: Some(key.fingerprint()),
        answer,
        entry: found.and_then(|(life, worth)| entry_of(&life, worth, site.reader.now())),
        tags: tags.iter().zip(tokens).map(|(tag, token)| tag_of(tag, token, &site, &tables)).collect(),
        tables: tables.to_vec(),
        ..past(Bypass::Asked)
    })
}

/// Where a read would take place, or why it would leave the cache alone.
pub(crate) fn site_of(head: &Head, gate: Result<Identity, Bypass>) -> Result<Site<'static>, Bypass> {
    let attached = head.state.attached().ok_or(Bypass::NotInstalled)?;
    let identity = match head.options.use_of_cache {
        UseOfCache::Bypass => Err(Bypass::Asked),
        _ if attached.cache.mode() == Mode::Off => Err(Bypass::Off),
        _ if attached.cache.is_distrusted(&head.state.name) => Err(Bypass::Distrusted),
        _ => gate,
    }?;
    Ok(Site { reader: attached.reader(head.state, head.kind), state: head.state, identity, watch: Watch::Nothing })
}

fn answer_of(looked: Result<Life, Miss>, now: Timestamp) -> ExplainedAnswer {
    match looked {
        Ok(life) if life.is_stale(now) => ExplainedAnswer::Stale,
        Ok(_) => ExplainedAnswer::Hit,
        Err(cause) => ExplainedAnswer::Miss(cause),
    }
}

fn entry_of(life: &Life, worth: Worth, now: Timestamp) -> Option<ExplainedEntry> {
    if let Worth::Unreadable(_) = worth {
        return None;
    }
    let told = |deadline: Timestamp| (deadline != Timestamp::NEVER).then(|| deadline.into());
    Some(ExplainedEntry {
        created_at: life.created_at.into(),
        age: now.since(life.created_at),
        soft_deadline: if life.soft_deadline < life.hard_deadline { told(life.soft_deadline) } else { None },
        hard_deadline: told(life.hard_deadline),
    })
}

fn tag_of(tag: &Tag, token: Option<Token>, site: &Site<'_>, tables: &[String]) -> ExplainedTag {
    const WHOLE: [TagKind; 7] = [
        TagKind::Any,
        TagKind::Born,
        TagKind::Cleared,
        TagKind::Gone,
        TagKind::Rows,
        TagKind::Spread,
        TagKind::Writers,
    ];
    let own = site.state.table.clone();
    let is_of =
        |table: &&String| WHOLE.contains(&tag.kind()) && site.identity.database.table(table).whole(tag.kind()) == *tag;
    let table = core::iter::once(&own).chain(tables).find(is_of).cloned();
    ExplainedTag { kind: tag.kind(), table, name: tag.fingerprint(), token }
}

impl fmt::Display for ExplainedAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bypass(reason) => write!(formatter, "from the database, past the cache: {reason}"),
            Self::Hit => formatter.write_str("from the cache"),
            Self::Miss(cause) => write!(formatter, "from the database: {cause}"),
            Self::Stale => formatter.write_str("from the cache; the entry is stale, and is refreshed"),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of `{}`: {}", self.kind, self.manager, self.answer)?;
        let Some(key) = self.key else { return Ok(()) };
        write!(formatter, "\n  key    {key:?}\n  tables {}", self.tables.join(", "))?;
        match &self.entry {
            Some(entry) => {
                write!(formatter, "\n  entry  loaded {:.1?} ago, {}", entry.age, EntryDeadline(entry.hard_deadline))?
            }
            None => formatter.write_str("\n  entry  none")?,
        }
        for tag in &self.tags {
            write!(formatter, "\n  tag    {:8} {:?} ", tag.kind, tag.name)?;
            match tag.token {
                Some(token) => write!(formatter, "{token:?}")?,
                None => formatter.write_str("no token")?,
            }
            if let Some(table) = &tag.table {
                write!(formatter, " of `{table}`")?;
            }
        }
        self.journal.iter().take(Self::MOST_NOTES).try_for_each(|note| write!(formatter, "\n  noted  {note}"))
    }
}

impl Explanation {
    /// So many notes of the journal are printed.
    const MOST_NOTES: usize = 8;
}

struct EntryDeadline(Option<SystemTime>);

impl fmt::Display for EntryDeadline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(deadline) = self.0 else { return formatter.write_str("without a deadline") };
        match deadline.duration_since(SystemTime::now()) {
            Ok(left) => write!(formatter, "ends in {left:.1?} at the latest"),
            Err(_) => formatter.write_str("past its deadline"),
        }
    }
}
