//! Decides from when on a manager's entries are stale, by its model's and its cache's settings.

use cache_core::Timeout;
use cache_core::policy::{EntryTimeouts, Relevance, Timeouts};

/// What counts, and the settings of the cache that cannot be kept, as the entries are gone before they are stale.
pub(crate) fn resolved(
    timeouts: &Timeouts,
    (cached, lives): (Relevance, EntryTimeouts),
) -> (Relevance, Vec<[&'static str; 2]>) {
    let mut refused = Vec::new();
    let mut settle = |own: Option<Timeout>, cached: Option<Timeout>, timeout: Timeout, names| {
        if own.is_some() {
            return own;
        }
        let both = cached.and_then(Timeout::duration).zip(timeout.duration());
        if both.is_some_and(|(relevance, timeout)| relevance > timeout) {
            refused.push(names);
            return None;
        }
        cached
    };
    let (relevance, lives) = (timeouts.relevance, timeouts.entries.or(lives));
    let of_rows = ["detail_relevance_timeout", "detail_timeout"];
    let detail = settle(relevance.detail, cached.detail, lives.of_rows(), of_rows);
    let of_lists = ["list_relevance_timeout", "list_timeout"];
    let list = settle(relevance.list, cached.list, lives.of_lists(), of_lists);
    let mut settled = Relevance::UNSAID;
    settled.detail = detail;
    settled.list = list;
    (settled, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o5_what_the_model_says_goes_first_and_what_is_too_long_is_refused_by_name() {
        let secs = |secs| Some(Timeout::from_secs(secs));
        let relevance = |detail, list| {
            let mut relevance = Relevance::UNSAID;
            (relevance.detail, relevance.list) = (detail, list);
            relevance
        };
        let detail = ["detail_relevance_timeout", "detail_timeout"];
        let cases = [
            (relevance(None, None), relevance(None, None), relevance(None, None), vec![]),
            (relevance(secs(5), None), relevance(None, None), relevance(secs(5), None), vec![]),
            (relevance(None, None), relevance(secs(60), secs(9)), relevance(secs(60), secs(9)), vec![]),
            (relevance(None, None), relevance(secs(61), secs(61)), relevance(None, secs(61)), vec![detail]),
            (relevance(secs(5), None), relevance(secs(61), None), relevance(secs(5), None), vec![]),
            (
                relevance(Some(Timeout::NEVER), None),
                relevance(secs(9), secs(9)),
                relevance(Some(Timeout::NEVER), secs(9)),
                vec![],
            ),
            (
                relevance(None, None),
                relevance(Some(Timeout::NEVER), None),
                relevance(Some(Timeout::NEVER), None),
                vec![],
            ),
        ];
        for (own, cached, expected, refused) in cases {
            let mut timeouts = Timeouts::DEFAULT;
            timeouts.relevance = own;
            let resolved = resolved(&timeouts, (cached, EntryTimeouts::UNSAID));
            assert_eq!(resolved, (expected, refused), "{own:?} {cached:?}");
        }
    }

    #[test]
    fn entries_that_live_for_ever_may_be_stale_at_any_age() {
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.entries.detail = Some(Timeout::NEVER);
        let mut cached = Relevance::UNSAID;
        cached.detail = Some(Timeout::from_secs(1_000_000));
        assert_eq!(resolved(&timeouts, (cached, EntryTimeouts::UNSAID)), (cached, vec![]));
    }

    #[test]
    fn lives_that_the_cache_sets_count_where_the_model_sets_none() {
        let (mut cached, mut lives) = (Relevance::UNSAID, EntryTimeouts::UNSAID);
        cached.detail = Some(Timeout::from_secs(90));
        assert_eq!(resolved(&Timeouts::DEFAULT, (cached, lives)).0.detail, None, "rows live for a minute");
        lives.detail = Some(Timeout::from_secs(90));
        assert_eq!(resolved(&Timeouts::DEFAULT, (cached, lives)), (cached, vec![]));
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.entries.detail = Some(Timeout::from_secs(60));
        assert_eq!(resolved(&timeouts, (cached, lives)).0.detail, None, "the model's own goes first");
    }
}
