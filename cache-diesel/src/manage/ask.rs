//! Asks before something is cleared.

use std::io::{IsTerminal, Write as _, stderr, stdin};

use crate::manage::arguments::{Cleared, Order};
use crate::manage::failure::Failure;

/// Goes on if nothing is cleared, or somebody has agreed to it.
pub(super) fn confirm(order: &Order) -> Result<(), Failure> {
    let Order::Clear { what, is_confirmed: false } = order else { return Ok(()) };
    let sentence = sentence(what);
    if !stdin().is_terminal() {
        let message = format!("nothing was cleared, as nobody can be asked: say `--yes` to clear {sentence}");
        return Err(Failure::usage(message));
    }
    // In one piece: a terminal shows what was typed before it, and not amid it.
    let question = format!("Clear {sentence}? [y/N] ");
    let mut answer = String::new();
    let is_heard = stderr().write_all(question.as_bytes()).is_ok() && stdin().read_line(&mut answer).is_ok();
    if is_heard && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::usage("nothing was cleared".to_owned()))
}

/// What is to be cleared, in words.
pub(super) fn sentence(what: &Cleared) -> String {
    match what {
        Cleared::Cache(name) => format!("everything in the cache `{name}`"),
        Cleared::Everything => "everything in every cache".to_owned(),
        Cleared::List(manager, suffix) => format!("the lists `{suffix}` of `{manager}`"),
        Cleared::Lists(manager) => format!("all lists of `{manager}`"),
        Cleared::Manager(manager) => format!("everything of `{manager}`"),
        Cleared::Rows(manager, keys) => format!("{} of `{manager}`, in every manager of its table", keys.join(", ")),
    }
}
