//! What may a text do that cannot be read with certainty?

use super::word::Folded;
use super::{Effect, Session};

/// Gives `each` what `text`, doubtful somewhere, may do: anything to tables, and to the session if it
/// has the words for it.
pub(super) fn effects(text: &str, each: &mut dyn FnMut(Effect)) {
    each(Effect::Unknown);
    if may_be_particular(text) {
        each(Effect::Session(Session::Particular));
    }
}

/// Looks at the bare words, whatever they stand between.
fn may_be_particular(text: &str) -> bool {
    let mut is_definition = false;
    let mut is_write = false;
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| is_word(letter) || letter == ';') {
        rest = &rest[start..];
        if let Some(behind) = rest.strip_prefix(';') {
            (is_definition, is_write) = (false, false);
            rest = behind;
            continue;
        }
        let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let word = Folded::new(&rest[..end]);
        rest = &rest[end..];
        match word.as_str() {
            "attach" | "detach" | "discard" | "pragma" | "reset" | "set_config" | "use" => {
                return true;
            }
            // The SET of a write is no statement.
            "set" if !is_write => return true,
            "pg_temp" | "temp" | "temporary" if is_definition => return true,
            "alter" | "create" | "drop" | "into" => is_definition = true,
            "insert" | "replace" | "update" => is_write = true,
            _ => {}
        }
    }
    false
}
