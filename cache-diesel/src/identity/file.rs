//! Identifies a file among the files of all machines.

use std::path::Path;

use crate::identity::answer::{ServerAnswer, ServerRole};
use crate::identity::process::here;

/// What there is to say of the file at `path`; `None`: it does not exist yet.
///
/// All that opens one file says the same, under whatever name, and two files never do. It is a name for as long as the
/// machine is up: what was cached before it was started anew is not found again.
pub(crate) fn answer_of(path: &Path) -> Option<ServerAnswer> {
    let file = std::fs::metadata(path).ok()?;
    let mark = machine().zip(mark_of(&file)).map(|(machine, mark)| format!("file {machine} {mark}"));
    let database = mark.as_ref().map(|mark| format!("sqlite:{mark}"));
    // Where nothing tells it from others, this process has it for itself.
    let server = mark.unwrap_or_else(here);
    Some(ServerAnswer { server, database, account: String::new(), standing: ServerRole::Primary })
}

/// The machine's name for as long as it is up: that of the machine is copied with its image, and containers have none
/// of their own. The numbers of devices last as long.
fn machine() -> Option<&'static str> {
    use std::sync::LazyLock;

    static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    });
    BOOT.as_deref()
}

#[cfg(unix)]
fn mark_of(file: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    // The number of a file that was deleted is given to another one.
    let created = file.created().ok().and_then(|created| created.duration_since(std::time::UNIX_EPOCH).ok());
    Some(format!("{} {} {:?}", file.dev(), file.ino(), created))
}

#[cfg(not(unix))]
fn mark_of(_file: &std::fs::Metadata) -> Option<String> {
    None
}
