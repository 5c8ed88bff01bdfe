//! Tests that every encoded value is decoded again, and that other values are refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Nested {
    Deeper(Box<Nested>),
    Leaf,
}

fn nested(depth: usize) -> Nested {
    (0..depth).fold(Nested::Leaf, |inner, _| Nested::Deeper(Box::new(inner)))
}

fn written<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let mut bytes = vec![1, 2, 3];
    write(value, &mut bytes).ok().map(|()| bytes.split_off(3))
}

#[track_caller]
fn assert_whole<T: Serialize + DeserializeOwned + core::fmt::Debug + PartialEq>(value: T) {
    let mut bytes = written(&value).expect("the value can be said");
    bytes.push(9);
    let mut rest = &bytes[..];
    assert_eq!(read::<T>(&mut rest).unwrap(), value);
    assert_eq!(rest, [9]);
}

#[test]
fn values_are_read_as_they_were_written() {
    assert_whole((i64::MIN, i64::MAX, u64::MAX, i128::MIN, u128::MAX, -0.0_f64, f32::MIN_POSITIVE, '\u{10ffff}'));
    assert_whole((String::from("ünï\u{0}🦀"), String::new(), true, Some(0_u8), None::<String>));
    assert_whole(vec![0_u8, 127, 128, 255]);
    assert_whole(Vec::<u8>::new());
    assert_whole(vec![vec![0_u8, 255], vec![]]);
    assert_whole(BTreeMap::from([((1, Some(2)), vec![Some("a".to_owned()), None]), ((1, None), vec![])]));
    assert_whole(nested(20));
}

#[test]
fn binary_is_read_as_bytes() {
    let binary = vec![255_u8; 200];
    let mut bytes = Vec::new();
    write_binary(&binary, &mut bytes).unwrap();
    assert_eq!(bytes.len(), 202);
    assert_eq!(read::<Vec<u8>>(&mut &bytes[..]).unwrap(), binary);
}

#[test]
fn some_of_nothing_is_refused_wherever_it_is() {
    assert!(written(&Some(None::<i32>)).is_none());
    assert!(written(&vec![Some(Some(1)), Some(None)]).is_none());
    assert!(written(&BTreeMap::from([(1, (2, Some(())))])).is_none());
    assert!(written(&Some(Some(1))).is_some());
    assert!(written(&None::<Option<i32>>).is_some());
}

#[test]
fn what_is_too_deep_to_be_read_is_not_written() {
    assert!(written(&nested(128)).is_some());
    assert!(written(&nested(129)).is_none());
}

#[test]
fn payloads_of_enums_cannot_overflow_the_stack() {
    let level = [&[0x81, 0xa6][..], b"Deeper"].concat();
    let bytes = [level.repeat(1_000_000), written(&Nested::Leaf).unwrap()].concat();
    assert!(read::<Nested>(&mut &bytes[..]).is_err());
}

#[test]
fn lengths_are_not_believed() {
    let four_gigabytes = [0xdd, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0];
    assert!(read::<Vec<()>>(&mut &four_gigabytes[..]).is_err());
    assert!(read::<Vec<[u64; 16]>>(&mut &four_gigabytes[..]).is_err());
    for marker in [0xc6, 0xdb, 0xdf] {
        let bytes = [&[marker], &four_gigabytes[1..]].concat();
        assert!(read::<String>(&mut &bytes[..]).is_err());
        assert!(read::<BTreeMap<u8, u8>>(&mut &bytes[..]).is_err());
    }
}

#[test]
fn errors_leave_the_bytes_where_they_are() {
    let bytes = written(&"lamp").unwrap();
    let mut rest = &bytes[..];
    assert_eq!(read::<i32>(&mut rest).unwrap_err().kind(), ErrorKind::Codec);
    assert_eq!(rest, bytes);
}

#[test]
fn depth_cannot_overflow_the_stack_of_whoever_writes() {
    for depth in [129, 1_000, 20_000] {
        assert!(written(&nested(depth)).is_none(), "{depth}");
    }
}
