//! Says in which slot of a cluster a name lies.

/// How many slots a cluster has.
const SLOTS: u16 = 16_384;

/// The slot of all names with `tag` in their first braces: the CRC of XMODEM, by the number of slots.
pub(super) fn slot_of(tag: &str) -> u16 {
    tag.bytes().fold(0, |sum, byte| (0..8).fold(sum ^ (u16::from(byte) << 8), shifted)) % SLOTS
}

const fn shifted(sum: u16, _: u8) -> u16 {
    if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lies_where_the_specification_says() {
        assert_eq!(slot_of("123456789"), 0x31c3);
        assert_eq!(slot_of("foo"), 12_182);
        assert_eq!(slot_of(""), 0);
    }
}
