//! Several environments on one Redis server, and one environment that is reached in several ways: which entries are
//! shared, and which never meet. Programs are processes of their own here.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

tests::redis_suite! {
    fn environments_on_redis();

    #[cfg(feature = "postgres")]
    mod collations;
    mod files;
    #[cfg(feature = "mysql")]
    mod mariadb_server;
    #[cfg(feature = "mysql")]
    mod on_mariadb;
    mod program;
    #[cfg(feature = "postgres")]
    mod pooler;
    #[cfg(feature = "postgres")]
    mod postgres_server;
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    mod server;
    #[cfg(feature = "postgres")]
    mod servers;
    #[cfg(feature = "postgres")]
    mod standby;
}
