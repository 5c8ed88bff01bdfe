use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ::metrics::{Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use cache_core::store::Usage;
use cache_core::{Cache, Cause, MIB, Width, registry};

use super::sample::{METRICS, MetricType, Sample, samples_of};

fn documentation(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_metric_is_in_the_table_of_the_documentation_with_type_and_unit() {
    let page = documentation("operations.md");
    let rows: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `cache_")).collect();
    let row = |metric: &&super::sample::Metric| {
        let of_type = if metric.of_type == MetricType::Counter { "counter" } else { "gauge" };
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        format!("| `{}` | {of_type} | {} | {labels} | {} |", metric.name, metric.unit, metric.means)
            .replace("|  |", "| |")
    };
    let expected: BTreeSet<String> = METRICS.iter().map(row).collect();
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(rows, expected);
}

#[test]
fn names_say_their_type_and_unit() {
    for metric in METRICS {
        let is_counter = metric.of_type == MetricType::Counter;
        assert_eq!(metric.name.ends_with("_total"), is_counter, "{}", metric.name);
        for unit in ["bytes", "seconds"] {
            assert_eq!(metric.name.ends_with(unit), metric.unit == unit, "{}", metric.name);
        }
    }
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are() {
    let dashboard = documentation("grafana/cache-diesel.json");
    let parsed: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(parsed["panels"].as_array().unwrap().len() >= 8);
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let labels: BTreeSet<&str> = METRICS.iter().flat_map(|metric| metric.labels).copied().chain(["cache"]).collect();
    let page = documentation("operations.md");
    let queries: Vec<String> = alerts(&page).into_iter().map(|[_, query, _]| query).collect();
    let panels = dashboard.lines().filter(|line| line.contains("\"expr\":"));
    for expression in panels.chain(queries.iter().map(String::as_str)) {
        for word in expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
            assert!(!word.starts_with("cache_") || known.contains(word), "{word}: {expression}");
        }
        for grouped in expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(grouped.split(", ").all(|label| labels.contains(label)), "{grouped}: {expression}");
        }
    }
}

/// The alerts of the page: name, query, for how long.
fn alerts(page: &str) -> Vec<[String; 3]> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| alert |")).skip(2);
    let row = |line: &str| {
        let cells = line.replace("\\|", "\0");
        let cells: Vec<String> = cells.split('|').map(|cell| cell.trim().replace('\0', "|")).collect();
        [cells[1].clone(), cells[2].trim_matches('`').to_owned(), cells[3].clone()]
    };
    rows.take_while(|line| line.starts_with('|')).map(row).collect()
}

#[test]
fn the_rules_for_prometheus_are_the_alerts_of_the_page_and_each_has_its_steps() {
    let (page, rules) = (documentation("operations.md"), documentation("grafana/alerts.yml"));
    let alerts = alerts(&page);
    assert!(alerts.len() > 10, "{alerts:?}");
    assert_eq!(rules.matches("- alert: ").count(), alerts.len());
    for [name, query, time] in alerts {
        let (_, rule) = rules.split_once(&format!("expr: '{query}'\n")).unwrap_or_else(|| panic!("no rule: {query}"));
        let rule = rule.split("- alert").next().unwrap();
        assert!(rule.contains(&format!("summary: '{name}'")), "{name}: {rule}");
        let minutes = time.strip_suffix(" minutes").or(time.strip_suffix(" minute"));
        assert_eq!(minutes.map(|it| rule.contains(&format!("for: {it}m\n"))), minutes.map(|_| true), "{name}: {rule}");
        assert_eq!(rule.contains("for: "), minutes.is_some(), "{name}: {rule}");
        let steps = format!("\n**{}{}.**", name[..1].to_uppercase(), &name[1..]);
        assert!(page.contains(&steps), "no steps: {name}");
    }
}

/// Keeps what it is told.
#[derive(Debug, Default)]
struct Kept(Arc<Mutex<BTreeSet<String>>>);

struct Told(Arc<Mutex<BTreeSet<String>>>, String);

impl Told {
    fn keep(&self, value: &str) {
        self.0.lock().unwrap().insert(format!("{} {value}", self.1));
    }
}

impl CounterFn for Told {
    fn increment(&self, _: u64) {
        unreachable!("counters are set to what the statistics say")
    }
    fn absolute(&self, value: u64) {
        self.keep(&value.to_string());
    }
}

impl GaugeFn for Told {
    fn increment(&self, _: f64) {
        unreachable!("gauges are set")
    }
    fn decrement(&self, _: f64) {
        unreachable!("gauges are set")
    }
    fn set(&self, value: f64) {
        self.keep(&value.to_string());
    }
}

impl Kept {
    fn told(&self, key: &Key) -> Arc<Told> {
        let labels: Vec<String> = key.labels().map(|it| format!("{}={}", it.key(), it.value())).collect();
        Arc::new(Told(Arc::clone(&self.0), format!("{} {}", key.name(), labels.join(","))))
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>) {
        let line = format!("{} is in {}", name.as_str(), unit.unwrap().as_str());
        self.0.lock().unwrap().insert(line);
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }
    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.told(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.told(key))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        unreachable!("there are none")
    }
}

#[test]
fn a_recorder_is_told_what_the_statistics_say() {
    let cache = Cache::builder().memory(MIB).build().unwrap();
    registry::configure([("measured", cache.clone())]).unwrap();
    cache.set("a", &1, core::time::Duration::from_secs(60)).unwrap();
    for key in ["a", "a", "b"] {
        let _: Option<i32> = cache.get(key).unwrap();
    }
    let kept = Kept::default();
    ::metrics::with_local_recorder(&kept, || {
        super::describe();
        super::record();
    });
    let told = kept.0.lock().unwrap();
    let counts = cache.statistics().total();
    let manager = Cache::VALUES;
    let read = |outcome: &str, reason: &str, count: u64| {
        format!(
            "cache_reads_total cache=measured,manager={manager},kind=value,outcome={outcome},reason={reason} {count}"
        )
    };
    for line in [
        read("hit", "", 2),
        read("miss", "absent", counts.miss_count),
        "cache_entries_bytes is in bytes".to_owned(),
        "cache_near_max_staleness_seconds is in seconds".to_owned(),
        "cache_dirty_tags cache=measured 0".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}: {told:#?}");
    }
}

#[test]
fn invalidations_are_told_apart_by_cause_and_width() {
    let mut statistics = Cache::memory().statistics();
    let table = || "products".to_owned();
    statistics.invalidations.insert((table(), Cause::Statement, Width::Rows), 3);
    statistics.invalidations.insert((table(), Cause::Commit, Width::Table), 2);
    statistics.clear_counts.insert(String::new(), 1);
    let samples = samples_of("a", &statistics, Usage::default());
    let told = |name: &str| -> Vec<String> {
        let of_name = samples.iter().filter(|sample| sample.metric.name == name);
        let labels =
            |sample: &Sample| sample.labels.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>().join(",");
        of_name.map(|sample| format!("{} {}", labels(sample), sample.value)).collect()
    };
    assert_eq!(told("cache_invalidations_total"), ["a,products,commit,table 2", "a,products,statement,rows 3"]);
    assert_eq!(told("cache_clears_total"), ["a, 1"]);
    assert_eq!(told("cache_breaker_open"), ["a 0"]);
}

#[test]
fn outcomes_add_up_to_the_reads() {
    let cache = Cache::memory();
    cache.counters("product", cache_core::Kind::Detail).bypass(cache_core::Bypass::Transaction);
    let samples = samples_of("a", &cache.statistics(), Usage::default());
    let reads = samples.iter().filter(|sample| sample.metric.name == "cache_reads_total");
    assert_eq!(reads.map(|sample| sample.value).sum::<u64>(), cache.statistics().total().bypass_count);
}
