//! Compares hits that were drawn with the database, on a thread of its own.

use core::time::Duration;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Instant;

use cache_core::CacheKey;
use cache_core::protocol::compare::{Comparison, Confirmation, Difference, confirm};
use cache_core::sync::Mutex;
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::audit::finding;
use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::read::drive::ask::may_store;
use crate::read::drive::compare::{Compared, count};
use crate::read::drive::gate::gate;
use crate::read::task::Site;
use crate::read::task::query::Later;
use crate::read::terminal::explain::Explanation;
use crate::setup::refresh::{ConnectionSource, Purpose, sources};

/// So many hits wait at most; what is drawn beyond is not compared.
const MOST_WAITING: usize = 256;
/// So many differences are followed up at the same time at most.
const MOST_DOUBTS: usize = 256;

/// So many differences are known to be followed up, or reported.
const MOST_REMEMBERED: usize = 4_096;

/// What differs, by the name of the cache and of the entry: one follows it up, and it is reported once.
static DOUBTS: LazyLock<Mutex<HashMap<(&'static str, CacheKey), Difference>>> = LazyLock::new(Mutex::default);

/// Has the hit at `site` compared, which `later` makes once more.
pub(crate) fn offer<C>(site: &Site<'static>, later: impl FnOnce() -> Option<Later<C>>)
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
{
    let sources = sources::<C>(Purpose::Audit, site.identity);
    let later = if sources.is_empty() { None } else { later() };
    let (Some(later), Some(queue)) = (later, QUEUE.as_ref()) else { return skip(site) };
    if queue.try_send(Box::new(Audit { site: *site, sources, later, doubt: None })).is_err() {
        skip(site);
    }
}

/// A hit that was drawn is not compared.
pub(crate) fn skip(site: &Site<'_>) {
    count(site, |counts| counts.skipped_count += 1);
}

/// What the auditor has to do.
trait Errand: Send {
    /// Does it; after how long it is to be done once more, if at all.
    fn run(&mut self) -> Option<Duration>;
}

static QUEUE: LazyLock<Option<SyncSender<Box<dyn Errand>>>> = LazyLock::new(|| {
    let (sender, receiver) = sync_channel(MOST_WAITING);
    thread::Builder::new().name("cache auditor".to_owned()).spawn(move || work(&receiver)).ok()?;
    Some(sender)
});

/// Does what comes, and what is to be done once more.
fn work(receiver: &Receiver<Box<dyn Errand>>) {
    let mut doubts: Vec<(Instant, Box<dyn Errand>)> = Vec::new();
    loop {
        let next = doubts.iter().map(|(at, _)| *at).min();
        let wait = next.map_or(Duration::from_secs(60), |at| at.saturating_duration_since(Instant::now()));
        let mut ready = match receiver.recv_timeout(wait) {
            Ok(errand) => vec![errand],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let now = Instant::now();
        ready.extend(doubts.extract_if(.., |(at, _)| *at <= now).map(|(_, errand)| errand));
        for mut errand in ready {
            // Connections are the program's own: taking one may panic.
            let again = catch_unwind(AssertUnwindSafe(|| errand.run())).ok().flatten();
            if let Some(at) = again.and_then(|pause| Instant::now().checked_add(pause))
                && doubts.len() < MOST_DOUBTS
            {
                doubts.push((at, errand));
            }
        }
    }
}

/// A hit that is compared.
struct Audit<C: Line> {
    site: Site<'static>,
    sources: Vec<Arc<ConnectionSource<C>>>,
    later: Later<C>,
    /// What it was not, when it was compared for the first time.
    doubt: Option<Difference>,
}

/// What the database said of a hit.
struct Answer {
    compared: [Compared; 2],
    explained: Option<Explanation>,
}

impl<C: LoadConnection<Backend: CacheBackend> + 'static> Errand for Audit<C> {
    fn run(&mut self) -> Option<Duration> {
        let mut answer = None;
        for source in &self.sources {
            source.with(&mut |conn| answer = self.ask(source, conn));
            if answer.is_some() {
                break;
            }
        }
        match answer {
            Some(Ok(answer)) => self.judge(answer),
            // A database that does not answer says nothing of what is stored.
            Some(Err(_)) | None => {
                skip(&self.site);
                None
            }
        }
    }
}

impl<C: LoadConnection<Backend: CacheBackend> + 'static> Audit<C> {
    /// Asks on `conn`; `None`: it is on another database, or on a copy that may be behind.
    fn ask(&self, source: &ConnectionSource<C>, conn: &mut C) -> Option<QueryResult<Answer>> {
        let identity = at_once(gate::<C>(conn)).ok()?;
        source.note(identity);
        if identity != self.site.identity || at_once(may_store::<C>(conn, identity)).is_err() {
            return None;
        }
        Some(self.compare(conn))
    }

    fn compare(&self, conn: &mut C) -> QueryResult<Answer> {
        let first = at_once(self.later.compare(&self.site, conn))?;
        if self.doubt.is_none() {
            return Ok(Answer { compared: [first; 2], explained: None });
        }
        let second = at_once(self.later.compare(&self.site, conn))?;
        Ok(Answer { compared: [first, second], explained: at_once(self.later.explain(conn)).ok() })
    }

    fn name(&self) -> (&'static str, CacheKey) {
        (self.site.state.cache_name(), self.later.key(&self.site))
    }

    /// Whether nobody is at this difference, or has reported it.
    fn is_news(&self, difference: Difference) -> bool {
        let mut doubts = DOUBTS.lock();
        if doubts.len() >= MOST_REMEMBERED {
            doubts.clear();
        }
        let former = doubts.insert(self.name(), difference);
        !former.is_some_and(|former| difference.is_of(&former))
    }

    fn judge(&mut self, answer: Answer) -> Option<Duration> {
        let Answer { compared: [first, second], explained } = answer;
        let Some(doubt) = self.doubt.take() else { return self.judge_first(first) };
        let confirmed = match (first, second) {
            (Compared::As(first), Compared::As(second)) => confirm(&doubt, [&first, &second]),
            _ => Confirmation::Raced,
        };
        if confirmed != Confirmation::Stale {
            DOUBTS.lock().remove(&self.name());
        }
        match confirmed {
            Confirmation::Stale => finding::report(&self.site, self.later.key(&self.site), explained),
            Confirmation::Unsteady => count(&self.site, |counts| counts.unsteady_count += 1),
            _ => count(&self.site, |counts| counts.raced_count += 1),
        }
        None
    }

    fn judge_first(&mut self, compared: Compared) -> Option<Duration> {
        count(&self.site, |counts| match compared {
            Compared::As(_) => counts.compared_count += 1,
            // It has ended since it was drawn.
            Compared::NotStored => counts.raced_count += 1,
            Compared::Incomparable => counts.skipped_count += 1,
        });
        match compared {
            Compared::As(Comparison::Differs(difference)) if self.is_news(difference) => {
                self.doubt = Some(difference);
                return Some(self.site.reader.cache.audit_grace());
            }
            Compared::As(Comparison::Raced) => count(&self.site, |counts| counts.raced_count += 1),
            Compared::As(Comparison::Reordered) => count(&self.site, |counts| counts.reordered_count += 1),
            _ => {}
        }
        None
    }
}
