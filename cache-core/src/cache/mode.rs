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

/// What of the reads of a cache is compared with the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(hidden)]
pub enum Watch {
    /// Nothing.
    #[default]
    Nothing,
    /// Some of the hits.
    Hits,
    /// All of them, or not each read may look.
    Reads,
}

/// The present mode, which every thread may change, and what is watched: a hit asks for both at once.
#[derive(Debug, Default)]
pub(crate) struct Switch(AtomicU8);

impl Switch {
    /// The bits that say what is watched.
    const WATCH: u8 = Self::HITS | Self::READS;
    const HITS: u8 = 1 << 6;
    const READS: u8 = 1 << 7;

    pub(crate) fn set(&self, mode: Mode) {
        let set = |state| Some(state & Self::WATCH | mode as u8);
        _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, set);
    }

    /// From now on this is watched.
    pub(crate) fn set_watch(&self, watch: Watch) {
        let bits = match watch {
            Watch::Nothing => 0,
            Watch::Hits => Self::HITS,
            Watch::Reads => Self::READS,
        };
        _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| Some(state & !Self::WATCH | bits));
    }

    /// Whether a read may look, and nothing is watched.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        let state = self.0.load(Ordering::SeqCst);
        state & Self::WATCH == 0 && state != Mode::Off as u8
    }

    /// What is watched of an ordinary read; `None`: it has to ask whether it may look.
    #[inline]
    pub(crate) fn glance(&self) -> Option<Watch> {
        let state = self.0.load(Ordering::SeqCst);
        match state & !Self::HITS {
            state if state == Mode::Off as u8 || state & Self::READS != 0 => None,
            _ if state & Self::HITS != 0 => Some(Watch::Hits),
            _ => Some(Watch::Nothing),
        }
    }

    pub(crate) fn watch(&self) -> Watch {
        match self.0.load(Ordering::SeqCst) & Self::WATCH {
            0 => Watch::Nothing,
            Self::HITS => Watch::Hits,
            _ => Watch::Reads,
        }
    }

    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        match self.0.load(Ordering::SeqCst) & !Self::WATCH {
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
            for watch in [Watch::Reads, Watch::Hits, Watch::Nothing] {
                switch.set_watch(watch);
                assert_eq!((switch.mode(), switch.watch()), (mode, watch));
                let may_look = mode != Mode::Off && watch != Watch::Reads;
                assert_eq!(switch.glance(), may_look.then_some(watch));
                assert_eq!(switch.is_plain(), may_look && watch == Watch::Nothing);
            }
            switch.set_watch(Watch::Hits);
            switch.set(Mode::Normal);
            assert_eq!(switch.watch(), Watch::Hits);
        }
    }
}
