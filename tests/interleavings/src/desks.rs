//! Work that threads of a desk do for tasks.

use core::time::Duration;
use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::sync::Barrier;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

use crate::runtime::desk::Desk;
use crate::runtime::workers::Workers;

/// Longer than any test.
const EVER: Duration = Duration::MAX;

/// Several tasks have work done at the same time, and await it; others drop its answer, or ask for none.
///
/// # Panics
///
/// If work is not done once, or its answer is another one's.
pub fn called_at_once() {
    let (desk, done) = (Arc::new(Desk::new()), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..3)
        .map(|number| {
            let (desk, done) = (Arc::clone(&desk), Arc::clone(&done));
            let count = move || {
                done.fetch_add(1, Ordering::SeqCst);
                number
            };
            thread::spawn(move || match number {
                0 => desk.post(move || _ = count()),
                1 => drop(desk.call(count)),
                _ => assert_eq!(block_on(desk.call(count)), number),
            })
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join().expect("no caller panics"));
    desk.stop(EVER);
    assert_eq!(done.load(Ordering::SeqCst), 3, "what was taken is done before the threads have ended");
}

/// Work is given while somebody stops the threads: it is done all the same, before they have ended or afterwards.
///
/// # Panics
///
/// If work is lost, or somebody waits for ever.
pub fn stopped_amid_calls() {
    let desk = Arc::new(Desk::new());
    let stopper = {
        let desk = Arc::clone(&desk);
        thread::spawn(move || desk.stop(EVER))
    };
    let caller = {
        let desk = Arc::clone(&desk);
        thread::spawn(move || [1, 2].map(|number| block_on(desk.call(move || number))))
    };
    assert_eq!(caller.join().expect("no caller panics"), [1, 2]);
    stopper.join().expect("it ends");
}

/// A desk is dropped while work waits.
///
/// # Panics
///
/// If the work is not done, or its answer does not come.
pub fn dropped_with_work() {
    let desk = Desk::new();
    let answers = [1, 2].map(|number| desk.call(move || number));
    drop(desk);
    assert_eq!(answers.map(block_on), [1, 2]);
}

/// As many pieces of work as there may be threads wait for each other: none of them waits behind another one.
///
/// # Panics
///
/// If a thread is missing.
pub fn as_many_threads_as_work() {
    let workers = Workers::new("workers", 2);
    let meeting = Arc::new(Barrier::new(3));
    for _ in 0..2 {
        let meeting = Arc::clone(&meeting);
        let work = Box::new(move || _ = meeting.wait());
        assert!(workers.give(work).is_ok(), "a thread can be started");
    }
    meeting.wait();
    workers.stop(EVER);
}
