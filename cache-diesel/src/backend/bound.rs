//! Collects the bound bytes of a query, and reads whole numbers from them.

/// The bytes of the last `count` binds in the `Debug` of the collector of a backend that binds bytes, which ends with
/// `binds: [None, Some([0, 0, 0, 7])] }`.
pub(crate) fn last_bytes(collector: &str, count: usize) -> Option<Vec<Vec<u8>>> {
    let mut rest = collector.strip_suffix("] }")?;
    let mut values = Vec::with_capacity(count);
    for number in 0..count {
        if number > 0 {
            rest = rest.strip_suffix(", ")?;
        }
        let (before, bytes) = rest.strip_suffix("])")?.rsplit_once("Some([")?;
        let bytes = bytes.split(", ").map(|byte| byte.parse().ok()).collect::<Option<Vec<u8>>>()?;
        values.push(bytes);
        rest = before;
    }
    values.reverse();
    Some(values)
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
        let lasts = |binds, count| last_bytes(&format!("{:?}", Collector { metadata: vec![1], binds }), count);
        let last = |binds| lasts(binds, 1)?.pop();
        assert_eq!(last(vec![None, Some(vec![0, 0, 0, 7])]), Some(vec![0, 0, 0, 7]));
        assert_eq!(last(vec![Some(vec![255])]), Some(vec![255]));
        let three = || vec![Some(vec![1, 2]), Some(vec![3]), Some(vec![4, 5])];
        assert_eq!(lasts(three(), 2), Some(vec![vec![3], vec![4, 5]]));
        assert_eq!(lasts(three(), 3), Some(vec![vec![1, 2], vec![3], vec![4, 5]]));
        assert_eq!(lasts(three(), 4), None);
        assert_eq!(lasts(vec![Some(vec![1]), None, Some(vec![2])], 2), None);
        assert_eq!(lasts(vec![None, Some(vec![1]), Some(vec![2])], 2), Some(vec![vec![1], vec![2]]));
        assert_eq!(last(vec![Some(vec![1]), None]), None);
        assert_eq!(last(vec![Some(vec![])]), None);
        assert_eq!(last(vec![]), None);
    }
}
