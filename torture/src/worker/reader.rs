//! A thread that reads: it says when a read begins, and what it gave.

use core::time::Duration;

use cache_diesel::AuditCounts;
use cache_diesel::prelude::*;

use super::access::Answer;
use super::{Thread, questions};
use crate::message::{Reply, Request};
use crate::servers::Problem;

/// Longer than most reads: what is asked for all the time is hit, whoever asks.
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// After so many reads it says how many were answered from memory, and what the auditor found.
const REPORT_EACH: u64 = 32;

/// Reads until the run is over.
pub(super) fn read_on(mut thread: Thread) -> Result<(), Problem> {
    let mut written = None;
    for count in 0_u64.. {
        if thread.is_near && count % REPORT_EACH == 0 {
            let near = caches::default()?.statistics().near;
            thread.line.send(&Request::NearHits(near.map_or(0, |near| near.hit_count)))?;
        }
        if thread.is_audited && count % REPORT_EACH == 0 {
            let counts = caches::default()?.audit_counts().into_values().fold(AuditCounts::default(), AuditCounts::and);
            let (compared, stale) = (counts.compared_count, counts.stale_count);
            thread.line.send(&Request::Audited { compared, stale })?;
        }
        let question = questions::next(&mut thread.dice, written);
        if let Reply::Noted { written: Some(key) } = thread.tell(&Request::Begin(question.clone()))? {
            written = Some(key);
        }
        let told = match thread.access.read(&question, &mut thread.conn) {
            Ok(Answer { seen, origin, age }) => Request::End { seen, origin, age },
            Err(_) => Request::Failed,
        };
        thread.line.send(&told)?;
        thread.pause(LONGEST_PAUSE);
    }
    Ok(())
}
