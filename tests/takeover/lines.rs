//! How many lines the takeover changed.

const BEFORE: &str = include_str!("before.rs");
const AFTER: &str = include_str!("after.rs");

/// The length of the longest sequence of lines that both have.
fn in_common(one: &[&str], other: &[&str]) -> usize {
    let mut row = vec![0; other.len() + 1];
    for line in one {
        let mut diagonal = 0;
        for (place, candidate) in other.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] = if line == candidate { diagonal + 1 } else { above.max(row[place]) };
            diagonal = above;
        }
    }
    row[other.len()]
}

#[test]
fn a_takeover_changes_fewer_than_60_lines() {
    let (before, after): (Vec<&str>, Vec<&str>) = (BEFORE.lines().collect(), AFTER.lines().collect());
    let common = in_common(&before, &after);
    let (gone, new) = (before.len() - common, after.len() - common);
    println!("{gone} lines go, {new} come, of {}", before.len());
    assert!(gone.max(new) < 60 && gone + new < 120, "{gone} lines go, {new} come");
}
