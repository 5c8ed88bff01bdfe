//! What goes over the wire.

use cache_core::Timestamp;
use cache_core::store::ReadReply;
use cache_core::store::engine::{Request, Response, execute};

use super::Operation;
use super::keyspace::Keyspace;
use super::stamp;

/// What a process asks the server for. Tokens are chosen by who sends it.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    /// All keys go whose names begin so.
    Reclaim(String),
    Request(Request),
}

impl Sent {
    pub(super) fn operation(&self) -> Operation {
        let Self::Request(request) = self else { return Operation::Reclaim };
        match request {
            Request::EndLease(..) => Operation::EndLease,
            Request::Lease(..) => Operation::Lease,
            Request::Open(..) => Operation::Open,
            Request::Place(..) => Operation::Place,
            Request::Put(_) => Operation::Put,
            Request::Read(..) => Operation::Read,
            Request::Release(..) | Request::Replace(..) => Operation::Release,
            Request::Remark(..) => Operation::Remark,
            Request::Remove(_) => Operation::Remove,
            Request::Seed(..) => Operation::Seed,
            Request::Swap(_) => Operation::Swap,
            other => unreachable!("a new request: {other:?}"),
        }
    }

    /// Leaves the first `count` of its parts.
    pub(super) fn tear(&mut self, count: usize) {
        let Self::Request(request) = self else { return };
        match request {
            Request::Open(slots, _) => slots.truncate(count),
            Request::Place(_, tags, _) => tags.truncate(count),
            Request::Put(entries) => entries.truncate(count),
            Request::Release(_, releases, _) => releases.truncate(count),
            Request::Replace(_, releases, _) => releases.truncate(count),
            Request::Remove(names) => names.truncate(count),
            Request::Seed(tags, _) => tags.truncate(count),
            Request::Swap(swaps) => swaps.truncate(count),
            _ => {}
        }
    }

    /// Executes it, in one step that nobody comes between.
    pub(super) fn execute(self, keys: &mut Keyspace, now: Timestamp) -> Response {
        keys.begin();
        match self {
            Self::Reclaim(start) => {
                keys.names(now).iter().filter(|name| name.starts_with(&start)).for_each(|name| keys.delete(name));
                Response::Done
            }
            Self::Request(request) => {
                if request.renews_stamp() {
                    stamp::renew(keys);
                }
                let is_read = matches!(request, Request::Read(..));
                match execute(keys, request, now) {
                    Response::Read(answer) if is_read => {
                        Response::Read(ReadReply { stamp: Some(stamp::of(keys, now)), ..answer })
                    }
                    other => other,
                }
            }
        }
    }
}
