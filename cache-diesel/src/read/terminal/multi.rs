//! Passes reads on to the connection inside of a `derive(MultiConnection)`.

/// Marks connections that are one of several kinds.
#[derive(Debug)]
pub struct Multi;

/// Lets managers read on a connection that Diesel's `#[derive(MultiConnection)]` makes of several.
///
/// The variants are named as in the `enum`, each with its connection. Then `first`, `load`, `count` and the other methods that
/// end a read take the connection as it is. Writes need nothing: they stay plain Diesel, and are tracked. A write through a
/// manager is given the connection inside, and so are `track`, `identify` and `writes`.
///
/// # Consistency
///
/// Entries are those of the connection inside: each database has its own.
///
/// # Examples
///
/// ```ignore
/// #[derive(diesel::MultiConnection)]
/// enum AnyConnection {
///     Postgres(diesel::PgConnection),
///     Sqlite(diesel::SqliteConnection),
/// }
///
/// cache_diesel::multi_connection!(AnyConnection { Postgres(diesel::PgConnection), Sqlite(diesel::SqliteConnection) });
///
/// fn title(id: i32, conn: &mut AnyConnection) -> QueryResult<String> {
///     Ok(Product::cached().get(id).first(conn)?.title.clone())
/// }
/// ```
#[macro_export]
macro_rules! multi_connection {
    ($any:ident { $first:ident($first_conn:ty) $(, $variant:ident($conn:ty))* $(,)? }) => {
        impl $crate::__private::AnyConnection<$crate::__private::Multi> for $any {
            type Backend = <$first_conn as $crate::__private::diesel::Connection>::Backend;
            type Itself = Self;

            fn itself(&mut self) -> &mut Self {
                self
            }
        }

        impl<'conn, 'query, Read> $crate::__private::Runs<'conn, 'query, Read, $crate::__private::Multi> for $any
        where
            Read: $crate::__private::BlockingRead<'query, $first_conn>,
            $(Read: $crate::__private::BlockingRead<
                'query,
                $conn,
                Output = <Read as $crate::__private::BlockingRead<'query, $first_conn>>::Output,
            >,)*
        {
            type Output = <Read as $crate::__private::BlockingRead<'query, $first_conn>>::Output;

            fn run(__conn: &'conn mut Self, __read: Read) -> Self::Output {
                match __conn {
                    Self::$first(__conn) => $crate::__private::BlockingRead::<'query, $first_conn>::run(__read, __conn),
                    $(Self::$variant(__conn) => $crate::__private::BlockingRead::<'query, $conn>::run(__read, __conn),)*
                }
            }
        }
    };
}
