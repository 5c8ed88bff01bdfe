//! Decides which statements set a connection up, and tracks connections that nobody opened by a URL.

use std::sync::Arc;

use diesel::connection::{DebugQuery, InstrumentationEvent};

use super::Tracker;
use crate::identity::address::DatabaseAddress;
use crate::identity::endpoint::Endpoint;
use crate::scan::{self, Binds, Dialect};

/// Whether a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Nobody told the tracker of the connection's beginning.
    NotSeen,
    /// It is being opened: what runs on it sets it up.
    Open,
    UnderWay,
}

/// What diesel-async runs on each new connection to PostgreSQL.
const SET_UP: [&str; 2] = ["SET TIME ZONE 'UTC'", "SET CLIENT_ENCODING TO 'UTF8'"];

impl Tracker {
    /// Whether `event` is about setting the connection up, and means nothing.
    pub(super) fn is_set_up(&mut self, event: &InstrumentationEvent<'_>) -> bool {
        use InstrumentationEvent::{FinishEstablishConnection, FinishQuery, StartEstablishConnection, StartQuery};
        match (event, self.opening) {
            (StartEstablishConnection { .. }, _) => self.opening = Opening::UnderWay,
            (FinishEstablishConnection { .. }, _) | (_, Opening::Open) => return false,
            (_, Opening::UnderWay) => {}
            (StartQuery { query, .. } | FinishQuery { query, .. }, Opening::NotSeen) if sets_up(*query) => {
                self.dialect = Dialect::Postgres;
            }
            (_, Opening::NotSeen) => {
                self.take_over_unseen();
                return false;
            }
        }
        true
    }

    /// Takes over a connection that was not opened by a URL: it may be on any database, in whatever session. Only
    /// diesel-async has such, of PostgreSQL and MySQL, and the former are set up before anything else.
    fn take_over_unseen(&mut self) {
        let dialect = if self.dialect == Dialect::Postgres { Dialect::Postgres } else { Dialect::Mysql };
        let address = DatabaseAddress::of_connection("unknown".to_owned());
        self.place(Arc::new(Endpoint::of(DatabaseAddress { is_nameless: true, ..address })), dialect);
        self.note_nameless();
        self.note_particular_session();
    }
}

fn sets_up(query: &dyn DebugQuery) -> bool {
    let mut is_one = false;
    scan::first_chunk(&query, &mut |sql| {
        is_one = SET_UP.contains(&sql);
        Binds::Unwanted
    });
    is_one
}
