//! Tests the desk: every order of the steps of an answer, threads, naps.

use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Barrier, mpsc};
use std::task::Wake;
use std::thread;
use std::time::Instant;

use super::*;
use crate::runtime::bell::Bell;
use crate::sync::Mutex;

const LONG: Duration = Duration::from_secs(20);

/// A task of a runtime of one thread.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park_timeout(LONG);
    }
}

fn poll<F: Future + Unpin>(future: &mut F, bell: &Arc<Bell>) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))))
}

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Drop,
    Keep,
    PollByOne,
    PollByOther,
}

/// Every order of `steps`, and of some of them.
fn orders(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut orders = vec![Vec::new()];
    for (place, first) in steps.iter().enumerate() {
        let mut left = steps.to_vec();
        left.remove(place);
        for mut order in self::orders(&left) {
            order.insert(0, *first);
            orders.push(order);
        }
    }
    orders
}

#[test]
fn in_every_order_of_steps_the_last_task_is_woken_once_and_the_value_is_given_once_or_dropped() {
    for order in orders(&[Step::PollByOne, Step::PollByOther, Step::PollByOne, Step::Keep, Step::Drop]) {
        let (promise, answer) = answer::pair();
        let (mut promise, mut answer) = (Some(promise), Some(answer));
        let value = Arc::new(());
        let bells = [Arc::new(Bell::default()), Arc::new(Bell::default())];
        let (mut last, mut is_kept, mut given) = (None, false, 0);
        for step in &order {
            match step {
                Step::Drop => drop(answer.take()),
                Step::Keep => {
                    let value = Arc::clone(&value);
                    promise.take().unwrap().keep_by(|| value);
                    is_kept = true;
                    let is_awaited = |bell: usize| usize::from(answer.is_some() && last == Some(bell));
                    assert_eq!([0, 1].map(|bell| bells[bell].count()), [0, 1].map(is_awaited), "{order:?}");
                }
                Step::PollByOne | Step::PollByOther => {
                    let Some(polled) = answer.as_mut().filter(|_| given == 0) else { continue };
                    let bell = usize::from(*step == Step::PollByOther);
                    let is_ready = poll(polled, &bells[bell]).is_ready();
                    assert_eq!(is_ready, is_kept, "{order:?}");
                    given += usize::from(is_ready);
                    last = Some(bell);
                }
            }
        }
        drop((promise, answer));
        assert_eq!(Arc::strong_count(&value), 1, "{order:?}");
    }
}

#[test]
fn work_is_done_elsewhere_and_its_result_awaited() {
    let desk = Desk::new();
    let caller = thread::current().id();
    let (thread, name) = block_on(desk.call(|| (thread::current().id(), thread::current().name().map(str::to_owned))));
    assert!(thread != caller && name.as_deref() == Some("cache desk"));
}

#[test]
fn work_is_done_though_its_answer_was_dropped() {
    let (desk, (done, is_done)) = (Desk::new(), mpsc::channel());
    let other = done.clone();
    drop(desk.call(move || other.send(1)));
    desk.post(move || done.send(2).unwrap());
    let mut both = [is_done.recv_timeout(LONG).unwrap(), is_done.recv_timeout(LONG).unwrap()];
    both.sort_unstable();
    assert_eq!(both, [1, 2]);
}

#[test]
fn a_panic_goes_on_where_the_answer_is_awaited_and_the_thread_lives_on() {
    let desk = Desk::new();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(desk.call(|| -> () { panic!("planted") }));
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"planted"));
    desk.post(|| panic!("planted"));
    assert_eq!(block_on(desk.call(|| 7)), 7);
}

#[test]
fn work_that_blocks_is_done_side_by_side_and_more_of_it_waits() {
    let desk = Desk::new();
    let barrier = Arc::new(Barrier::new(Desk::MOST_THREADS + 1));
    let answers: Vec<_> = (0..Desk::MOST_THREADS)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            desk.call(move || barrier.wait().is_leader())
        })
        .collect();
    let after: Vec<_> = (0..100).map(|number| desk.call(move || number)).collect();
    assert_eq!(desk.workers.counter()(), Desk::MOST_THREADS);
    let leaders =
        usize::from(barrier.wait().is_leader()) + answers.into_iter().map(block_on).map(usize::from).sum::<usize>();
    assert_eq!(leaders, 1);
    assert_eq!(after.into_iter().map(block_on).sum::<i32>(), 4_950);
}

#[test]
fn a_desk_that_stops_does_what_it_has_taken_and_its_threads_end() {
    let desk = Desk::new();
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        let done = Arc::clone(&done);
        desk.post(move || {
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    desk.stop(LONG);
    assert_eq!((done.load(Ordering::SeqCst), desk.workers.counter()()), (100, 0));
    assert_eq!(block_on(desk.call(|| 7)), 7);
    desk.stop(LONG);
    assert_eq!(desk.workers.counter()(), 0);
}

#[test]
fn a_desk_that_stops_itself_does_not_wait() {
    let desk = Arc::new(Desk::new());
    let own = Arc::clone(&desk);
    block_on(desk.call(move || own.stop(Duration::MAX)));
}

#[test]
fn a_desk_that_is_dropped_does_what_it_has_taken_and_its_threads_end() {
    let desk = Desk::new();
    let (thread_count, answer) = (desk.workers.counter(), desk.call(|| 7));
    drop(desk);
    assert_eq!(block_on(answer), 7);
    let until = Instant::now() + LONG;
    while thread_count() > 0 {
        assert!(Instant::now() < until, "{} threads are left", thread_count());
        thread::yield_now();
    }
}

#[test]
fn naps_end_in_the_order_of_their_moments_and_not_before() {
    let desk = Desk::new();
    let began = Instant::now();
    let order = Arc::new(Mutex::new(Vec::new()));
    let sleepers: Vec<_> = [30_u64, 10, 50, 20]
        .map(|millis| {
            let (nap, order) = (desk.nap(Duration::from_millis(millis)), Arc::clone(&order));
            thread::spawn(move || {
                block_on(nap);
                assert!(began.elapsed() >= Duration::from_millis(millis));
                order.lock().push(millis);
            })
        })
        .into();
    sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    assert_eq!(order.lock().len(), 4);
}

#[test]
fn a_thousand_naps_take_one_thread() {
    let desk = Desk::new();
    let bell = Arc::new(Bell::default());
    let mut naps: Vec<_> = (0..1_000).map(|_| desk.nap(Duration::from_millis(5))).collect();
    let pending = naps.iter_mut().map(|nap| poll(nap, &bell)).filter(Poll::is_pending).count();
    let until = Instant::now() + LONG;
    while bell.count() < pending {
        assert!(Instant::now() < until, "{} of {pending} were woken", bell.count());
        thread::yield_now();
    }
    assert!(naps.iter_mut().all(|nap| poll(nap, &bell).is_ready()));
    assert_eq!(desk.workers.counter()(), 0);
}

#[test]
fn a_nap_that_is_dropped_wakes_nobody_and_one_that_is_polled_twice_wakes_the_last() {
    let desk = Desk::new();
    let bells = [(); 3].map(|()| Arc::new(Bell::default()));
    let mut dropped = desk.nap(Duration::from_millis(1_000));
    assert!(poll(&mut dropped, &bells[0]).is_pending());
    drop(dropped);
    let mut nap = desk.nap(Duration::from_millis(1_000));
    assert!(poll(&mut nap, &bells[1]).is_pending() && poll(&mut nap, &bells[2]).is_pending());
    block_on(nap);
    assert_eq!(bells.each_ref().map(|bell| bell.count()), [0, 0, 0]);
    let mut nap = desk.nap(Duration::ZERO);
    assert!(poll(&mut nap, &bells[0]).is_ready());
}

#[test]
fn an_endless_nap_does_not_end() {
    let bell = Arc::new(Bell::default());
    assert!(poll(&mut Desk::new().nap(Duration::MAX), &bell).is_pending());
}

#[test]
fn naps_end_while_every_thread_is_held_up() {
    let desk = Desk::new();
    let (open, is_open) = mpsc::channel::<()>();
    let is_open = Arc::new(Mutex::new(is_open));
    for _ in 0..Desk::MOST_THREADS {
        let is_open = Arc::clone(&is_open);
        desk.post(move || {
            let _ = is_open.lock().recv();
        });
    }
    block_on(desk.nap(Duration::from_millis(5)));
    drop(open);
}
