//! Programs that the derive and the managers accept, and programs that they refuse, with what they say.
//!
//! `TRYBUILD=overwrite cargo test -p programs` writes the messages anew: read the difference.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;

#[test]
fn accepted_programs() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

/// Apart from those that are accepted: where nothing has to run, all of them are checked at once.
#[test]
fn refused_programs() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

/// Programs of which the compiler says more than one thing: those with several mistakes, and those where it goes on by
/// itself, or where Diesel's derives report the same.
const OF_SEVERAL_ERRORS: [&str; 37] = [
    "base_query_mistakes",
    "base_query_of_another_table",
    "base_query_without_has_query",
    "exact_unknown_column",
    "field_no_column",
    "field_not_storable",
    "field_with_no_module",
    "filter_compares_another_type",
    "float_key",
    "function_background_unspawned",
    "function_mistakes",
    "function_value_not_serde",
    "function_without_result",
    "hook_of_another_model",
    "key_not_hashable",
    "key_parts_as_arguments",
    "key_version_text",
    "lives_mistakes",
    "order_by_mistakes",
    "order_by_unknown_column",
    "prelude_forgotten",
    "primary_key_partial",
    "primary_key_path_type",
    "relevance_too_long",
    "several_mistakes",
    "suffix_forgotten",
    "table_name_forgotten",
    "timeouts_contradict",
    "view_mistakes",
    "view_not_cached",
    "view_of_another_parent",
    "view_prefetches_its_parent",
    "view_unknown_model",
    "view_without_allow_tables",
    "view_without_associations",
    "view_without_joinable",
    "view_wrong_link",
];

#[test]
fn of_one_mistake_the_compiler_says_one_thing() {
    let is_listed = |name: &String| OF_SEVERAL_ERRORS.contains(&name.as_str());
    let wrong: Vec<_> = refused().into_iter().filter(|(name, errors)| is_listed(name) == (errors.len() == 1)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_the_page_quotes_is_what_the_compiler_says_first() {
    let page = fs::read_to_string("../../docs/compile-errors.md").unwrap();
    let firsts: Vec<String> = refused().into_values().filter_map(|errors| errors.into_iter().next()).collect();
    let quotes: Vec<&str> = page.lines().filter_map(quoted).collect();
    assert!(quotes.len() > 50, "{quotes:#?}");
    let is_said = |quote: &&str| {
        firsts.iter().any(|first| match quote.strip_suffix("..") {
            Some(beginning) => first.starts_with(beginning.trim_end()),
            None => first == quote,
        })
    };
    let unsaid: Vec<&str> = quotes.into_iter().filter(|quote| !is_said(quote)).collect();
    assert!(unsaid.is_empty(), "{unsaid:#?}");
}

/// What the second column of a row quotes.
fn quoted(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix('|')?.split_once(" | ``")?;
    let (quote, _) = rest.split_once("`` |")?;
    Some(quote.trim())
}

/// The errors of each refused program, in order.
fn refused() -> BTreeMap<String, Vec<String>> {
    let files = fs::read_dir("ui/fail").unwrap().map(|entry| entry.unwrap().path());
    let messages = files.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    let errors_of = |text: String| text.lines().filter_map(error).map(str::to_owned).collect();
    messages
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .map(|(name, text)| (name, errors_of(text)))
        .collect()
}

/// The message of an error, if a line begins one.
fn error(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("error")?;
    rest.strip_prefix(": ").or_else(|| Some(rest.strip_prefix('[')?.split_once("]: ")?.1))
}
