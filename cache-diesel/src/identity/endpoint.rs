//! Remembers the answers of servers by their addresses.
//!
//! A question to the database that need not be asked by each connection has its place here: a field of [`Endpoint`],
//! filled where a manager's call finds it empty (`read::ask`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use cache_core::Database;

use crate::identity::address::{DatabaseAddress, Visibility};
use crate::identity::answer::{ServerAnswer, ServerRole};
use crate::identity::{Identity, file};

/// An address, and what is known of the database there. All connections of the process by one URL share it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: DatabaseAddress,
    by_address: Identity,
    /// What was answered, the newest at the end.
    answers: OnceLock<Box<KnownAnswer>>,
}

/// An answer, and the one after it: a URL may lead elsewhere after a failover.
#[derive(Debug)]
struct KnownAnswer {
    identity: Identity,
    has_name: bool,
    next: OnceLock<Box<KnownAnswer>>,
}

/// How many answers of one address are kept: where they go on changing, each connection has its own.
const MOST_ANSWERS: usize = 16;

impl Endpoint {
    /// An address that nobody else looks up.
    pub(crate) fn of(address: DatabaseAddress) -> Self {
        Self { by_address: Identity::of_address(&address), address, answers: OnceLock::new() }
    }

    /// What the address alone says.
    pub(crate) fn by_address(&self) -> Identity {
        self.by_address
    }

    /// The identity of a connection that leads here now, where that is known without asking on it.
    pub(crate) fn known(&self) -> Option<Identity> {
        match &self.address.reach {
            Visibility::Connection | Visibility::Process => Some(self.by_address),
            Visibility::File(path) => file::answer_of(path).map(|answer| self.take(&answer)),
            Visibility::Server => self.answered(),
        }
    }

    /// The identity of a read that has no connection, and would take one that leads here.
    pub(crate) fn without_connection(&self) -> Option<Identity> {
        match &self.address.reach {
            Visibility::Connection => None,
            Visibility::Process => Some(self.by_address),
            Visibility::File(_) | Visibility::Server => self.answered(),
        }
    }

    fn answered(&self) -> Option<Identity> {
        self.answers().last().map(|answered| answered.identity)
    }

    /// Whether anybody knows what the database is called: the address says so, or the other end.
    pub(crate) fn has_name(&self) -> bool {
        let is_answered = self.answers().last().is_some_and(|answered| answered.has_name);
        !self.address.is_nameless || is_answered
    }

    /// Keeps `answer`, and gives the identity of the connection that it was given to.
    pub(crate) fn take(&self, answer: &ServerAnswer) -> Identity {
        let identity = Identity::of_answer(&self.address, answer);
        // Replicas that are no copies call themselves differently: where they take turns nothing has changed.
        let is_news = self.answered().is_none_or(|last| last != identity && answer.standing == ServerRole::Primary);
        if is_news && self.answers().count() < MOST_ANSWERS {
            let end = self.answers().last().map_or(&self.answers, |last| &last.next);
            // Somebody may have been faster: the next connection that asks says which one it is.
            _ = end.set(Box::new(KnownAnswer { identity, has_name: answer.database.is_some(), next: OnceLock::new() }));
        }
        identity
    }

    fn answers(&self) -> impl Iterator<Item = &KnownAnswer> {
        core::iter::successors(self.answers.get(), |answered| answered.next.get()).map(|answered| &**answered)
    }
}

/// What is known of `address`, for all connections there; what only one connection reaches is its own.
pub(crate) fn endpoint_of(address: DatabaseAddress) -> Arc<Endpoint> {
    static ENDPOINTS: LazyLock<RwLock<HashMap<DatabaseAddress, Arc<Endpoint>>>> = LazyLock::new(RwLock::default);
    if address.reach == Visibility::Connection {
        return Arc::new(Endpoint::of(address));
    }
    if let Some(known) = ENDPOINTS.read().unwrap_or_else(PoisonError::into_inner).get(&address) {
        return Arc::clone(known);
    }
    let mut endpoints = ENDPOINTS.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(endpoints.entry(address).or_insert_with_key(|address| Arc::new(Endpoint::of(address.clone()))))
}

/// What writes on a connection change that says itself that it leads to `address`.
pub(crate) fn database_of(address: &DatabaseAddress) -> Database {
    let endpoint = Endpoint::of(address.clone());
    endpoint.known().unwrap_or_else(|| endpoint.by_address()).database
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(server: &str, standing: ServerRole) -> ServerAnswer {
        ServerAnswer { server: server.into(), database: None, account: "ann".into(), standing }
    }

    fn endpoint() -> Endpoint {
        Endpoint::of(DatabaseAddress::of_server("postgres:shop".into()))
    }

    /// What was answered, and which of it later connections are told; `None`: nothing.
    type Case = (&'static [(&'static str, ServerRole)], Option<usize>);

    #[test]
    fn what_was_answered_last_is_remembered() {
        use ServerRole::{Primary, Replica};

        let cases: [Case; 6] = [
            (&[], None),
            (&[("a", Primary)], Some(0)),
            (&[("a", Replica)], Some(0)),
            (&[("a", Primary), ("a", Replica)], Some(0)),
            (&[("a", Primary), ("b", Replica)], Some(0)),
            (&[("a", Primary), ("b", Primary)], Some(1)),
        ];
        for (answers, remembered) in cases {
            let endpoint = endpoint();
            let taken: Vec<Identity> =
                answers.iter().map(|(server, standing)| endpoint.take(&answer(server, *standing))).collect();
            assert_eq!(endpoint.known(), remembered.map(|place| taken[place]), "{answers:?}");
            assert_eq!(endpoint.without_connection(), endpoint.known(), "{answers:?}");
        }
    }

    #[test]
    fn an_address_that_goes_on_changing_fills_no_memory() {
        let endpoint = endpoint();
        for number in 0..100 {
            endpoint.take(&answer(&number.to_string(), ServerRole::Primary));
        }
        assert_eq!(endpoint.answers().count(), MOST_ANSWERS);
    }

    #[test]
    fn connections_by_one_url_share_what_is_known_unless_nobody_else_reaches_it() {
        let shared = || endpoint_of(DatabaseAddress::of_server("postgres:endpoints".into()));
        assert!(Arc::ptr_eq(&shared(), &shared()));
        let own = || endpoint_of(DatabaseAddress::of_connection("sqlite:own".into()));
        assert!(!Arc::ptr_eq(&own(), &own()));
    }
}
