//! Writes numbers in hexadecimal digits, and reads them: names on servers, replies and logs are full of them.

/// A number in hexadecimal digits, all eight of which are made at once.
pub(super) fn eight_digits(number: u32) -> [u8; 8] {
    let wide = u64::from(number);
    let pairs = (wide | wide << 16) & 0x0000_ffff_0000_ffff;
    let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let values = (bytes | bytes << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // Six more than nine is the first that reaches the fifth bit.
    let are_letters = (values + 6 * EACH) >> 4 & EACH;
    (values + u64::from(b'0') * EACH + u64::from(b'a' - b'0' - 10) * are_letters).to_be_bytes()
}

/// The 16 hexadecimal digits that say a number.
pub(crate) fn digits(number: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    let (high, low) = digits.split_at_mut(8);
    high.copy_from_slice(&eight_digits((number >> 32) as u32));
    low.copy_from_slice(&eight_digits(number as u32));
    digits
}

/// The number that 16 hexadecimal digits say, as they are written here: without capitals.
pub(crate) fn read_digits(digits: &[u8; 16]) -> Option<u64> {
    let ([high, low], []) = digits.as_chunks() else { return None };
    Some(u64::from(read_eight_digits(*high)?) << 32 | u64::from(read_eight_digits(*low)?))
}

/// The number that eight digits say, all of which are read at once: every reply of a server holds hundreds.
fn read_eight_digits(digits: [u8; 8]) -> Option<u32> {
    let text = u64::from_be_bytes(digits);
    let are_letters = text >> 6 & EACH;
    let values = (text & (0x0f * EACH)) + 9 * are_letters;
    let bytes = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    let number = (pairs | pairs >> 16) as u32;
    // Of other bytes this is a number that is written otherwise.
    (eight_digits(number) == digits).then_some(number)
}

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;
