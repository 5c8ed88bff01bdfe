//! The bytes are those of their format: who changes them has to raise it, so that no version reads the other's.

use std::fmt::Write as _;
use std::sync::Arc;

use cache_core::{Codec, Value};

use crate::columns::{Row, bytes_of, codec, greatest, least};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/stored/golden.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn not_a_number() -> Row {
    Row { single: f32::from_bits(0x7fc0_0001), double: f64::from_bits(0xfff8_0000_0000_0001), ..least() }
}

fn absent() -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::<Row>().encode(&Value::Absent(Arc::new(-1_i64)), &mut bytes).unwrap();
    bytes
}

fn list(rows: Vec<Row>) -> Vec<u8> {
    let codec = cache_diesel::__private::list_codec::<Row>().unwrap();
    let mut bytes = Vec::new();
    codec.encode(&Value::Shared(Arc::new(rows)), &mut bytes).unwrap();
    bytes
}

/// Set `UPDATE_EXPECT=1` to write the fixture once the format is raised.
#[test]
fn bytes_change_with_their_format_only() {
    let cases = [
        ("least", bytes_of(least())),
        ("greatest", bytes_of(greatest())),
        ("not_a_number", bytes_of(not_a_number())),
        ("absent", absent()),
        ("no_rows", list(vec![])),
        ("rows", list(vec![least(), greatest()])),
    ];
    let format = format!("format {}\n", Codec::FORMAT);
    let present = cases.iter().fold(format.clone(), |text, (name, bytes)| format!("{text}{name} {}\n", hex(bytes)));
    let golden = std::fs::read_to_string(FIXTURE).unwrap_or_default();
    if std::env::var_os("UPDATE_EXPECT").is_some() && !golden.starts_with(&format) {
        return std::fs::write(FIXTURE, present).unwrap();
    }
    let is_equal = golden == present;
    assert!(
        is_equal,
        "other bytes under one format: raise `Codec::FORMAT`, then run with `UPDATE_EXPECT=1`\n{present}"
    );
}
