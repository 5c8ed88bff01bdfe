//! Holds the Lua scripts that the server runs.

use std::sync::LazyLock;

use crate::protocol::intent::Keeping;
use crate::store::redis::command::batch::Command;

/// What tags are kept for, and notes, while nobody asks for them, in milliseconds: 60 days.
pub(crate) const KEPT_MILLIS: u64 = 60 * 86_400_000;

/// A script that asks in which life the server is.
macro_rules! of_calls {
    ($text:expr) => {
        Script::of(format!("{}{}{}", constants(), include_str!("script/ask.lua"), $text))
    };
}

/// A script that knows what becomes of tags.
macro_rules! of_tags {
    ($path:literal) => {
        of_calls!(concat!(include_str!("script/state.lua"), include_str!($path)))
    };
}

/// Places intents.
pub(crate) static PLACE: LazyLock<Script> = LazyLock::new(|| of_tags!("script/place.lua"));

/// Releases tags.
pub(crate) static RELEASE: LazyLock<Script> = LazyLock::new(|| of_tags!("script/release.lua"));

/// Seeds tags.
pub(crate) static SEED: LazyLock<Script> = LazyLock::new(|| of_tags!("script/seed.lua"));

/// Keeps tags as long as what is stored under them.
pub(crate) static KEEP: LazyLock<Script> = LazyLock::new(|| of_tags!("script/keep.lua"));

/// Changes notes.
pub(crate) static NOTES: LazyLock<Script> = LazyLock::new(|| of_tags!("script/notes.lua"));

/// Compares the incarnation for a new connection.
pub(crate) static ARRIVE: LazyLock<Script> = LazyLock::new(|| of_tags!("script/arrive.lua"));

/// Gives a stamp where none is.
pub(crate) static STAMP: LazyLock<Script> = LazyLock::new(|| of_calls!(include_str!("script/stamp.lua")));

/// Looks at slots, and puts bytes where nothing is.
pub(crate) static OPEN: LazyLock<Script> = LazyLock::new(|| of_calls!(include_str!("script/open.lua")));

/// Changes slots that begin as they have to.
pub(crate) static SWAP: LazyLock<Script> = LazyLock::new(|| of_calls!(include_str!("script/swap.lua")));

/// Removes entries, and has those told who keep copies.
pub(crate) static FORGET: LazyLock<Script> = LazyLock::new(|| of_calls!(include_str!("script/forget.lua")));

/// Takes and ends leases.
pub(crate) static LEASE: LazyLock<Script> = LazyLock::new(|| Script::of(include_str!("script/lease.lua").to_owned()));

/// The numbers that the scripts share with this program.
fn constants() -> String {
    format!("local KEEP = '{KEPT_MILLIS}'\nlocal UNUSED = {}\n", Keeping::UNUSED.as_millis())
}

/// A script, and the digest that the server knows it by.
#[derive(Debug)]
pub(crate) struct Script {
    text: String,
    digest: String,
}

impl Script {
    fn of(text: String) -> Self {
        Self { digest: sha1_smol::Sha1::from(&text).digest().to_string(), text }
    }

    /// The beginning of a command that runs the script, if the server knows it.
    pub(crate) fn by_digest(&self) -> Command {
        let mut command = Command::named("EVALSHA");
        command.arg(&self.digest);
        command
    }

    /// The beginning of a command that runs the script, and makes the server know it.
    pub(crate) fn in_full(&self) -> Command {
        let mut command = Command::named("EVAL");
        command.arg(&self.text);
        command
    }
}
