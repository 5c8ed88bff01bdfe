//! What has been written to each row, for all processes of a load: a file in memory.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The price that each row had after the last write that has returned, and when that was.
///
/// Two processes that write a row at the same time may leave the older of their prices, which excuses a read.
pub struct Ledger(File);

/// A write that had returned.
#[derive(Clone, Copy)]
pub struct Returned {
    pub price: i32,
    millis: u32,
}

impl Ledger {
    fn path(prefix: &str) -> PathBuf {
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        folder.join(prefix)
    }

    /// The ledger of the load whose keys begin with `prefix`.
    pub fn open(prefix: &str, rows: i32) -> Self {
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let file = options.open(Self::path(prefix)).unwrap();
        file.set_len(8 * (rows as u64 + 1)).unwrap();
        Self(file)
    }

    pub fn remove(prefix: &str) {
        drop(std::fs::remove_file(Self::path(prefix)));
    }

    /// The last write to a row that had returned, before a read begins.
    pub fn returned(&self, row: i32) -> Returned {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, 8 * row as u64).unwrap();
        let both = u64::from_le_bytes(bytes);
        Returned { price: both as u32 as i32, millis: (both >> 32) as u32 }
    }

    /// A write has returned.
    pub fn note(&self, row: i32, price: i32) {
        let both = u64::from(millis()) << 32 | u64::from(price as u32);
        self.0.write_all_at(&both.to_le_bytes(), 8 * row as u64).unwrap();
    }
}

impl Returned {
    /// For how long it has been over.
    pub fn age(self) -> Duration {
        Duration::from_millis(millis().wrapping_sub(self.millis).into())
    }
}

fn millis() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u32
}
