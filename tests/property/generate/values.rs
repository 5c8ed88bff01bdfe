//! Which values rows have, few enough that they meet.

use proptest::prelude::*;
use proptest::sample::select;

use crate::jobs::State;

pub const SLUGS: &[&str] = &["a", "b", "c", "d", "e"];
pub const NAMES: &[&str] = &["a", "b", "A", "B", "c", "C", "d"];
pub const COLOURS: &[&str] = &["red", "Red", "blue", "BLUE"];
pub const KINDS: &[&str] = &["s", "t"];
/// No product has them when a program begins.
pub const FREE_SLUGS: &[&str] = &["d", "e", "f", "g", "h"];
pub const TITLES: &[&str] = &["x", "y", "X"];

pub fn id() -> std::ops::RangeInclusive<i32> {
    1..=5
}

pub fn state() -> impl Strategy<Value = State> {
    select(State::ALL)
}
