//! Does reading bytes that are not ours ever do worse than fail? Run: `cargo +nightly fuzz run decode`.
#![no_main]

use std::collections::BTreeMap;

use cache_core::serial;
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Part {
    name: String,
    bytes: Vec<u8>,
    numbers: (i8, u64, f32, f64, i128),
    map: BTreeMap<String, Option<Part>>,
    kind: Kind,
}

#[derive(Deserialize, Serialize)]
enum Kind {
    Boxed(Box<Kind>),
    Part { part: Box<Part> },
    Plain,
}

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok(part) = serial::read::<Part>(&mut rest) {
        let mut again = Vec::new();
        serial::write(&part, &mut again).expect("what was read can be written");
        serial::read::<Part>(&mut &again[..]).map(drop).expect("what was written can be read");
    }
});
