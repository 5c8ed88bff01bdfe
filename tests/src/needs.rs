//! Declares tests that need a server, and ignores them where there is none.
//!
//! A test that cannot run is reported as ignored, with the reason. A suite is reported by one such test. With the
//! feature on, a server that is missing fails the test: see [`servers`](crate::servers).

/// Declares tests that need PostgreSQL.
#[macro_export]
macro_rules! postgres_tests {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => { $(
        $(#[$attribute])*
        #[test]
        #[cfg_attr(not(feature = "postgres"), ignore = "needs PostgreSQL: run ./scripts/test")]
        fn $name() {
            #[cfg(feature = "postgres")]
            fn run() $body
            #[cfg(feature = "postgres")]
            run();
        }
    )* };
}

/// Declares tests that need MariaDB.
#[macro_export]
macro_rules! mysql_tests {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => { $(
        $(#[$attribute])*
        #[test]
        #[cfg_attr(not(feature = "mysql"), ignore = "needs MariaDB: run ./scripts/test")]
        fn $name() {
            #[cfg(feature = "mysql")]
            fn run() $body
            #[cfg(feature = "mysql")]
            run();
        }
    )* };
}

/// Declares the modules of a test target as a suite that needs Redis, as [`postgres_suite!`](crate::postgres_suite)
/// does.
#[macro_export]
macro_rules! redis_suite {
    (fn $name:ident(); $($item:item)*) => {
        $(
            #[cfg(feature = "redis")]
            $item
        )*
        #[cfg(not(feature = "redis"))]
        #[test]
        #[ignore = "a whole suite that needs Redis: run ./scripts/test"]
        fn $name() {}
    };
}

/// Declares the modules of a test target as a suite that needs PostgreSQL. Without it the suite is one ignored test,
/// whose name says what it would be: `postgres_suite! { fn behaviour_on_postgres(); mod reads; mod writes; }`.
#[macro_export]
macro_rules! postgres_suite {
    (fn $name:ident(); $($item:item)*) => {
        $(
            #[cfg(feature = "postgres")]
            $item
        )*
        #[cfg(not(feature = "postgres"))]
        #[test]
        #[ignore = "a whole suite that needs PostgreSQL: run ./scripts/test"]
        fn $name() {}
    };
}

/// Declares the modules of a test target as a suite that needs MariaDB, as
/// [`postgres_suite!`](crate::postgres_suite) does.
#[macro_export]
macro_rules! mysql_suite {
    (fn $name:ident(); $($item:item)*) => {
        $(
            #[cfg(feature = "mysql")]
            $item
        )*
        #[cfg(not(feature = "mysql"))]
        #[test]
        #[ignore = "a whole suite that needs MariaDB: run ./scripts/test"]
        fn $name() {}
    };
}
