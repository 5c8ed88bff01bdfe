//! Decides how much of a file may be used.

/// How large a file may become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    capacity: u64,
}

impl Room {
    pub(super) const PAGE: u64 = 4096;

    pub(super) const fn of(capacity: u64) -> Self {
        Self { capacity }
    }

    /// How many pages there may be: what is between the capacity and this is for what comes before the next look.
    pub(super) const fn most_pages(self) -> u64 {
        (self.capacity + self.capacity / 4) / Self::PAGE
    }

    /// How many of the pages in use have to be given back.
    pub(super) const fn excess(self, used: u64) -> u64 {
        let wanted = (self.capacity - self.capacity / 8) / Self::PAGE;
        if used * Self::PAGE > self.capacity { used - wanted } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_once_there_is_more_than_there_may_be() {
        let room = Room::of(8 * 4096 * 100);
        assert_eq!((room.excess(800), room.excess(801)), (0, 101));
        assert_eq!(room.most_pages(), 1000);
    }
}
