//! Decides whether the answers of a connection may be stored: not those of a replica.

use crate::identity::answer::ServerRole;

/// What is known of the server that a connection leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nobody asked.
    #[default]
    Unasked,
    /// Writes are made there. That one begins to follow another ends its connections.
    Primary,
    /// It followed another one when it was asked last: it may have been promoted since.
    Follower,
    /// The program says that it follows another one, whatever it says itself.
    Told,
}

/// What becomes of a miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtMiss {
    /// The server is asked first.
    Ask,
    /// What it answers is stored.
    Store,
    /// What it answers is not stored.
    Pass,
}

impl Role {
    /// What becomes of a miss on the connection.
    pub(crate) fn at_miss(self) -> AtMiss {
        match self {
            Self::Unasked | Self::Follower => AtMiss::Ask,
            Self::Primary => AtMiss::Store,
            Self::Told => AtMiss::Pass,
        }
    }

    /// The role once the server has answered.
    pub(crate) fn answered(self, standing: ServerRole) -> Self {
        match (self, standing) {
            (Self::Told, _) => Self::Told,
            (_, ServerRole::Primary) => Self::Primary,
            (_, ServerRole::Replica) => Self::Follower,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_decides_until_it_was_promoted_or_the_program_knows_better() {
        use AtMiss::{Ask, Pass, Store};
        use Role::{Follower, Primary, Told, Unasked};

        // Before, what becomes of a miss, and the roles once it says that it is a primary, or a replica.
        let cases = [
            (Unasked, Ask, Primary, Follower),
            (Primary, Store, Primary, Follower),
            (Follower, Ask, Primary, Follower),
            (Told, Pass, Told, Told),
        ];
        for (role, at_miss, primary, replica) in cases {
            assert_eq!(role.at_miss(), at_miss, "{role:?}");
            assert_eq!(role.answered(ServerRole::Primary), primary, "{role:?}");
            assert_eq!(role.answered(ServerRole::Replica), replica, "{role:?}");
        }
    }
}
