//! Decides whether waiting would never end.

/// Whether `own` would wait for itself if it waited for `leader`; `waits_for` says for whom anybody waits already, each for
/// one at most.
pub fn is_circle<Who: Copy + Eq>(own: Who, leader: Who, waits_for: impl Fn(Who) -> Option<Who>) -> bool {
    let mut next = Some(leader);
    while let Some(who) = next {
        if who == own {
            return true;
        }
        next = waits_for(who);
        // A circle of others is not of this one's making.
        if next == Some(leader) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_somebody_who_waits_for_him_closes_a_circle() {
        type Waits = &'static [(u8, u8)];
        let cases: [(Waits, u8, bool); 8] = [
            (&[], 1, true),
            (&[], 2, false),
            (&[(2, 1)], 2, true),
            (&[(2, 3)], 2, false),
            (&[(2, 3), (3, 1)], 2, true),
            (&[(2, 3), (3, 4), (4, 1)], 2, true),
            (&[(3, 1), (4, 3)], 2, false),
            (&[(2, 3), (3, 2)], 2, false),
        ];
        for (waits, leader, is_closed) in cases {
            let waits_for = |who| waits.iter().find(|(by, _)| *by == who).map(|(_, of)| *of);
            assert_eq!(is_circle(1, leader, waits_for), is_closed, "{waits:?}, for {leader}");
        }
    }
}
