//! Lists caches and managers with their statistics, and shows what is stored of a row.

use cache_core::{Cache, JournalNote, Kind, registry};
use serde_json::{Value, json};

use crate::manage::answer::{Answer, columns};
use crate::manage::failure::Failure;
use crate::model::declaration::declared;
use crate::read::terminal::explain::{ExplainedAnswer, Explanation};
use crate::setup::health::health;

/// Every cache, how it does, and what its managers' reads came to in this process.
pub(super) fn list() -> Answer {
    let health = health();
    let (mut lines, mut values, mut is_well) = (Vec::new(), Vec::new(), health.is_well());
    for (cache, (name, built)) in health.caches.iter().zip(registry::named()) {
        lines.push(cache.to_string());
        let Ok(built) = built else {
            is_well = false;
            values.push(json!({ "cache": name, "error": cache.answer.clone().err() }));
            continue;
        };
        let (rows, managers) = numbers(&built);
        if !rows.is_empty() {
            let head = ["manager", "kind", "hits", "misses", "bypasses", "stored", "loads"];
            lines.extend(columns(&head, &rows).lines().map(|line| format!("  {line}")));
        }
        // What lies elsewhere is not counted.
        let usage = built.is_local().then(|| built.usage());
        values.push(json!({
            "cache": name, "answers": cache.answer.is_ok(), "error": cache.answer.clone().err(),
            "mode": format!("{:?}", cache.mode).to_lowercase(), "dirty_tags": cache.dirty_tag_count,
            "shadow": built.is_shadow(), "distrusted": built.distrusted(),
            "entries": usage.map(|usage| usage.entries), "bytes": usage.map(|usage| usage.weight), "managers": managers,
        }));
    }
    let models: Vec<Value> =
        declared().iter().map(|model| json!({ "manager": model.manager, "model": model.path() })).collect();
    lines.push(format!("{} models are declared", models.len()));
    Answer::good(lines.join("\n"), json!({ "caches": values, "models": models })).and(is_well)
}

fn numbers(cache: &Cache) -> (Vec<Vec<String>>, Vec<Value>) {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for ((manager, kind), counts) in &cache.statistics().reads {
        let numbers = [counts.hit_count, counts.miss_count, counts.bypass_count, counts.store_count, counts.load_count];
        let texts = [manager.clone(), kind.to_string()].into_iter().chain(numbers.map(|number| number.to_string()));
        rows.push(texts.collect());
        let [hits, misses, bypasses, stored, loads] = numbers;
        values.push(json!({
            "manager": manager, "kind": kind_name(*kind), "hits": hits, "misses": misses, "bypasses": bypasses,
            "stored": stored, "loads": loads,
        }));
    }
    (rows, values)
}

fn kind_name(kind: Kind) -> String {
    kind.to_string()
}

/// Whether the store of the cache called `name` answers.
pub(super) fn reachable(name: &str) -> Result<(), Failure> {
    Ok(registry::get(name)?.ping()?)
}

/// What a row would be read from; `row`: and what is stored of it, if that is asked for.
pub(super) fn explained(explanation: &Explanation, row: Option<Option<String>>) -> Answer {
    let is_served = matches!(explanation.answer, ExplainedAnswer::Hit | ExplainedAnswer::Stale);
    let entry = explanation.entry.as_ref().map(|entry| {
        json!({
            "age_seconds": entry.age.as_secs_f64(),
            "ends_at": entry.hard_deadline.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
                .map(|at| at.as_secs()),
        })
    });
    let tag = |tag: &crate::read::ExplainedTag| {
        let token = tag.token.map(|token| format!("{token:?}"));
        json!({ "kind": tag.kind.to_string(), "table": tag.table, "name": format!("{:?}", tag.name), "token": token })
    };
    let tags: Vec<Value> = explanation.tags.iter().map(tag).collect();
    let note = |note: &JournalNote| {
        json!({
            "age_seconds": note.age.as_secs_f64(), "noted": note.noted.to_string(),
            "tag": note.through.map(|kind| kind.to_string()),
        })
    };
    let journal: Vec<Value> = explanation.journal.iter().map(note).collect();
    let mut json = json!({
        "manager": explanation.manager, "kind": kind_name(explanation.kind), "answer": explanation.answer.to_string(),
        "served": is_served, "key": explanation.key.map(|key| format!("{key:?}")), "tables": explanation.tables,
        "entry": entry, "tags": tags, "journal": journal,
    });
    let mut table = explanation.to_string();
    if let Some(row) = row {
        table = format!("{table}\n{}", row.as_deref().unwrap_or("no row is stored"));
        json["row"] = row.into();
    }
    Answer::good(table, json)
}
