//! Lets a computed value depend on what a list depends on, without reading it.

use cache_core::{Bypass, Collecting, Tag, Unkept};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::read::drive::calls::call;
use crate::read::drive::consult::{Consulted, consult, has_changed};
use crate::read::drive::gate::gate_for;
use crate::read::task::collected::tell;
use crate::read::task::query::IntoTask;
use crate::read::task::{Task, resolved};
use crate::read::terminal::BlockingRead;
use crate::read::terminal::explain::site_of;

/// A read that is depended on in place of being made.
#[derive(Debug)]
pub struct Depended<R>(R);

impl<R> Depended<R> {
    pub(crate) const fn new(read: R) -> Self {
        Self(read)
    }

    #[cfg(feature = "async")]
    pub(crate) fn into_read(self) -> R {
        self.0
    }
}

impl<'query, C, R> BlockingRead<'query, C> for Depended<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: IntoTask<'query, C>,
{
    type Output = QueryResult<()>;

    fn run(self, conn: &mut C) -> QueryResult<()> {
        at_once(depend::<C, _>(self.0.into_task()?, conn))
    }
}

/// The computation that is under way, if any, depends on all that the read of `task` may depend on.
pub(crate) async fn depend<C: Line, T: Task>(mut task: T, conn: &mut C::Conn) -> QueryResult<()> {
    let Some(scope) = Collecting::current() else { return Ok(()) };
    if let Err(reason) = told::<C, T>(&mut task, conn).await? {
        scope.refuse(reason);
    }
    Ok(())
}

async fn told<C: Line, T: Task>(task: &mut T, conn: &mut C::Conn) -> QueryResult<Result<(), Unkept>> {
    let head = *task.head();
    let gate = gate_for::<C>(conn, &head.options).await;
    let site = match site_of(&head, gate) {
        Ok(site) => site,
        Err(Bypass::Transaction) => return Ok(Err(Unkept::Transaction)),
        Err(_) => return Ok(Err(Unkept::NotFollowed)),
    };
    // What the database declares may have changed since it was asked: then it is asked once more.
    for _ in 0..2 {
        if consult::<C>(conn, &site).await == Consulted::WithoutTokens {
            return Ok(Err(Unkept::StoreFailed));
        }
        let Ok(tables) = resolved(&*task, &site)? else { return Ok(Err(Unkept::NotFollowed)) };
        let tags: Vec<Tag> = task.tags(&site.subject(&tables));
        if call::<C, _>(&site, move || tell(&site, &tags)).await {
            return Ok(Ok(()));
        }
        has_changed::<C>(conn, &site).await;
    }
    Ok(Err(Unkept::Changed))
}
