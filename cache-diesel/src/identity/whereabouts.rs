//! Holds what a tracker knows of its connection's database.

use std::sync::Arc;

use crate::identity::Identity;
use crate::identity::address::Visibility;
use crate::identity::answer::ServerAnswer;
use crate::identity::endpoint::Endpoint;
use crate::identity::role::{AtMiss, Role};

/// Where a connection leads, as far as is known.
#[derive(Debug, Default)]
pub(crate) struct Whereabouts {
    endpoint: Option<Arc<Endpoint>>,
    /// What entries are kept under; `None` until that is known.
    reading: Option<Identity>,
    naming: Naming,
    role: Role,
}

/// Who says which database it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Naming {
    /// The other end of the connection.
    #[default]
    Answer,
    /// The program.
    Program,
}

impl Whereabouts {
    /// What is known of a connection to `endpoint` without asking on it.
    pub(crate) fn at(endpoint: Arc<Endpoint>) -> Self {
        let role = if endpoint.address.reach == Visibility::Server { Role::Unasked } else { Role::Primary };
        let reading = endpoint.known();
        Self { endpoint: Some(endpoint), reading, naming: Naming::Answer, role }
    }

    /// What entries are kept under, once that is known.
    #[inline]
    pub(crate) fn reading(&self) -> Option<Identity> {
        self.reading
    }

    /// The best that is known: what the address says, if nothing else.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.reading.or_else(|| Some(self.endpoint.as_ref()?.by_address()))
    }

    /// Learns what others asked meanwhile; gives the identity if it is known only now.
    pub(crate) fn catch_up(&mut self) -> Option<Identity> {
        if self.reading.is_none() {
            self.reading = self.endpoint.as_ref()?.known();
            return self.reading;
        }
        None
    }

    /// Learns what the other end says; gives the identity.
    pub(crate) fn take(&mut self, answer: &ServerAnswer) -> Option<Identity> {
        self.role = self.role.answered(answer.standing);
        if self.naming == Naming::Answer {
            let identity = self.endpoint.as_ref()?.take(answer);
            self.reading = Some(identity);
        }
        self.reading
    }

    /// Learns what the program calls the database; gives the identity.
    pub(crate) fn rename(&mut self, name: &str) -> Option<Identity> {
        let identity = Identity::of_name(&self.endpoint.as_ref()?.address, name);
        self.naming = Naming::Program;
        self.reading = Some(identity);
        self.reading
    }

    /// Learns that the program takes it for a replica.
    pub(crate) fn follow(&mut self) {
        self.role = Role::Told;
    }

    /// What becomes of a miss.
    pub(crate) fn at_miss(&self) -> AtMiss {
        self.role.at_miss()
    }

    /// Whether the other end was asked.
    pub(crate) fn is_answered(&self) -> bool {
        self.reading.is_some()
    }

    /// Whether anybody knows by now what the database is called.
    pub(crate) fn has_name(&self) -> bool {
        let is_named = self.endpoint.as_ref().is_some_and(|endpoint| endpoint.has_name());
        self.naming == Naming::Program || is_named
    }
}
