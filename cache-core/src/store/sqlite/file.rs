//! Finds, makes and throws away the file of a cache, and nobody else's.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as IoErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::sqlite::boot;
use crate::store::sqlite::failure::Failure;

/// Where a cache is kept, and for how long what is acknowledged has to last.
#[derive(Clone, Debug)]
pub(super) struct CacheFile {
    path: PathBuf,
    /// The index of its log, which SQLite keeps beside it.
    log: PathBuf,
    lasting: Lasting,
    boot: Option<String>,
}

/// How long what is acknowledged lasts, if the machine stops without notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasting {
    /// Over restarts of the machine.
    OverRestarts,
    /// Until then.
    UntilTheMachineStops,
}

/// Tells a file from every other one that is there at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    number: u64,
}

impl CacheFile {
    /// Says in the file whose it is: `cach`.
    pub(super) const APPLICATION: i32 = 0x6361_6368;
    const MAGIC: &'static [u8] = b"SQLite format 3\0";

    pub(super) fn new(path: PathBuf, lasting: Lasting) -> Self {
        Self { log: beside(&path, "-shm"), path, lasting, boot: boot::boot() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Which boot this is; `None`: it is not known.
    pub(super) fn boot(&self) -> Option<&str> {
        self.boot.as_deref()
    }

    /// Whether writes that have to last are written through to the disk.
    pub(super) fn writes_through(&self) -> bool {
        self.lasting == Lasting::OverRestarts || self.boot.is_none()
    }

    /// The name of the incarnation in which the file with this identity is: another file is another one, and so is another
    /// boot, unless everything that has to last was written through.
    pub(super) fn incarnation(&self, identity: FileIdentity) -> String {
        let boot = self.boot().filter(|_| !self.writes_through()).unwrap_or_default();
        format!("{boot}/{:x}:{:x}", identity.device, identity.number)
    }

    /// Refuses a path where no file can be, and a file of something else.
    pub(super) fn prepare(&self) -> Result<()> {
        let refuse = |why: &str| Error::configuration(format!("`{}` {why}", self.path.display()));
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        if self.lasting == Lasting::OverRestarts {
            fs::create_dir_all(folder)
                .map_err(|error| refuse("is in a directory that cannot be made").with_source(error))?;
        }
        if !folder.is_dir() {
            return Err(refuse("is in a directory that is not there"));
        }
        if self.path.is_dir() {
            return Err(refuse("is a directory: `sqlite:` needs a file, `file:` takes a directory"));
        }
        match self.belongs_to() {
            Ok(Owner::Nobody | Owner::Us) => Ok(()),
            Ok(Owner::Others) => Err(refuse("is a file of something else")),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(()),
            Err(error) => Err(refuse("cannot be read").with_source(error)),
        }
    }

    /// Makes the file, if there is none: for this user alone, as it holds rows.
    pub(super) fn make(&self) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Err(error) if error.kind() == IoErrorKind::AlreadyExists => Ok(()),
            made => made.map(drop),
        }
    }

    /// Removes a file that cannot be read any more, if it is a cache's.
    pub(super) fn discard(&self) -> core::result::Result<(), Failure> {
        match self.belongs_to() {
            Ok(Owner::Us) => {}
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(()),
            Ok(_) | Err(_) => return Err(Failure::foreign()),
        }
        // The file first: nobody opens it without its log. A log that is left beside a new file SQLite removes.
        for end in ["", "-shm", "-wal"] {
            match fs::remove_file(beside(&self.path, end)) {
                Err(error) if error.kind() != IoErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Which file is there now; `None`: none.
    pub(super) fn identity(&self) -> Option<FileIdentity> {
        identity(&self.path)
    }

    /// Which index of its log is there now; `None`: none. While one process has it open, it is the same for all.
    pub(super) fn log_identity(&self) -> Option<FileIdentity> {
        identity(&self.log)
    }

    fn belongs_to(&self) -> std::io::Result<Owner> {
        let mut header = Vec::new();
        File::open(&self.path)?.take(100).read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(Owner::Nobody);
        }
        let application = header.get(68..72).filter(|_| header.starts_with(Self::MAGIC));
        // The mark stands in the log until that is carried over to the file.
        Ok(match application {
            Some(mark) if *mark == Self::APPLICATION.to_be_bytes() => Owner::Us,
            _ => Owner::Others,
        })
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(end);
    path.into()
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).ok()?;
    Some(FileIdentity { device: metadata.dev(), number: metadata.ino() })
}

/// Such a system does not let go of a file that is open.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<FileIdentity> {
    fs::metadata(path).ok().map(|_| FileIdentity { device: 0, number: 0 })
}

enum Owner {
    /// The file is empty.
    Nobody,
    Others,
    Us,
}
