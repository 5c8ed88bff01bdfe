//! Shows what happens: events of this process, and tables that any process has written.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use cache_core::{Cache, Event, TagKind, Token, registry};
use serde_json::json;

use crate::identity;
use crate::manage::Tell;
use crate::manage::answer::Answer;
use crate::manage::failure::Failure;
use crate::manage::interrupt;
use crate::manage::managed::Managed;
use crate::model::declaration::tables_of_models;

/// Tells of each event for `time`, or until somebody interrupts it or stops reading; looks for written tables with a `pause` between.
pub(super) fn watch<C>(
    managers: &[Box<dyn Managed<C>>],
    (time, pause): (Option<Duration>, Duration),
    tell: &mut Tell<'_>,
) -> Result<Answer, Failure> {
    let (sender, receiver) = channel();
    let caches: Vec<(String, Cache)> =
        registry::named().into_iter().filter_map(|(name, cache)| Some((name, cache.ok()?))).collect();
    for (name, cache) in &caches {
        cache.ping()?;
        listen(name, cache, sender.clone());
    }
    let until = time.map(|time| Instant::now() + time);
    let mut tokens = BTreeMap::new();
    let (mut count, mut is_heard) = (0_u64, true);
    loop {
        let now = Instant::now();
        let left = until.map_or(pause, |until| until.saturating_duration_since(now).min(pause));
        for line in heard(&receiver, left).into_iter().chain(written(&caches, &mut tokens)) {
            count += 1;
            is_heard &= tell(line);
        }
        if !is_heard || interrupt::is_asked() || until.is_some_and(|until| Instant::now() >= until) {
            let names: Vec<&str> = managers.iter().map(|manager| manager.name()).collect();
            return Ok(Answer::good(format!("{count} events"), json!({ "events": count, "managers": names })));
        }
    }
}

fn listen(name: &str, cache: &Cache, sender: Sender<Answer>) {
    let name = name.to_owned();
    cache.listen("cache_diesel::manage::watch", move |event| {
        if let Some((what, about)) = words(event) {
            let json = json!({ "cache": name, "event": what, "about": about });
            // Nobody may listen any more.
            _ = sender.send(Answer::good(format!("{name}: {what} {about}"), json));
        }
    });
}

fn words(event: &Event<'_>) -> Option<(&'static str, String)> {
    Some(match event {
        Event::Missed { manager, kind, key, cause } => ("missed", format!("{kind} `{key}` of `{manager}`: {cause}")),
        Event::Invalidated { tables, rows, is_wide, cause } => {
            let rows: Vec<String> = rows.iter().map(|(table, key)| format!("{table} {key}")).collect();
            let wide = if *is_wide { "the whole database" } else { "" };
            let parts = [tables.join(", "), wide.to_owned(), rows.join(", ")];
            let about: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            ("invalidated", format!("{} by {cause}", about.join(" ")))
        }
        Event::Cleared { manager } => ("cleared", manager.unwrap_or("everything").to_owned()),
        Event::Differed { manager, kind, key } => ("stale", format!("{kind} `{key}` of `{manager}`")),
        Event::StoreFailed { operation, error } => ("store failed", format!("{operation:?}: {error}")),
        _ => return None,
    })
}

/// What was told within `time`.
fn heard(receiver: &Receiver<Answer>, time: Duration) -> Vec<Answer> {
    let until = Instant::now() + time;
    let mut lines = Vec::new();
    loop {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return lines,
        }
    }
}

type Tokens = BTreeMap<(String, String), Vec<Token>>;

/// The tables whose token for any write is another one than when it was looked at last.
fn written(caches: &[(String, Cache)], tokens: &mut Tokens) -> Vec<Answer> {
    let mut lines = Vec::new();
    for (name, cache) in caches.iter().filter(|(_, cache)| !cache.is_local()) {
        for table in tables_of_models() {
            let tags: Vec<_> =
                identity::seen::every().iter().map(|database| database.table(&table).whole(TagKind::Any)).collect();
            let Ok(seen) = cache.tokens(&tags) else { continue };
            let former = tokens.insert((name.clone(), table.clone()), seen.clone());
            if former.is_some_and(|former| former != seen) {
                let json = json!({ "cache": name, "event": "written", "about": table });
                lines.push(Answer::good(format!("{name}: written {table}"), json));
            }
        }
    }
    lines
}
