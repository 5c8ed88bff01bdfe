//! Reads the bytes that pass on a connection. Pure.

/// How PostgreSQL ends an answer when no transaction is open.
const IS_IDLE: &[u8] = b"Z\x00\x00\x00\x05I";

/// What PostgreSQL says of statements that have changed something, or ended what did.
const IS_DONE: [&[u8]; 4] = [b"COMMIT\0", b"DELETE ", b"INSERT ", b"UPDATE "];

/// Whether somebody asks a Redis server to be told of changes on this connection.
pub(super) fn asks_to_be_told(request: &[u8]) -> bool {
    holds(request, b"TRACKING")
}

/// Whether a PostgreSQL server says that something is committed.
pub(super) fn says_committed(reply: &[u8]) -> bool {
    reply.ends_with(IS_IDLE) && IS_DONE.iter().any(|done| holds(reply, done))
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_told_from_what_is_open_and_from_what_only_reads() {
        let replies: [(&[u8], bool); 6] = [
            (b"C\x00\x00\x00\x0bCOMMIT\0Z\x00\x00\x00\x05I", true),
            (b"2\x00\x00\x00\x04C\x00\x00\x00\x0dUPDATE 1\0Z\x00\x00\x00\x05I", true),
            (b"2\x00\x00\x00\x04C\x00\x00\x00\x0dUPDATE 1\0Z\x00\x00\x00\x05T", false),
            (b"C\x00\x00\x00\x0dSELECT 1\0Z\x00\x00\x00\x05I", false),
            (b"C\x00\x00\x00\x0dROLLBACK\0Z\x00\x00\x00\x05I", false),
            (b"", false),
        ];
        for (reply, is_commit) in replies {
            assert_eq!(says_committed(reply), is_commit, "{reply:?}");
        }
    }

    #[test]
    fn the_connection_that_is_told_of_changes_asks_for_it() {
        assert!(asks_to_be_told(b"*6\r\n$6\r\nCLIENT\r\n$8\r\nTRACKING\r\n$2\r\nON\r\n"));
        assert!(!asks_to_be_told(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"));
    }
}
