//! Identifies the database of a connection, and names the space of its entries.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod digest;
pub(crate) mod endpoint;
pub(crate) mod names;
pub(crate) mod process;
pub(crate) mod role;
pub(crate) mod seen;
pub(crate) mod whereabouts;

mod file;

pub(crate) use seen::only;

use cache_core::{Database, Fingerprint, Token};

use address::{DatabaseAddress, Visibility};
use answer::ServerAnswer;

/// What a connection reads from and writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// What writes change: all addresses of a database share it.
    pub(crate) database: Database,
    /// What entries are kept under: everything of the connection that changes results.
    pub(crate) space: Fingerprint,
    /// Whether no other connection can ever reach the database.
    pub(crate) is_private: bool,
}

impl Identity {
    /// The identity of a connection that is at `address`, by what that says alone.
    pub(crate) fn of_address(address: &DatabaseAddress) -> Self {
        let DatabaseAddress { database, route, user, session, .. } = address;
        let parts = [database, route, user, session].map(|part| part.as_bytes());
        Self {
            database: Database::named(database),
            space: Fingerprint::of(&[b"address", parts[0], parts[1], parts[2], parts[3]]),
            is_private: address.reach == Visibility::Connection,
        }
    }

    /// The identity of a connection at `address` where the other end gave `answer`. How it is reached no longer
    /// matters: a pooler, a standby, and whoever takes over from it are one.
    pub(crate) fn of_answer(address: &DatabaseAddress, answer: &ServerAnswer) -> Self {
        let database = answer.database.as_ref().unwrap_or(&address.database);
        let parts = [&answer.server, database, &answer.account, &address.session].map(|part| part.as_bytes());
        Self {
            database: Database::named(database),
            space: Fingerprint::of(&[b"answer", parts[0], parts[1], parts[2], parts[3]]),
            is_private: false,
        }
    }

    /// The identity of a connection at `address` whose program calls the database `name`.
    pub(crate) fn of_name(address: &DatabaseAddress, name: &str) -> Self {
        let database = names::note(name);
        let own = Self::of_address(address).space;
        // What lives in the memory of this process is nobody else's, whatever it is called.
        let is_here = matches!(address.reach, Visibility::Connection | Visibility::Process);
        let place: &[u8] = if is_here { own.as_bytes() } else { b"" };
        let parts = [name, &address.user, &address.session].map(str::as_bytes);
        Self { database, space: Fingerprint::of(&[b"named", parts[0], parts[1], parts[2], place]), is_private: false }
    }

    /// An identity that nothing has, or ever had.
    pub(crate) fn unique() -> Self {
        let number = Token::fresh();
        Self::of_address(&DatabaseAddress::of_connection(format!("unique:{}:{number:?}", process::here())))
    }

    /// Whether the database goes by `name` already.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.database == names::database_named(name)
    }
}
