//! Decides how a statement ended, by Diesel's event.

use diesel::result::{DatabaseErrorKind, Error};

use crate::track::session::Finish;

pub(super) fn finish_of(error: Option<&Error>) -> Finish {
    match error {
        None => Finish::Ok,
        Some(
            Error::BrokenTransactionManager
            | Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _),
        ) => Finish::Lost,
        Some(Error::DatabaseError(DatabaseErrorKind::Unknown, information)) if is_lost(information.message()) => {
            Finish::Lost
        }
        Some(_) => Finish::Failed,
    }
}

/// Whether a client of MySQL says that its server is gone: Diesel has no kind for that. Clients speak English only, and
/// differ in their capital letters: `MySQL server has gone away`, `Server has gone away`.
fn is_lost(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["server has gone away", "lost connection", "server closed the connection", "connection was killed"]
        .iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::is_lost;

    #[test]
    fn t10_every_client_of_mysql_is_believed_that_its_link_is_lost() {
        for message in [
            "MySQL server has gone away",
            "Server has gone away",
            "Lost connection to MySQL server during query",
            "Lost connection to server during query",
            "Connection was killed",
        ] {
            assert!(is_lost(message), "{message}");
        }
        assert!(!is_lost("Duplicate entry '1' for key 'PRIMARY'"));
    }
}
