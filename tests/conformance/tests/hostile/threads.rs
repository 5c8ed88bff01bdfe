//! The cache's thread: what must not be lost on the way to it, and who may not wait for it.

use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::Operation;
use cache_core::{Cache, Event};

use crate::hooked::{Hooked, failed, look_up, place, release, write};

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A write begins while the thread is busy, after that has looked for intents to renew and before it sleeps.
#[test]
fn a_write_that_begins_while_the_thread_is_busy_has_its_intents_renewed() {
    let store = Hooked::new();
    let cache = Cache::builder()
        .store(store.clone())
        .operation_timeout(Duration::from_millis(100))
        .intent_life(Duration::from_millis(400))
        .build()
        .unwrap();
    let main = thread::current().id();
    let fail_at_first = move |operation| {
        let is_refused = operation == Operation::Release && thread::current().id() == main;
        if is_refused { Err(failed()) } else { Ok(()) }
    };
    // The thread is started, does what there is to do, and sleeps.
    store.hook(fail_at_first);
    release(place(&[]), slice::from_ref(&cache));
    wait_for("the thread delivers", || cache.statistics().store.release_delivered_count == 1);
    thread::sleep(Duration::from_millis(100));
    // It is woken to deliver once more, and is held up there.
    let (arrived, has_arrived) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    store.hook(move |operation| {
        fail_at_first(operation)?;
        if operation == Operation::Release {
            arrived.send(()).unwrap();
            may_go_on.lock().unwrap().recv_timeout(Duration::from_secs(5)).unwrap();
        }
        Ok(())
    });
    release(place(&[]), slice::from_ref(&cache));
    has_arrived.recv_timeout(Duration::from_secs(5)).unwrap();
    let long = place(slice::from_ref(&cache));
    go_on.send(()).unwrap();
    store.unhook();
    wait_for("its intents are renewed", || cache.statistics().store.intent_renewal_count > 0);
    release(long, slice::from_ref(&cache));
}

/// On the cache's thread, which a shutdown waits for.
#[test]
fn a_listener_on_the_thread_may_shut_the_cache_down() {
    shut_down_while_told(false);
}

/// While a reader delivers what is pending, which the thread waits for before it ends.
#[test]
fn a_listener_of_a_reader_may_shut_the_cache_down() {
    shut_down_while_told(true);
}

fn shut_down_while_told(is_by_reader: bool) {
    let (store, took, main) = (Hooked::new(), Arc::new(Mutex::new(None)), thread::current().id());
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    let is_back = Arc::new(AtomicBool::new(false));
    store.hook({
        let is_back = is_back.clone();
        move |operation| {
            let is_allowed = is_back.load(Ordering::SeqCst) && (thread::current().id() == main) == is_by_reader;
            if operation == Operation::Release && !is_allowed { Err(failed()) } else { Ok(()) }
        }
    });
    cache.listen("stop", {
        let (took, cache) = (took.clone(), cache.clone());
        move |event| {
            if matches!(event, Event::ReleaseDelivered { .. }) {
                let began = Instant::now();
                let _ = cache.shutdown(Duration::from_secs(4));
                *took.lock().unwrap() = Some(began.elapsed());
            }
        }
    });
    write(&cache);
    is_back.store(true, Ordering::SeqCst);
    wait_for("the listener is told", || {
        if is_by_reader {
            let _ = look_up(&cache, 1);
        }
        took.lock().unwrap().is_some()
    });
    let took = took.lock().unwrap().unwrap();
    assert!(took < Duration::from_secs(2), "{took:?}");
}
