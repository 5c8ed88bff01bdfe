//! Decides whether waiting would never end.

/// Whether somebody who is in the middle of the loads `own` would wait for himself if he waited for the load `leader`.
/// `waits_for` says for which loads those wait who are in the middle of another one.
pub fn is_circle<Load, Loads>(own: &[Load], leader: Load, waits_for: impl Fn(Load) -> Loads) -> bool
where
    Load: Copy + Eq,
    Loads: IntoIterator<Item = Load>,
{
    let (mut seen, mut next) = (vec![leader], 0);
    while let Some(load) = seen.get(next).copied() {
        if own.contains(&load) {
            return true;
        }
        // A circle of others is not of this one's making.
        for other in waits_for(load) {
            if !seen.contains(&other) {
                seen.push(other);
            }
        }
        next += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_load_that_waits_for_his_closes_a_circle() {
        type Waits = &'static [(u8, u8)];
        let cases: [(Waits, &[u8], u8, bool); 13] = [
            (&[], &[1], 1, true),
            (&[], &[1], 2, false),
            (&[], &[], 2, false),
            (&[(2, 1)], &[1], 2, true),
            (&[(2, 1)], &[], 2, false),
            (&[(2, 3)], &[1], 2, false),
            (&[(2, 3), (3, 1)], &[1], 2, true),
            (&[(2, 3), (3, 4), (4, 1)], &[1], 2, true),
            (&[(3, 1), (4, 3)], &[1], 2, false),
            (&[(2, 3), (3, 2)], &[1], 2, false),
            // A load of which two parts wait.
            (&[(2, 3), (2, 1)], &[1], 2, true),
            (&[(2, 3), (2, 4), (4, 2)], &[1], 2, false),
            // Who is a part of two loads.
            (&[(2, 5)], &[1, 5], 2, true),
        ];
        for (waits, own, leader, is_closed) in cases {
            let waits_for = |load| waits.iter().filter(move |(by, _)| *by == load).map(|(_, of)| *of);
            assert_eq!(is_circle(own, leader, waits_for), is_closed, "{waits:?}, {own:?} for {leader}");
        }
    }
}
