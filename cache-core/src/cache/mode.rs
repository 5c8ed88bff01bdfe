//! Holds the mode of a cache: whether reads look entries up, and whether they store.

use core::sync::atomic::{AtomicU8, Ordering};

/// What reads may do with a cache. Writes are seen in every mode, so that going back to another one is safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Reads look in it, and store what they miss.
    #[default]
    Normal,
    /// Reads do not look at it.
    Off,
    /// Reads look in it, and store nothing.
    ReadOnly,
}

/// The present mode, which every thread may change, and whether reads are watched: a hit asks for both at once.
#[derive(Debug, Default)]
pub(crate) struct Switch(AtomicU8);

impl Switch {
    const WATCHED: u8 = 1 << 7;

    pub(crate) fn set(&self, mode: Mode) {
        let set = |state| Some(state & Self::WATCHED | mode as u8);
        _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, set);
    }

    /// From now on reads have to ask more than for the mode, or need not.
    pub(crate) fn watch(&self, is_watched: bool) {
        if is_watched {
            self.0.fetch_or(Self::WATCHED, Ordering::SeqCst);
        } else {
            self.0.fetch_and(!Self::WATCHED, Ordering::SeqCst);
        }
    }

    /// Whether a read may look, and nobody watches.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        let state = self.0.load(Ordering::SeqCst);
        state & Self::WATCHED == 0 && state != Mode::Off as u8
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.0.load(Ordering::SeqCst) & Self::WATCHED != 0
    }

    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        match self.0.load(Ordering::SeqCst) & !Self::WATCHED {
            off if off == Mode::Off as u8 => Mode::Off,
            read_only if read_only == Mode::ReadOnly as u8 => Mode::ReadOnly,
            _ => Mode::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_in_the_mode_that_it_was_set_to() {
        let switch = Switch::default();
        assert_eq!(switch.mode(), Mode::Normal);
        for mode in [Mode::Off, Mode::ReadOnly, Mode::Normal] {
            switch.set(mode);
            assert_eq!(switch.mode(), mode);
        }
    }

    #[test]
    fn a_watched_switch_keeps_its_mode() {
        let switch = Switch::default();
        for mode in [Mode::Off, Mode::ReadOnly, Mode::Normal] {
            switch.set(mode);
            switch.watch(true);
            assert!(switch.mode() == mode && switch.is_watched() && !switch.is_plain());
            switch.set(Mode::Normal);
            assert!(switch.is_watched());
            switch.watch(false);
            assert!(switch.mode() == Mode::Normal && !switch.is_watched() && switch.is_plain());
        }
        switch.set(Mode::Off);
        assert!(!switch.is_plain());
    }
}
