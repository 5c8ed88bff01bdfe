//! Names the operations of a store.

/// A call of a [`Store`](crate::store::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// Ends a lease.
    EndLease,
    /// Changes slots of values that are set by hand.
    Exchange,
    /// Looks entries up, or slots.
    Get,
    /// Takes a lease.
    Lease,
    /// Looks at slots, and opens those that are not there.
    Open,
    /// Places intents.
    Place,
    /// Stores entries.
    Put,
    /// Gives room back.
    Reclaim,
    /// Changes tags, and ends intents.
    Release,
    /// Removes entries.
    Remove,
    /// Asks for tokens.
    Seed,
}

impl Operation {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 11] = [
        Self::EndLease,
        Self::Exchange,
        Self::Get,
        Self::Lease,
        Self::Open,
        Self::Place,
        Self::Put,
        Self::Reclaim,
        Self::Release,
        Self::Remove,
        Self::Seed,
    ];

    /// Whether it is done for a read, and leaving it out costs no more than a query. A lease that is not ended would
    /// let others wait.
    #[must_use]
    pub const fn is_for_reads(self) -> bool {
        matches!(self, Self::Get | Self::Lease | Self::Put | Self::Seed)
    }
}
