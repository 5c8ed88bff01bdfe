//! Calls the store for a read: at once, or for a task that waits without a thread.

use cache_core::protocol::fill::SeededTag;
use cache_core::protocol::wait::WaitStep;
use cache_core::store::{Lease, Wish, Writer};
use cache_core::{Attempt, Bypass, LeaseWait, Life, Missed, Offloaded, Right, Tag, Value, is_collecting};
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::read::shape::TableNames;
use crate::read::task::load::{Load, Turn, request_by};
use crate::read::task::look::{Found, Noting};
use crate::read::task::{Site, Task};
use crate::read::terminal::entry::{CachedEntry, Origin};

/// Does `work` that calls the store, as a driver of the line `C` does.
pub(crate) fn call<C: Line, T: Send + 'static>(
    site: &Site<'static>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Offloaded<T> {
    site.reader.cache.call_by(C::MANNER, work)
}

/// Looks in the cache.
pub(crate) async fn look_up<C: Line, T: Task>(task: &mut T, site: &Site<'static>) -> Result<(T::Value, Life), Missed> {
    if site.reader.cache.is_called_at_once(C::MANNER) {
        return task.look_up(site);
    }
    let key = site.key(task.id(), task.head().kind);
    let found = match site.reader.find(&key).filter(|_| !is_collecting()) {
        Some(found) => found,
        None => {
            let tags = task.dependencies(site, |subject| task.tags(subject));
            let wish = Wish { key, tags, codec: task.codec() };
            granted::<C>(site, wish).await?
        }
    };
    serve::<C, T>(task, site, found).await
}

/// What the store gives of a wish.
pub(crate) async fn granted<C: Line>(site: &Site<'static>, wish: Wish) -> Result<(Value, Life), Missed> {
    if let Some(found) = site.reader.find(&wish.key).filter(|_| !is_collecting()) {
        return Ok(found);
    }
    if !is_collecting() {
        return site.reader.look_up_by(C::MANNER, wish).await;
    }
    let owned = *site;
    call::<C, _>(site, move || wish.with(|wanted| owned.look_up_wanted(wanted))).await
}

/// What the entry that was found is to the reader, with the one that it leads to.
pub(crate) async fn serve<C: Line, T: Task>(
    task: &mut T,
    site: &Site<'static>,
    found: (Value, Life),
) -> Result<(T::Value, Life), Missed> {
    let mut wish = None;
    let served = task.serve(site, found.clone(), Noting(&mut wish));
    let Some(wish) = wish else { return served };
    let led = granted::<C>(site, wish).await;
    task.serve(site, found, Found(led))
}

/// The present tokens of `tags`; `None` if the store fails, or nothing is to be stored.
pub(crate) async fn seed<C: Line>(site: &Site<'static>, tags: Vec<Tag>) -> Option<Vec<SeededTag>> {
    let reader = site.reader;
    call::<C, _>(site, move || reader.seed(&tags)).await
}

/// After a miss, where it is known which tables count: who asks the database?
pub(crate) async fn take_turn<C: Line, T: Task>(
    task: &mut T,
    site: Site<'static>,
    missed: Missed,
    named: Result<TableNames, Bypass>,
) -> Option<Turn<'static>> {
    let request = request_by(task, site, missed, named)?;
    Some(call::<C, _>(&site, move || request.take_turn()).await)
}

/// Looks once more, now that nobody else in this process loads the same; waits for another process that does.
pub(crate) async fn approach<C: Line, T: Task>(
    load: &mut Load<'static>,
    task: &mut T,
) -> Option<CachedEntry<T::Value>> {
    if !load.may_have_passed() {
        return None;
    }
    let (site, codec) = (*load.site(), task.codec());
    let (mut fill, reader) = (load.fill().take()?, site.reader);
    let wish = Wish { key: *fill.key(), tags: fill.tags(), codec };
    let attempt = move || {
        let attempt = fill.attempt(&reader, codec);
        (fill, attempt)
    };
    let (fill, attempt) = call::<C, _>(&site, attempt).await;
    *load.fill() = Some(fill);
    let found = match attempt {
        Attempt::Query => None,
        Attempt::Look => look::<C, T>(task, &site, &wish).await,
        Attempt::Found(value, life) => serve::<C, T>(task, &site, (value, life)).await.ok(),
        Attempt::Wait(lease, found) => {
            let found = match found {
                Some(found) => serve::<C, T>(task, &site, found).await.ok(),
                None => None,
            };
            match found {
                Some(found) => Some(found),
                None => wait_for_lease::<C, T>(load, task, &wish, lease).await,
            }
        }
    };
    Some(load.hand_on(task, found?, Origin::Miss))
}

async fn look<C: Line, T: Task>(task: &mut T, site: &Site<'static>, wish: &Wish) -> Option<(T::Value, Life)> {
    let found = site.reader.look_up_by(C::MANNER, wish.clone()).await.ok()?;
    serve::<C, T>(task, site, found).await.ok()
}

/// Waits for what the lease's holder stores, or for the lease.
async fn wait_for_lease<C: Line, T: Task>(
    load: &mut Load<'static>,
    task: &mut T,
    wish: &Wish,
    lease: (Lease, Writer),
) -> Option<(T::Value, Life)> {
    let site = *load.site();
    let wait = LeaseWait::begin(&site.reader, lease, site.reader.lease_wait());
    while nap::<C>(&wait, &site).await {
        if let Some(found) = look::<C, T>(task, &site, wish).await {
            return Some(found);
        }
        if let Some(right) = retry::<C>(wait, &site).await {
            let wants_a_look = right.wants_a_look();
            give(load, right);
            return if wants_a_look { look::<C, T>(task, &site, wish).await } else { None };
        }
    }
    give(load, LeaseWait::give_up(&site.reader));
    None
}

fn give(load: &mut Load<'static>, right: Right) {
    if let Some(fill) = load.fill() {
        fill.give(right);
    }
}

/// Naps before the next look; says whether there is one.
pub(crate) async fn nap<C: Line>(wait: &LeaseWait, site: &Site<'static>) -> bool {
    let WaitStep::Nap(nap) = wait.next() else { return false };
    site.reader.cache.nap_by(C::MANNER, nap).await;
    true
}

/// The right to load, if another process has it no longer.
pub(crate) async fn retry<C: Line>(wait: LeaseWait, site: &Site<'static>) -> Option<Right> {
    let reader = site.reader;
    call::<C, _>(site, move || wait.retry(&reader)).await
}

/// Whether nobody else loads the same, in any process; nobody is waited for.
pub(crate) async fn is_first<C: Line>(load: &mut Load<'static>) -> bool {
    let Some(mut fill) = load.fill().take() else { return false };
    let site = *load.site();
    let ask = move || {
        let is_first = fill.is_first(&site.reader);
        (fill, is_first)
    };
    let (fill, is_first) = call::<C, _>(&site, ask).await;
    *load.fill() = Some(fill);
    is_first
}

/// Counts the query, and stores what it brought.
pub(crate) async fn conclude<C: Line, T: Task>(
    load: Load<'static>,
    task: &mut T,
    answer: QueryResult<T::Value>,
) -> QueryResult<CachedEntry<T::Value>> {
    let value = load.answered(answer)?;
    let (site, tags) = (*load.site(), load.late_tags(task, &value));
    let late = if tags.is_empty() { None } else { seed::<C>(&site, tags).await };
    let conclusion = load.conclusion(task, &value, late);
    let life = call::<C, _>(&site, move || load.conclude(conclusion)).await;
    Ok(CachedEntry::new(value, Origin::Miss, life))
}
