//! Ends a command that lasts once somebody presses Ctrl-C.

use core::sync::atomic::{AtomicBool, Ordering};
use std::process;

static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// What a process ends with that was interrupted.
pub(super) const CODE: u8 = 130;

/// From now on Ctrl-C asks for the end; the second one does not wait for it.
pub(super) fn listen() {
    // A program with a handler of its own keeps that.
    _ = ctrlc::set_handler(|| {
        if IS_ASKED.swap(true, Ordering::SeqCst) {
            process::exit(CODE.into());
        }
    });
}

/// Whether somebody has asked for the end.
pub(super) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::SeqCst)
}
