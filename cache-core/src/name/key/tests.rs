//! Tests names of entries, and their digests.

use super::*;

#[test]
fn d16_composite_keys_with_separators_differ() {
    assert_ne!(KeyBytes::of(&("a:b", "c")), KeyBytes::of(&("a", "b:c")));
    assert_ne!(KeyBytes::of(&("ab", "")), KeyBytes::of(&("a", "b")));
    assert_ne!(KeyBytes::of(&(vec![1_u8, 2], vec![3_u8])), KeyBytes::of(&(vec![1_u8], vec![2_u8, 3])));
}

#[test]
fn borrowed_and_owned_keys_are_the_same() {
    assert_eq!(KeyBytes::of("lamp"), KeyBytes::of(&String::from("lamp")));
    assert_eq!(KeyBytes::of(&[7_u8, 8][..]), KeyBytes::of(&vec![7_u8, 8]));
}

#[test]
fn keys_of_any_length_differ() {
    let text = "0123456789".repeat(10);
    let mut seen = std::collections::HashSet::new();
    for length in 0..=text.len() {
        assert!(seen.insert(KeyBytes::of(&text[..length])), "length {length}");
    }
}

#[test]
fn values_of_any_length_differ_by_value_and_by_name() {
    let text = "0123456789".repeat(10);
    let mut seen = std::collections::HashSet::new();
    for name in [name_of(&["slug"]), name_of(&["email"]), name_of(&["slug", "email"]), name_of(&["slugemail"])] {
        for length in 0..=text.len() {
            assert!(seen.insert(KeyBytes::of(&text[..length]).under(name)), "length {length}");
        }
    }
}

#[test]
fn long_keys_are_told_apart_by_their_last_byte() {
    let long = "x".repeat(100);
    assert_ne!(KeyBytes::of(&format!("{long}a")), KeyBytes::of(&format!("{long}b")));
}

#[test]
fn negative_numbers_differ_from_large_ones() {
    assert_ne!(KeyBytes::of(&-1_i16), KeyBytes::of(&65535_u16));
    assert_ne!(KeyBytes::of(&-1_i32), KeyBytes::of(&1_i32));
}

#[test]
fn a_digest_in_one_piece_is_the_digest_of_its_parts() {
    let text = [7; 200];
    for length in 0..text.len() {
        let parts: [&[u8]; 3] = [b"a", &text[..length], b"z"];
        let whole = Fingerprint::of_short(&parts);
        assert_eq!(whole.is_some(), length + 3 * 8 + 2 <= 192, "{length}");
        let in_parts = KeyDigest::starting_with(&parts).0.finalize();
        assert!(whole.is_none_or(|whole| whole == in_parts), "{length}");
    }
}

#[test]
fn k8_keys_do_not_depend_on_the_process() {
    assert_eq!(format!("{:?}", Fingerprint::of(&[b"product"])), "f1912b6cdf8db7b05f29484fa84359a4");
    assert_eq!(format!("{:?}", KeyBytes::of("lamp")), "lamp\\xff");
}
