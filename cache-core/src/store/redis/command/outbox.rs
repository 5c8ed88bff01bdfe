//! Keeps account of what was sent and of which nobody has read the replies yet.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use crate::sync::Monitor;

/// What the connections of one link have sent, and nobody has waited for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox(Arc<Account>);

#[derive(Debug, Default)]
struct Account {
    open: Monitor<Open>,
    unacknowledged: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    tickets: Vec<u64>,
}

/// Replies that a connection owes. Dropped without them, what was sent counts as unacknowledged.
#[derive(Debug)]
pub(crate) struct Owed {
    outbox: Outbox,
    ticket: u64,
    replies: usize,
    entries: u64,
}

impl Outbox {
    /// So many `entries` were sent, to which so many `replies` come.
    pub(crate) fn owe(&self, replies: usize, entries: usize) -> Owed {
        let mut open = self.0.open.lock();
        let ticket = open.next;
        open.next += 1;
        open.tickets.push(ticket);
        drop(open);
        Owed { outbox: self.clone(), ticket, replies, entries: entries as u64 }
    }

    /// Waits for `longest` at most until the replies to all that was sent before this call have been read, or never will
    /// be.
    pub(crate) fn wait(&self, longest: Duration) {
        let open = self.0.open.lock();
        let end = open.next;
        drop(self.0.open.wait_while(open, longest, |open| open.tickets.iter().any(|ticket| *ticket < end)));
    }

    /// How many entries were sent of which it is not known that the server has taken them.
    pub(crate) fn unacknowledged_count(&self) -> u64 {
        self.0.unacknowledged.load(Ordering::Relaxed)
    }
}

impl Owed {
    /// How many replies there are.
    pub(crate) const fn replies(&self) -> usize {
        self.replies
    }

    /// The server has taken all of it.
    pub(crate) fn acknowledge(mut self) {
        self.entries = 0;
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let account = &self.outbox.0;
        account.unacknowledged.fetch_add(self.entries, Ordering::Relaxed);
        account.open.lock().tickets.retain(|ticket| *ticket != self.ticket);
        account.open.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_is_not_acknowledged_is_counted() {
        let outbox = Outbox::default();
        let (taken, lost) = (outbox.owe(3, 2), outbox.owe(1, 1));
        assert_eq!(taken.replies(), 3);
        taken.acknowledge();
        assert_eq!(outbox.unacknowledged_count(), 0);
        drop(lost);
        assert_eq!(outbox.unacknowledged_count(), 1);
    }

    #[test]
    fn only_what_was_sent_before_is_waited_for() {
        let (outbox, began) = (Outbox::default(), Instant::now());
        outbox.wait(LONG);
        let first = outbox.owe(1, 1);
        let waiting = thread::spawn({
            let outbox = outbox.clone();
            move || outbox.wait(LONG)
        });
        let mut later = vec![outbox.owe(1, 1)];
        first.acknowledge();
        while !waiting.is_finished() {
            // What is sent all the time keeps nobody waiting for ever.
            let newer = outbox.owe(1, 1);
            later.drain(..).for_each(Owed::acknowledge);
            later.push(newer);
        }
        outbox.wait(Duration::from_millis(1));
        assert!(began.elapsed() < LONG);
    }
}
