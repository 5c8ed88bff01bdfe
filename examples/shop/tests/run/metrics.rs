//! Scrapes the shop as Prometheus does.

use std::collections::BTreeMap;
use std::path::Path;

use crate::shop::Shop;

/// The value of a sample, which is named with its labels.
fn value(page: &str, sample: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)).unwrap_or_else(|| panic!("{sample}: {page}"));
    line.trim().parse().unwrap()
}

/// The types of metrics, by the table of the documentation.
fn documented() -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `cache_")?.split('|');
        let name = format!("cache_{}", cells.next()?.trim().trim_end_matches('`'));
        Some((name, cells.next()?.trim().to_owned()))
    };
    page.lines().filter_map(row).collect()
}

#[test]
fn what_is_scraped_is_what_happened_under_the_names_of_the_documentation() {
    let mut shop = Shop::start(&[]);
    for _ in 0..3 {
        assert_eq!(shop.get("/api/products/1").status, 200);
    }
    let form = "title=Chair&description=&category_id=1&price=5&stock=2";
    shop.post_and_follow("/products/1", form);
    let answer = shop.get("/metrics");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    let page = &answer.body;
    let product = |outcome: &str, reason: &str| {
        let labels = r#"cache="default",manager="products",kind="detail""#;
        value(page, &format!(r#"cache_reads_total{{{labels},outcome="{outcome}",reason="{reason}"}}"#))
    };
    assert!(product("miss", "absent") >= 1.0, "{page}");
    // The rows of a new shop are inserted in a transaction; the form is a statement of which nobody knows what it changed.
    for by in [r#"cause="commit",width="rows""#, r#"cause="statement",width="table""#] {
        let written = format!(r#"cache_invalidations_total{{cache="default",table="products",{by}}}"#);
        assert_eq!(value(page, &written), 1.0, "{page}");
    }
    assert!(value(page, r#"cache_entries{cache="default"}"#) > 0.0);

    let documented = documented();
    let types: Vec<(&str, &str)> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert!(types.len() > 20, "{page}");
    for (name, of_type) in types {
        assert_eq!(documented.get(name).map(String::as_str), Some(of_type), "{name}");
        assert!(page.contains(&format!("# HELP {name} ")), "{name}");
    }
}
