//! Decides what it means that a store lives another life than the one that was written down in it.

use crate::tag::Tag;

/// What to do on a new connection, before anything is read on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// It is the life that is written down: what is there may be read.
    Known,
    /// It is another life, or none is written down. What is there may be older than what was acknowledged before: a
    /// snapshot, or a replica that had not got everything. The root is released first, and in the same step the
    /// present life is written down.
    New,
}

/// Compares the life that is `recorded` in a store with its `present` one.
#[must_use]
pub fn meet<Life: PartialEq>(recorded: Option<&Life>, present: &Life) -> Meeting {
    if recorded == Some(present) { Meeting::Known } else { Meeting::New }
}

impl Meeting {
    /// The tag that needs a new token before anything is read.
    #[must_use]
    pub fn changed(self) -> Option<Tag> {
        match self {
            Self::Known => None,
            Self::New => Some(Tag::root()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_life_that_was_written_down_is_known() {
        assert_eq!(meet(Some(&"b"), &"b").changed(), None);
        assert_eq!(meet(Some(&"a"), &"b").changed(), Some(Tag::root()));
        assert_eq!(meet(None, &"b").changed(), Some(Tag::root()));
    }
}
