//! Reads a server's incarnation, and whether the server may be used.

use crate::store::redis::wire::failure::Failure;

/// What the incarnation of a server is called, from what `INFO` says of server and replication; or why the server cannot
/// be used, where a part of a cluster is expected or a server that is none.
///
/// A server that does not name its life is never known to be in the same one: its name is empty.
pub(crate) fn name(information: &str, is_of_cluster: bool) -> Result<String, Failure> {
    let field = |name: &str| {
        let of_line = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim_end().to_owned());
        information.lines().find_map(of_line)
    };
    let mode = field("redis_mode");
    let is_in_cluster = mode.as_deref() == Some("cluster") || field("cluster_enabled").as_deref() == Some("1");
    match (mode.as_deref(), is_in_cluster, is_of_cluster) {
        (Some("sentinel"), ..) => return Err(Failure::Wrong("the server is a sentinel: write `redis+sentinel://`")),
        (_, true, false) => {
            return Err(Failure::Wrong("the Redis server is a part of a cluster: write `redis+cluster://`"));
        }
        (_, false, true) => return Err(Failure::Wrong(NO_CLUSTER)),
        _ => {}
    }
    if field("role").is_some_and(|role| role != "master") {
        return Err(Failure::Broken("the Redis server is a replica: it may be behind, and takes no writes".into()));
    }
    // A replica that is promoted goes on in its own run, with another replication.
    Ok(match (field("run_id"), field("master_replid")) {
        (Some(run), Some(replication)) if !run.is_empty() => format!("{run}:{replication}"),
        (Some(run), None) => run,
        _ => String::new(),
    })
}

/// What is said of a server at the place of a part of a cluster.
pub(crate) const NO_CLUSTER: &str = "the Redis server is no part of a cluster: write `redis://`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incarnation_is_a_run_and_a_replication_of_a_primary() {
        let info =
            "# Server\r\nredis_mode:standalone\r\nrun_id:abc\r\n# Replication\r\nrole:master\r\nmaster_replid:def\r\n";
        assert_eq!(name(info, false).unwrap(), "abc:def");
        assert_eq!(name("role:master\r\nrun_id:abc\r\n", false).unwrap(), "abc");
        assert_eq!(name("role:master\r\n", false).unwrap(), "");
        let refused = |info: &str, is_of_cluster| format!("{:?}", name(info, is_of_cluster).unwrap_err());
        assert!(refused(&info.replace("role:master", "role:slave"), false).contains("replica"));
        let clustered = info.replace("standalone", "cluster");
        assert!(refused(&clustered, false).contains("redis+cluster"));
        assert_eq!(name(&clustered, true).unwrap(), "abc:def");
        assert!(refused(info, true).contains("no part of a cluster"));
        assert!(refused("redis_mode:sentinel\r\n", false).contains("redis+sentinel"));
    }
}
