//! Drives a read on a connection of PostgreSQL that others use at the same time, over a shared reference to it.

use crate::backend::line::{Borrowed, Reply, Shared, SharedReference};
use crate::read::drive::awaiting::AwaitedRead;
use crate::read::terminal::Runs;
use crate::read::terminal::connection::AnyConnection;

/// Marks shared references to connections whose statements may be under way together.
#[derive(Debug)]
pub struct Pipelined;

macro_rules! shared {
    ($connection:ty) => {
        #[diagnostic::do_not_recommend]
        impl AnyConnection<Pipelined> for &$connection {
            type Backend = diesel::pg::Pg;
            type Itself = Self;

            fn itself(&mut self) -> &mut Self {
                self
            }
        }
    };
}

shared!(diesel_async::AsyncPgConnection);
shared!(crate::AsyncPgConnection);

/// The future has the reference, so that `&mut &conn` may be a temporary.
#[diagnostic::do_not_recommend]
impl<'query, R, Read> Runs<'_, 'query, Read, Pipelined> for R
where
    R: SharedReference + 'query,
    Read: AwaitedRead<'query, Shared<R>> + Send + 'query,
{
    type Output = Reply<'query, Read::Output>;

    fn run(conn: &mut Self, read: Read) -> Self::Output {
        let mut conn = Borrowed::of(*conn);
        Box::pin(async move { read.run(&mut conn).await })
    }
}
