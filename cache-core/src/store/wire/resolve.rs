//! Resolves the name of a host before a deadline.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::LazyLock;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;

use super::deadline::Deadline;
use crate::sync::Mutex;

type Answer = Result<Vec<SocketAddr>, String>;
type Resolving = HashMap<(String, u16), Vec<SyncSender<Answer>>>;

/// Who waits for which host. There is one question at a time for each.
static WAITING: LazyLock<Mutex<Resolving>> = LazyLock::new(Mutex::default);

/// The addresses of `host`.
///
/// The system's resolver knows no deadline: it is asked on a thread of its own, which goes on alone if it takes too
/// long. Callers that come meanwhile wait for the same answer.
pub(crate) fn addresses(host: &str, port: u16, deadline: Deadline) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = sync_channel(1);
    ask(host, port, sender)?;
    match receiver.recv_timeout(deadline.left()?) {
        Ok(answer) => answer.map_err(io::Error::other),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(io::ErrorKind::TimedOut.into()),
    }
}

fn ask(host: &str, port: u16, sender: SyncSender<Answer>) -> io::Result<()> {
    let question = (host.to_owned(), port);
    let mut waiting = WAITING.lock();
    let is_first = !waiting.contains_key(&question);
    waiting.entry(question.clone()).or_default().push(sender);
    if is_first {
        let asked = question.clone();
        let thread = thread::Builder::new().name("cache-diesel resolve".to_owned());
        if let Err(error) = thread.spawn(move || tell(&question)) {
            waiting.remove(&asked);
            return Err(error);
        }
    }
    Ok(())
}

fn tell(question: &(String, u16)) {
    let found = (question.0.as_str(), question.1).to_socket_addrs();
    let answer = found.map(Iterator::collect::<Vec<_>>).map_err(|error| error.to_string());
    for sender in WAITING.lock().remove(question).unwrap_or_default() {
        // Whoever gave up does not listen any more.
        let _ = sender.try_send(answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn addresses_are_taken_as_they_are_and_names_are_resolved() {
        let deadline = Deadline::after(Duration::from_secs(5));
        let of = |host| addresses(host, 6379, deadline).unwrap();
        assert_eq!(of("127.0.0.1"), ["127.0.0.1:6379".parse().unwrap()]);
        assert_eq!(of("::1"), ["[::1]:6379".parse().unwrap()]);
        assert!(of("localhost").iter().all(|address| address.ip().is_loopback()));
    }

    #[test]
    fn an_answer_that_takes_too_long_is_not_waited_for() {
        let deadline = Deadline::after(Duration::ZERO);
        assert_eq!(addresses("localhost", 6379, deadline).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
