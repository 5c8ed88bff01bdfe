//! Tells this process from all others.

use std::sync::LazyLock;

use cache_core::Token;

/// What tells this process from all others, on whatever machine: its number alone does not, two containers have the
/// same ones.
pub(crate) fn here() -> String {
    static DRAWN: LazyLock<[Token; 2]> = LazyLock::new(|| [Token::fresh(), Token::fresh()]);
    // A process that was forked has what was drawn before, and another number.
    format!("{:?} {}", *DRAWN, std::process::id())
}
