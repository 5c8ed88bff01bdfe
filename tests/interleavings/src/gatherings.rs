//! Questions of tasks that carriers take along together.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::thread;

use crate::runtime::desk::answer::{Promise, pair};
use crate::runtime::gathering::Gathering;

/// A number, and the duty to give it back.
type Question = (usize, Promise<usize>);

/// Several tasks ask at the same time, more than may be carried alone; some do not wait for their answers.
///
/// # Panics
///
/// If a question is not answered, or by the answer of another one, or nobody goes for what is asked afterwards.
pub fn asked_at_once() {
    let gathering = Arc::new(Gathering::<Question>::new(2));
    let askers: Vec<_> = (0..7)
        .map(|number| {
            let gathering = Arc::clone(&gathering);
            thread::spawn(move || ask(&gathering, number, number % 3 == 1))
        })
        .collect();
    askers.into_iter().for_each(|asker| asker.join().expect("no asker panics"));
    ask(&gathering, 7, false);
}

fn ask(gathering: &Arc<Gathering<Question>>, number: usize, is_dropped: bool) {
    let (promise, answer) = pair();
    if gathering.add((number, promise)) {
        let gathering = Arc::clone(gathering);
        thread::spawn(move || carry(&gathering));
    }
    if !is_dropped {
        assert_eq!(block_on(answer), number);
    }
}

fn carry(gathering: &Gathering<Question>) {
    while let Some(taken) = gathering.next() {
        assert!((1..=2).contains(&taken.len()));
        thread::yield_now();
        taken.into_iter().for_each(|(number, promise)| promise.keep_by(|| number));
    }
}
