//! Decides whether the store is still in the incarnation in which its tokens were written.

/// What a new connection has to do before anything is read over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// The store may hold tokens from before (an old snapshot, writes that a failover lost): change the root tag, and
    /// record the present incarnation, in one step.
    ChangeRoot,
    /// Nothing: tokens are what the last acknowledged release made them.
    Proceed,
}

/// Decides what a new connection has to do, from the incarnation that is recorded in the store and the one that the
/// store says it is in.
///
/// A record that is missing was lost, with who knows what else. A store that cannot name its incarnation is never
/// known to be in the same one.
#[must_use]
pub fn arrive(recorded: Option<&[u8]>, present: &[u8]) -> Arrival {
    if recorded == Some(present) && !present.is_empty() { Arrival::Proceed } else { Arrival::ChangeRoot }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_equal_record_lets_a_connection_proceed() {
        let decide = |recorded: Option<&str>, present: &str| arrive(recorded.map(str::as_bytes), present.as_bytes());
        assert_eq!(decide(Some("one"), "one"), Arrival::Proceed);
        for (recorded, present) in [(Some("one"), "two"), (None, "one"), (Some(""), ""), (None, "")] {
            assert_eq!(decide(recorded, present), Arrival::ChangeRoot, "{recorded:?} {present:?}");
        }
    }
}
