//! Says until when a call has to have ended.

use core::time::Duration;
use std::io;
use std::time::Instant;

/// Until when a call has to have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// In `timeout` from now; in a day, if that is longer than can be said.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now() + timeout.min(Duration::from_secs(86_400)))
    }

    /// When an equal share of the time that is left is over.
    #[cfg(feature = "redis")]
    pub(crate) fn share(self, shares: usize) -> io::Result<Self> {
        Ok(Self::after(self.left()? / u32::try_from(shares).unwrap_or(u32::MAX)))
    }

    /// How long it is until then.
    pub(crate) fn left(self) -> io::Result<Duration> {
        match self.0.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }
}
