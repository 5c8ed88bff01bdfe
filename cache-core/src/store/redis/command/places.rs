//! Asks sentinels, and nodes of a cluster, where the primary is.

use super::batch::Command;
use super::connection::{Connection, login};
use super::incarnation::NO_CLUSTER;
use crate::store::redis::wire::address::{Address, Finding, Login, Place};
use crate::store::redis::wire::failure::{Deadline, Failure};
use crate::store::redis::wire::frame::Reply;

/// Where a primary is, and who else can be asked for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) primary: Option<Place>,
    pub(crate) nodes: Vec<Place>,
}

/// Asks whoever is at `place` where the primary is; nobody is asked where the address says it.
pub(crate) fn ask(address: &Address, place: &Place, deadline: Deadline) -> Result<Answer, Failure> {
    match &address.finding {
        Finding::Named => Ok(Answer::default()),
        Finding::Sentinels { name, login, .. } => {
            let mut command = Command::named("SENTINEL");
            command.arg("get-master-addr-by-name").arg(name);
            let reply = say(address, place, (login, &command), deadline);
            let wrong = Failure::Wrong("the server at the place of a sentinel is none: write `redis://`");
            match reply.map_err(|failure| if failure.is_unknown() { wrong } else { failure })? {
                Reply::Nothing => Err(Failure::Wrong("the sentinels know no primary of the name in the URL")),
                Reply::List(parts) => Ok(Answer { primary: place_in(&parts, place), nodes: Vec::new() }),
                _ => Err(Failure::strange("a question for the primary")),
            }
        }
        Finding::Cluster { slot, .. } => {
            let mut command = Command::named("CLUSTER");
            let reply = say(address, place, (&address.login, command.arg("SLOTS")), deadline);
            let reply =
                reply.map_err(|failure| if failure.is_unknown() { Failure::Wrong(NO_CLUSTER) } else { failure });
            let Reply::List(ranges) = reply? else { return Err(Failure::strange("CLUSTER SLOTS")) };
            Ok(in_ranges(&ranges, *slot, place))
        }
    }
}

fn say(
    address: &Address,
    place: &Place,
    (who, command): (&Login, &Command),
    deadline: Deadline,
) -> Result<Reply, Failure> {
    let mut connection = Connection::to(&address.transport.at(place), deadline)?;
    let mut batch = login(who);
    batch.add(command);
    connection.ask(&batch, deadline)?.pop().ok_or_else(|| Failure::strange("a question for the primary"))
}

/// What `asked` said of all slots: ranges, each with its primary first.
fn in_ranges(ranges: &[Reply], slot: u16, asked: &Place) -> Answer {
    let mut answer = Answer::default();
    for range in ranges {
        let Reply::List(parts) = range else { continue };
        let [Reply::Number(first), Reply::Number(last), nodes @ ..] = &parts[..] else { continue };
        let place = |node: &Reply| match node {
            Reply::List(parts) => place_in(parts, asked),
            _ => None,
        };
        if (*first..=*last).contains(&i64::from(slot)) {
            answer.primary = nodes.first().and_then(place);
        }
        for node in nodes.iter().filter_map(place) {
            if !answer.nodes.contains(&node) {
                answer.nodes.push(node);
            }
        }
    }
    answer
}

/// A host and a port; a host that is not known is that of who was `asked`.
fn place_in(parts: &[Reply], asked: &Place) -> Option<Place> {
    let host = match parts.first()? {
        Reply::Text(host) if !host.is_empty() && **host != *b"?" => core::str::from_utf8(host).ok()?.to_owned(),
        Reply::Text(_) | Reply::Nothing => asked.host.clone(),
        _ => return None,
    };
    let port = match parts.get(1)? {
        Reply::Number(port) => u16::try_from(*port).ok()?,
        Reply::Text(port) => core::str::from_utf8(port).ok()?.parse().ok()?,
        _ => return None,
    };
    Some(Place { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Reply {
        Reply::Text(text.as_bytes().into())
    }

    #[test]
    fn a_slot_is_looked_up_with_its_primary() {
        let node = |host: Reply, port| Reply::List(vec![host, Reply::Number(port), text("id")]);
        let range = |first, last, nodes: [Reply; 2]| {
            Reply::List([Reply::Number(first), Reply::Number(last)].into_iter().chain(nodes).collect())
        };
        let ranges = [
            range(0, 99, [node(text("a"), 1), node(text("b"), 2)]),
            range(100, 199, [node(Reply::Nothing, 3), node(text("a"), 1)]),
        ];
        let place = |host: &str, port| Place { host: host.to_owned(), port };
        let of = |slot| in_ranges(&ranges, slot, &place("asked", 9));
        assert_eq!(of(99).primary, Some(place("a", 1)));
        assert_eq!(of(100), Answer { primary: Some(place("asked", 3)), nodes: of(0).nodes });
        assert_eq!(of(200).primary, None);
        assert_eq!(of(0).nodes, [place("a", 1), place("b", 2), place("asked", 3)]);
        assert_eq!(place_in(&[text("::1"), text("7")], &place("asked", 9)), Some(place("::1", 7)));
    }
}
