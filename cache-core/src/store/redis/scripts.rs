//! Which scripts does the server run for us?

use std::sync::LazyLock;

use redis::Cmd;

/// Seeds, places and releases tags.
pub(super) static TAGS: LazyLock<Script> =
    LazyLock::new(|| Script::of(concat!(include_str!("script/state.lua"), include_str!("script/tags.lua"))));

/// Changes notes.
pub(super) static NOTES: LazyLock<Script> =
    LazyLock::new(|| Script::of(concat!(include_str!("script/state.lua"), include_str!("script/notes.lua"))));

/// Compares the incarnation for a new connection.
pub(super) static ARRIVE: LazyLock<Script> =
    LazyLock::new(|| Script::of(concat!(include_str!("script/state.lua"), include_str!("script/arrive.lua"))));

/// Looks at slots, and puts bytes where nothing is.
pub(super) static OPEN: LazyLock<Script> =
    LazyLock::new(|| Script::of(concat!(include_str!("script/state.lua"), include_str!("script/open.lua"))));

/// Changes slots that begin as they have to.
pub(super) static SWAP: LazyLock<Script> =
    LazyLock::new(|| Script::of(concat!(include_str!("script/state.lua"), include_str!("script/swap.lua"))));

/// Takes and ends leases.
pub(super) static LEASE: LazyLock<Script> = LazyLock::new(|| Script::of(include_str!("script/lease.lua")));

/// A script, and the digest that the server knows it by.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    digest: String,
}

impl Script {
    fn of(text: &'static str) -> Self {
        Self { text, digest: redis::Script::new(text).get_hash().to_owned() }
    }

    /// The beginning of a command that runs the script, if the server knows it.
    pub(super) fn by_digest(&self) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.digest);
        command
    }

    /// The beginning of a command that runs the script, and makes the server know it.
    pub(super) fn in_full(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.text);
        command
    }
}
