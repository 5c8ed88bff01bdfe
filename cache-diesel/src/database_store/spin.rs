//! How a thread waits for another one that is likely to be done in a moment.
//!
//! To fall asleep and be woken takes tens of microseconds, longer than a database nearby takes to answer. So a thread looks
//! for about as long as that takes before it falls asleep: whatever happens, it is at most twice as dear as the better of the
//! two (Karlin, Li, Manasse, Owicki: *Empirical studies of competitive spinning*, 1991).

use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::Instant;

/// For how long it is looked.
const A_MOMENT: Duration = Duration::from_micros(100);

/// Between two looks at the clock, and between two times that others may have the processor.
const LOOKS: u32 = 64;

/// Whether the last work was done in a moment: then the next one may be, too.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicBool);

impl Pace {
    /// Whether it is worth looking.
    pub(super) fn is_quick(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Does `work`, and remembers how long it took.
    pub(super) fn of(&self, work: impl FnOnce()) {
        let begun = Instant::now();
        work();
        self.0.store(begun.elapsed() < A_MOMENT, Ordering::Relaxed);
    }

    /// Looks for a moment, until `take` finds something.
    pub(super) fn look<T>(&self, mut take: impl FnMut() -> Option<T>) -> Option<T> {
        if !self.is_quick() {
            return None;
        }
        let begun = Instant::now();
        loop {
            for _ in 0..LOOKS {
                if let Some(found) = take() {
                    return Some(found);
                }
                spin_loop();
            }
            if begun.elapsed() >= A_MOMENT {
                return None;
            }
            thread::yield_now();
        }
    }

    /// What is received within `left`.
    pub(super) fn receive<T>(&self, receiver: &Receiver<T>, left: Duration) -> Result<T, RecvTimeoutError> {
        let soon = self.look(|| match receiver.try_recv() {
            Ok(received) => Some(Ok(received)),
            Err(TryRecvError::Disconnected) => Some(Err(RecvTimeoutError::Disconnected)),
            Err(TryRecvError::Empty) => None,
        });
        soon.unwrap_or_else(|| receiver.recv_timeout(left))
    }
}
