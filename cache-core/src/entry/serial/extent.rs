//! Decides how many of some bytes are one value of MessagePack, before anything is made of them.
//!
//! `rmp-serde` counts the depth of sequences and maps and not that of enums, whose payloads nest as well; and a debug
//! build of it panics at certain extension types. Both are refused here, in a loop that cannot overflow the stack.

/// How deep values may nest: a debug build reads so many levels in a thread's usual stack.
pub(super) const DEEPEST: usize = 128;

/// The number of bytes that the first value takes; `None`: there is no value at the front, it is cut off, it has fewer
/// bytes than elements, it nests too deep, or it is of an extension type.
pub(super) fn of(bytes: &[u8]) -> Option<usize> {
    let mut walk = ExtentWalk { rest: bytes, open: Vec::new() };
    loop {
        let elements = walk.step()?;
        if elements > 0 {
            walk.enter(elements)?;
        } else if !walk.leave() {
            return Some(bytes.len() - walk.rest.len());
        }
    }
}

/// A walk over values: what is left, and how many elements each sequence that is open still has.
struct ExtentWalk<'a> {
    rest: &'a [u8],
    open: Vec<usize>,
}

impl ExtentWalk<'_> {
    /// Goes over one marker and its plain data; gives the number of elements that follow.
    fn step(&mut self) -> Option<usize> {
        let marker = self.number(1)?;
        let (data, elements) = match marker {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, 0),
            0x80..=0x8f => (0, 2 * (marker & 0x0f)),
            0x90..=0x9f => (0, marker & 0x0f),
            0xa0..=0xbf => (marker & 0x1f, 0),
            0xc4..=0xc6 => (self.number(1 << (marker - 0xc4))?, 0),
            0xca => (4, 0),
            0xcb => (8, 0),
            0xcc..=0xcf => (1 << (marker - 0xcc), 0),
            0xd0..=0xd3 => (1 << (marker - 0xd0), 0),
            0xd9..=0xdb => (self.number(1 << (marker - 0xd9))?, 0),
            0xdc | 0xdd => (0, self.number(2 << (marker - 0xdc))?),
            0xde | 0xdf => (0, self.number(2 << (marker - 0xde))?.checked_mul(2)?),
            _ => return None,
        };
        self.rest = self.rest.get(data..)?;
        Some(elements)
    }

    fn enter(&mut self, elements: usize) -> Option<()> {
        // Every element takes a byte at least.
        let is_possible = elements <= self.rest.len() && self.open.len() < DEEPEST;
        is_possible.then(|| self.open.push(elements))
    }

    /// Whether anything is to follow the value that has ended.
    fn leave(&mut self) -> bool {
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return true;
            }
            self.open.pop();
        }
        false
    }

    fn number(&mut self, size: usize) -> Option<usize> {
        let (number, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some(number.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_has_its_extent() {
        let table: [(&[u8], Option<usize>); 26] = [
            (&[], None),
            (&[0x07, 9], Some(1)),
            (&[0xc0], Some(1)),
            (&[0xff], Some(1)),
            (&[0xa2, b'a', b'b', 9], Some(3)),
            (&[0xa2, b'a'], None),
            (&[0x90], Some(1)),
            (&[0x92, 1, 2, 3], Some(3)),
            (&[0x92, 1], None),
            (&[0x81, 1, 0x91, 2, 9], Some(4)),
            (&[0x81, 1], None),
            (&[0xc4, 2, 1, 2, 9], Some(4)),
            (&[0xc5, 0, 1, 1], Some(4)),
            (&[0xc6, 0xff, 0xff, 0xff, 0xff, 1], None),
            (&[0xca, 1, 2, 3, 4], Some(5)),
            (&[0xcb, 1, 2, 3, 4], None),
            (&[0xcd, 1, 2, 9], Some(3)),
            (&[0xd3, 1, 2, 3, 4, 5, 6, 7, 8], Some(9)),
            (&[0xd9, 1, b'a', 9], Some(3)),
            (&[0xdb, 0xff, 0xff, 0xff, 0xff, 1], None),
            (&[0xdc, 0, 2, 1, 2, 9], Some(5)),
            (&[0xdd, 0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1, 1], None),
            (&[0xde, 0, 1, 1, 2, 9], Some(5)),
            (&[0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1, 1], None),
            (&[0xc1], None),
            (&[0xd4, 1, 2], None),
        ];
        for (bytes, extent) in table {
            assert_eq!(of(bytes), extent, "{bytes:02x?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| [vec![0x91; depth], vec![0xc0]].concat();
        assert_eq!(of(&nested(DEEPEST)), Some(DEEPEST + 1));
        assert_eq!(of(&nested(DEEPEST + 1)), None);
        assert_eq!(of(&nested(1_000_000)), None);
    }
}
