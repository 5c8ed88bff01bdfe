//! Values that nest: as deep as they may, in the frames of a build that is not optimized, and far deeper.

use std::fmt::Debug;

use cache_core::serial;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::columns::Kind;

fn written<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    serial::write(value, &mut bytes).ok().map(|()| bytes)
}

#[track_caller]
fn assert_whole<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T) {
    let bytes = written(value).expect("the value can be said");
    assert_eq!(&serial::read::<T>(&mut &bytes[..]).unwrap(), value);
}

/// A comment in a tree of them, with as many fields as such types have.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
struct Comment {
    id: i64,
    author: Option<String>,
    body: String,
    title: Option<String>,
    language: Option<String>,
    link: Option<String>,
    email: Option<String>,
    city: Option<String>,
    agent: Option<String>,
    score: Option<f64>,
    created: (i32, u32, u32),
    updated: Option<(i32, u32, u32)>,
    tags: Vec<String>,
    votes: std::collections::BTreeMap<String, i32>,
    answer: Option<Box<Comment>>,
}

#[test]
fn wide_values_are_read_as_deep_as_they_may_nest() {
    let deep = (0..126).fold(Comment::default(), |inner, id| Comment {
        id,
        answer: Some(Box::new(inner)),
        ..Comment::default()
    });
    assert_whole(&deep);
}

#[test]
fn values_that_nest_too_deep_are_refused_and_not_followed() {
    for depth in [129, 1_000, 20_000, 50_000] {
        let deep = (0..depth).fold(Kind::Plain, |inner, _| Kind::Boxed(Box::new(inner)));
        assert!(written(&deep).is_none(), "{depth}");
        // Dropping it is the test's own matter.
        std::mem::forget(deep);
    }
}
