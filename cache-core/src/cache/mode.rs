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

/// The present mode, which every thread may change.
#[derive(Debug, Default)]
pub(crate) struct Switch(AtomicU8);

impl Switch {
    pub(crate) fn set(&self, mode: Mode) {
        self.0.store(mode as u8, Ordering::SeqCst);
    }

    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        match self.0.load(Ordering::SeqCst) {
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
}
