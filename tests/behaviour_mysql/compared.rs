//! Types of MySQL's own, as keys and as scopes.

use crate::suite::compared::{BUT_SENT, EXACT, compared};

mod sql {}

compared!(tiny_numbers, of_tiny, OfTiny, TinyInt, "TINYINT", i8, [0, -1, i8::MAX], BUT_SENT);
compared!(
    natural_tiny_numbers,
    of_natural_tiny,
    OfNaturalTiny,
    Unsigned<TinyInt>,
    "TINYINT UNSIGNED",
    u8,
    [0, 1, u8::MAX],
    BUT_SENT
);
compared!(natural_numbers, of_natural, OfNatural, Unsigned<Integer>, "INT UNSIGNED", u32, [0, 1, 1 << 30], EXACT);
compared!(
    natural_big_numbers,
    of_natural_big,
    OfNaturalBig,
    Unsigned<BigInt>,
    "BIGINT UNSIGNED",
    u64,
    [0, 1, 1 << 62],
    EXACT
);
compared!(
    fixed_bytes,
    of_fixed,
    OfFixed,
    Binary,
    "BINARY(16)",
    Vec<u8>,
    [vec![0; 16], vec![1; 16], vec![255; 16]],
    EXACT
);
