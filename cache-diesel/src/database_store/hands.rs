//! Threads that call a database, so that whoever waits for one that hangs can leave.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::spin::Pace;

/// What a thread is given to do.
type Work = Box<dyn FnOnce() + Send>;

/// Threads that are there when they are needed. Those without work end after a while, and all with this value.
#[derive(Debug)]
pub(super) struct Hands {
    desk: Arc<Desk>,
    most: usize,
}

struct Desk {
    line: Mutex<Line>,
    has_work: Condvar,
    /// How many works are in the line, for those who look without a lock.
    waiting: AtomicUsize,
    pace: Pace,
}

#[derive(Default)]
struct Line {
    works: VecDeque<Work>,
    /// How many threads there are, and how many of them wait for work: those that look, and those that sleep.
    hands: usize,
    looking: usize,
    asleep: usize,
    is_over: bool,
    /// Whose threads they are: a process that was forked has none of them.
    process: u32,
}

impl Hands {
    /// How long a thread waits for work before it ends.
    const IDLE: Duration = Duration::from_secs(30);

    /// At most `most` of them.
    pub(super) fn new(most: usize) -> Self {
        let (line, has_work) = (Mutex::default(), Condvar::new());
        let desk = Desk { line, has_work, waiting: AtomicUsize::new(0), pace: Pace::default() };
        Self { desk: Arc::new(desk), most: most.max(1) }
    }

    /// How fast works are done.
    pub(super) fn pace(&self) -> &Pace {
        &self.desk.pace
    }

    /// Has `work` done by a thread that has none, or by the first that has done its own.
    ///
    /// # Errors
    ///
    /// If there is no thread, and none can be started.
    pub(super) fn give(&self, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut line = self.desk.line();
        let process = std::process::id();
        if line.process != process {
            *line = Line { process, ..Line::default() };
        }
        if line.looking + line.asleep <= line.works.len() && line.hands < self.most {
            let desk = Arc::clone(&self.desk);
            let started = thread::Builder::new().name("cache-tables".to_owned()).spawn(move || desk.work());
            match started {
                Ok(_) => line.hands += 1,
                Err(error) if line.hands == 0 => return Err(error),
                Err(_) => {}
            }
        }
        line.works.push_back(Box::new(work));
        self.desk.waiting.store(line.works.len(), Ordering::Release);
        // Whoever looks takes the lock before it falls asleep.
        let wakes = line.works.len() > line.looking && line.asleep > 0;
        drop(line);
        if wakes {
            self.desk.has_work.notify_one();
        }
        Ok(())
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.desk.line().is_over = true;
        self.desk.has_work.notify_all();
    }
}

impl Desk {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let _leaving = Leaving(self);
        while let Some(work) = self.next() {
            self.pace.of(work);
        }
    }

    /// The next work; `None`: there is none, and will be none for long.
    fn next(&self) -> Option<Work> {
        let mut line = self.line();
        let mut may_look = true;
        loop {
            if let Some(work) = line.works.pop_front() {
                self.waiting.store(line.works.len(), Ordering::Relaxed);
                return Some(work);
            }
            if line.is_over {
                return None;
            }
            if may_look && self.pace.is_quick() {
                may_look = false;
                line.looking += 1;
                drop(line);
                self.pace.look(|| (self.waiting.load(Ordering::Acquire) > 0).then_some(()));
                line = self.line();
                line.looking -= 1;
                continue;
            }
            line.asleep += 1;
            let (woken, waited) = self.has_work.wait_timeout(line, Hands::IDLE).unwrap_or_else(PoisonError::into_inner);
            line = woken;
            line.asleep -= 1;
            if waited.timed_out() && line.works.is_empty() {
                return None;
            }
        }
    }
}

/// Counts a thread that ends, and one that panics.
struct Leaving<'a>(&'a Desk);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.line().hands -= 1;
    }
}

impl core::fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Desk").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_is_done_by_as_many_threads_as_there_may_be() {
        let hands = Hands::new(2);
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let ended = Arc::new(Mutex::new(ended));
        for number in 0..3 {
            let (tell, ended) = (tell.clone(), Arc::clone(&ended));
            hands
                .give(move || {
                    tell.send(number).unwrap();
                    if number < 2 {
                        let _ = ended.lock().unwrap().recv();
                    }
                })
                .unwrap();
        }
        let mut begun = [told.recv().unwrap(), told.recv().unwrap()];
        begun.sort_unstable();
        assert_eq!(begun, [0, 1]);
        assert!(told.try_recv().is_err(), "both threads have work");
        drop(end);
        assert_eq!(told.recv().unwrap(), 2);
    }

    #[test]
    fn no_work_is_left_while_threads_look_fall_asleep_and_are_woken() {
        let hands = Hands::new(3);
        let give = |giver: u64| {
            for turn in 0..300 {
                let (tell, told) = mpsc::channel();
                hands.give(move || tell.send(turn).unwrap_or_default()).unwrap();
                assert_eq!(hands.pace().receive(&told, Duration::from_secs(5)), Ok(turn));
                if turn % 10 == giver {
                    // Long enough for all to fall asleep.
                    thread::sleep(Duration::from_millis(1));
                }
            }
        };
        // Fewer than there are threads: then nobody who comes later wakes one for a work that was left.
        thread::scope(|scope| (0..2).for_each(|giver| drop(scope.spawn(move || give(giver)))));
    }

    #[test]
    fn a_work_that_panics_ends_its_thread_alone() {
        let hands = Hands::new(1);
        hands.give(|| panic!("on purpose")).unwrap();
        let (tell, told) = mpsc::channel();
        // The one that panicked may not have left yet: what it has left is done by another one.
        while told.recv_timeout(Duration::from_millis(20)).is_err() {
            let tell = tell.clone();
            hands.give(move || tell.send(()).unwrap_or_default()).unwrap();
        }
    }
}
