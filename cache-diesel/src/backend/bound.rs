//! Which whole number do bytes hold, as they are bound?

/// The bytes of the last bind in the `Debug` of the collector of a backend that binds bytes, which ends with
/// `binds: [None, Some([0, 0, 0, 7])] }`.
pub(crate) fn last_bytes(collector: &str) -> Option<Vec<u8>> {
    let binds = collector.strip_suffix("])] }")?;
    let (_, bytes) = binds.rsplit_once("Some([")?;
    bytes.split(", ").map(|byte| byte.parse().ok()).collect()
}

/// A whole number of two, four or eight bytes, the most significant first: PostgreSQL.
pub(crate) fn from_big_endian(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [a, b] => Some(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Some(i32::from_be_bytes([a, b, c, d]).into()),
        _ => bytes.try_into().ok().map(i64::from_be_bytes),
    }
}

/// A whole number of two, four or eight bytes, in the order of this machine: MySQL's client library.
#[cfg(any(test, feature = "mysql"))]
pub(crate) fn from_native_endian(bytes: &[u8]) -> Option<i64> {
    let mut bytes = bytes.to_vec();
    if cfg!(target_endian = "little") {
        bytes.reverse();
    }
    from_big_endian(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_sizes_are_read() {
        for number in [0, 7, -7, i16::MIN, i16::MAX] {
            assert_eq!(from_big_endian(&number.to_be_bytes()), Some(number.into()));
            assert_eq!(from_native_endian(&number.to_ne_bytes()), Some(number.into()));
        }
        for number in [-7, i32::MIN, i32::MAX] {
            assert_eq!(from_big_endian(&number.to_be_bytes()), Some(number.into()));
            assert_eq!(from_native_endian(&number.to_ne_bytes()), Some(number.into()));
        }
        for number in [-7, i64::MIN, i64::MAX] {
            assert_eq!(from_big_endian(&number.to_be_bytes()), Some(number));
            assert_eq!(from_native_endian(&number.to_ne_bytes()), Some(number));
        }
        for bytes in [&[][..], &[7], &[0, 0, 7], &[0; 9]] {
            assert_eq!((from_big_endian(bytes), from_native_endian(bytes)), (None, None));
        }
    }

    #[test]
    fn the_last_bytes_of_a_collector_are_read() {
        #[derive(Debug)]
        struct Collector {
            #[expect(dead_code, reason = "printed")]
            metadata: Vec<u8>,
            #[expect(dead_code, reason = "printed")]
            binds: Vec<Option<Vec<u8>>>,
        }
        let last = |binds| last_bytes(&format!("{:?}", Collector { metadata: vec![1], binds }));
        assert_eq!(last(vec![None, Some(vec![0, 0, 0, 7])]), Some(vec![0, 0, 0, 7]));
        assert_eq!(last(vec![Some(vec![255])]), Some(vec![255]));
        assert_eq!(last(vec![Some(vec![1]), None]), None);
        assert_eq!(last(vec![Some(vec![])]), None);
        assert_eq!(last(vec![]), None);
    }
}
