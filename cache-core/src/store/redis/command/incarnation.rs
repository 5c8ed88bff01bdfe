//! Reads a server's incarnation, and whether the server may be used.

/// What the incarnation of a server is called, from what `INFO` says of server and replication; or why the server cannot
/// be used.
///
/// A server that does not name its life is never known to be in the same one: its name is empty.
pub(crate) fn name(information: &str) -> Result<String, &'static str> {
    let field = |name: &str| {
        let of_line = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim_end().to_owned());
        information.lines().find_map(of_line)
    };
    if field("redis_mode").is_some_and(|mode| mode == "cluster") || field("cluster_enabled").is_some_and(|it| it == "1")
    {
        return Err("the Redis server is a part of a cluster: one server is supported");
    }
    if field("role").is_some_and(|role| role != "master") {
        return Err("the Redis server is a replica: it may be behind, and takes no writes");
    }
    // A replica that is promoted goes on in its own run, with another replication.
    Ok(match (field("run_id"), field("master_replid")) {
        (Some(run), Some(replication)) if !run.is_empty() => format!("{run}:{replication}"),
        (Some(run), None) => run,
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incarnation_is_a_run_and_a_replication_of_a_primary() {
        let info =
            "# Server\r\nredis_mode:standalone\r\nrun_id:abc\r\n# Replication\r\nrole:master\r\nmaster_replid:def\r\n";
        assert_eq!(name(info).as_deref(), Ok("abc:def"));
        assert_eq!(name("role:master\r\nrun_id:abc\r\n").as_deref(), Ok("abc"));
        assert_eq!(name("role:master\r\n").as_deref(), Ok(""));
        assert!(name(&info.replace("role:master", "role:slave")).unwrap_err().contains("replica"));
        assert!(name(&info.replace("standalone", "cluster")).unwrap_err().contains("cluster"));
    }
}
