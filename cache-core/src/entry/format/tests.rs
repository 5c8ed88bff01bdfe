//! Tests of the stored format: golden bytes, and bytes that somebody else wrote.

use super::*;
use crate::name::key::{KeyBytes, Kind};
use crate::name::tag::Database;
use crate::setting::policy::{Lifetime, Timeout};

fn key(id: u64) -> CacheKey {
    CacheKey {
        space: Fingerprint::of(&[b"space"]),
        manager: Fingerprint::of(&[b"manager"]),
        kind: Kind::Detail,
        id: KeyBytes::of(&id),
    }
}

fn tokens() -> Vec<(Tag, Token)> {
    let table = Database::named("shop").table("products");
    vec![(Tag::root(), Token::from_bits(1)), (table.row(KeyBytes::of(&7)), Token::from_bits(u64::MAX - 1))]
}

fn entry(id: u64, value: &[u8]) -> Vec<u8> {
    let life = Life::starting(Timestamp::from_nanos(1_000), Timeout::from_secs(1));
    let header = Header { key: &key(id), life, tokens: &tokens() };
    let encode = |bytes: &mut Vec<u8>| {
        bytes.extend(value);
        Ok(())
    };
    write(&header, encode).unwrap()
}

/// Gives `bytes` the checksum that belongs to them, as a program with another idea of the rest would.
fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&bytes[..BEFORE], &bytes[BEFORE + CHECKSUM..]);
    bytes[BEFORE..BEFORE + CHECKSUM].copy_from_slice(&sum);
    bytes
}

fn flaw(bytes: &[u8]) -> Option<Flaw> {
    read(bytes, &key(1)).err()
}

#[test]
fn an_entry_is_written_as_golden_bytes_say() {
    let hex: String = entry(1, b"lamp").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN);
}

#[test]
fn c18_both_deadlines_are_kept() {
    let (now, hour) = (Timestamp::from_nanos(1_000), Timeout::from_secs(3_600));
    for relevance in [Timeout::from_secs(60), hour, Timeout::NEVER] {
        let life = Life::starting(now, Lifetime::new(hour, relevance));
        let header = Header { key: &key(1), life, tokens: &[] };
        let bytes = write(&header, |_| Ok(())).unwrap();
        assert_eq!(read(&bytes, &key(1)).unwrap().life, life, "{relevance:?}");
    }
}

#[test]
fn what_was_written_is_read() {
    for value in [&b""[..], b"lamp", &[0; 5_000]] {
        let bytes = entry(1, value);
        let record = read(&bytes, &key(1)).unwrap();
        assert_eq!(record.value, value);
        assert_eq!(record.life, Life::starting(Timestamp::from_nanos(1_000), Timeout::from_secs(1)));
        let written = tokens().into_iter().map(|(tag, token)| (tag.fingerprint(), tag.kind(), token));
        let found = record.dependencies().map(|found| (found.tag, found.kind, found.token));
        assert!(found.eq(written));
    }
}

#[test]
fn b19_an_entry_cut_at_any_length_is_not_read() {
    let bytes = entry(1, b"lamp");
    for length in 0..bytes.len() {
        assert!(flaw(&bytes[..length]).is_some(), "{length} bytes");
    }
    assert_eq!(flaw(&[&bytes[..], b"x"].concat()), Some(Flaw::Bytes));
}

#[test]
fn b19_no_flipped_bit_is_read() {
    let bytes = entry(1, b"lamp");
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit / 8 < BEFORE { Flaw::Format } else { Flaw::Bytes };
        assert_eq!(flaw(&flipped), Some(expected), "bit {bit}");
    }
}

#[test]
fn b19_cut_entries_with_a_right_checksum_are_refused_for_what_they_lack() {
    let bytes = entry(1, b"");
    for length in BEFORE + CHECKSUM..bytes.len() {
        assert!(flaw(&signed(bytes[..length].to_vec())).is_some(), "{length} bytes");
    }
}

#[test]
fn b19_counts_and_kinds_that_cannot_be_are_refused() {
    let count_at = HEADER - 4;
    for count in [3, 1 << 16, u32::MAX] {
        let mut bytes = entry(1, b"");
        bytes[count_at..HEADER].copy_from_slice(&count.to_le_bytes());
        assert_eq!(flaw(&signed(bytes)), Some(Flaw::Bytes), "{count} dependencies");
    }
    let mut bytes = entry(1, b"");
    bytes[HEADER + 16] = 200;
    assert_eq!(flaw(&signed(bytes)), Some(Flaw::Bytes));
}

#[test]
fn each_mismatch_has_its_flaw() {
    assert_eq!(flaw(&entry(2, b"lamp")), Some(Flaw::Key));
    let mut schema = entry(1, b"lamp");
    schema[BEFORE + CHECKSUM] ^= 1;
    assert_eq!(flaw(&signed(schema)), Some(Flaw::Schema));
    let mut version = entry(1, b"lamp");
    version[4] += 1;
    assert_eq!(flaw(&signed(version)), Some(Flaw::Format));
    for foreign in [&b""[..], b"{}", b"OK", &[0; 200], &[255; 200]] {
        assert_eq!(flaw(foreign), Some(Flaw::Format));
    }
}

#[test]
fn random_bytes_are_never_an_entry_and_never_a_panic() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let good = entry(1, b"lamp");
    for _ in 0..20_000 {
        let length = (next() % 300) as usize;
        let noise: Vec<u8> = (0..length).map(|_| next() as u8).collect();
        assert!(flaw(&noise).is_some());
        // With a right beginning and a right checksum it gets further in; whatever comes out, nothing panics.
        let prefix = (next() as usize) % good.len();
        let mixed = [&good[..prefix.max(BEFORE + CHECKSUM)], &noise[..]].concat();
        assert_eq!(flaw(&mixed), Some(Flaw::Bytes));
        if let Ok(record) = read(&signed(mixed), &key(1)) {
            assert!(record.dependencies().count() * DEPENDENCY <= length + good.len());
        }
    }
}

// Magic, version and checksum, which another implementation of XXH3 gives too; manager and key; times and count; two dependencies; the value.
const GOLDEN: &str = concat!(
    "d14344450200c06ca154bdafdb8c",
    "5c2b2193ac4714de064134d0da95c7e15055b602c66baa7cd5624ee2453b3f29",
    "e803000000000000e8cd9a3b00000000e8cd9a3b0000000002000000",
    "0efb59b07a403b3b8132abeeac66a4bb080100000000000000",
    "7920a93b631b9b7cc08c8303558a883909feffffffffffffff6c616d70",
);
