//! Tests that ARCHITECTURE.md names what is there, and every module of the crates.

use crate::page::{Page, root};
use crate::tree::Tree;

#[test]
fn every_name_in_the_architecture_is_in_the_tree() {
    let tree = Tree::read();
    let page = Page::read(&root().join("ARCHITECTURE.md"));
    let names = page.code();
    assert!(names.len() > 300, "{}", names.len());
    let missing: Vec<String> = names
        .iter()
        .flat_map(|span| words(&span.text).into_iter().map(|word| (span.line, word)))
        .filter(|(_, word)| !tree.has(word))
        .map(|(line, word)| format!("ARCHITECTURE.md:{line}: nothing is called `{word}`"))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_module_is_in_the_tables_of_the_architecture() {
    let tree = Tree::read();
    let tables = Page::read(&root().join("ARCHITECTURE.md")).module_tables();
    assert_eq!(tables.len(), 4, "the tables of modules begin with `| <crate> |`");
    let missing: Vec<String> = tables
        .iter()
        .flat_map(|table| {
            let modules = tree.modules(&table.title).into_iter().filter(|module| !table.has(module));
            modules.map(|module| format!("the table of {} in ARCHITECTURE.md lacks `{module}`", table.title))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The names in a piece of code: a call or a command is none, a list or a chain of names is several.
fn words(code: &str) -> Vec<String> {
    // Names of other programs and libraries.
    const FOREIGN: [&str; 2] = ["::cache_diesel", "Debug"];
    let is_part = |letter: char| letter.is_alphanumeric() || "_/.:*!<>-".contains(letter);
    let is_between = |letter: char| letter.is_whitespace() || letter == ',' || letter == '→';
    let is_list = code.contains([',', '→']) || !code.contains(char::is_whitespace);
    if !is_list || !code.chars().all(|letter| is_part(letter) || is_between(letter)) {
        return Vec::new();
    }
    let words = code.split(is_between).map(|word| word.trim_end_matches(['!', '/', '.']));
    words.filter(|word| !word.is_empty() && !FOREIGN.contains(word)).map(str::to_owned).collect()
}
