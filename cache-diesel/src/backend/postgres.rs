//! Adapts PostgreSQL: its bound values, and the identity of a connection's database.

use core::fmt;

use cache_core::Fingerprint;
use diesel::QueryableByName;
use diesel::backend::Backend;
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
use diesel::query_builder::{AstPass, CollectedQuery, MoveableBindCollector, QueryFragment};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{Bool, Text};

use crate::backend::bound::{from_big_endian, last_bytes};
use crate::backend::line::{Line, Reply};
use crate::backend::url::{ServerUrl, percent_decoded};
use crate::backend::{CacheBackend, SessionState, declared, structure};
use crate::catalogue::{AskedColumn, FactRow};
use crate::identity::address::DatabaseAddress;
use crate::identity::answer::ServerAnswer;
use crate::scan::{Bound, Bounded, Dialect, HARMLESS_SETTINGS};

mod server;

/// The values of a query, made its own.
type BindsOf<DB> = <<DB as Backend>::BindCollector<'static> as MoveableBindCollector<DB>>::BindData;

impl CacheBackend for Pg {
    const DIALECT: Dialect = Dialect::Postgres;

    type Binds = BindsOf<Self>;

    fn binds_of<Query: QueryFragment<Self>>(query: &Query) -> Option<Self::Binds> {
        let mut binds = <Self as Backend>::BindCollector::default();
        let mut names = NamedTypes::default();
        let lookup: &mut dyn PgMetadataLookup = &mut names;
        QueryFragment::<Self>::collect_binds(query, &mut binds, lookup, &Self).ok()?;
        (!names.is_any).then(|| MoveableBindCollector::<Self>::moveable(&binds))
    }

    fn walk_collected<'b>(collected: &'b CollectedQuery<Self::Binds>, pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        QueryFragment::<Self>::walk_ast(collected, pass)
    }

    fn write_binds<Query: QueryFragment<Self>>(query: &Query, to: &mut dyn fmt::Write) -> QueryResult<()> {
        let mut binds = <Self as Backend>::BindCollector::default();
        let lookup: &mut dyn PgMetadataLookup = &mut NamedTypes::default();
        QueryFragment::<Self>::collect_binds(query, &mut binds, lookup, &Self)?;
        // The collector prints the types and the bytes that the server will get.
        write!(to, "{binds:?}").map_err(|error| Error::SerializationError(Box::new(error)))
    }

    fn last_bounds<Query: QueryFragment<Self>>(query: &Query, count: usize) -> Option<Vec<Bound>> {
        let mut printed = Bounded::default();
        Self::write_binds(query, &mut printed).ok()?;
        let sent = |bytes: Vec<u8>| {
            let number = from_big_endian(&bytes);
            Bound::Sent(bytes, number)
        };
        Some(last_bytes(&printed.finish()?, count)?.into_iter().map(sent).collect())
    }

    fn identify<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<DatabaseAddress>> {
        Box::pin(async move {
            let mut names: Vec<PostgresNames> =
                C::rows(conn, "SELECT current_database()::text AS name".to_owned()).await?;
            let PostgresNames { name } = names.pop().ok_or(diesel::result::Error::NotFound)?;
            Ok(address_of(Some(&name)))
        })
    }

    fn ask<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<ServerAnswer>>> {
        Box::pin(async move { server::ask::<C>(conn).await.map(Some) })
    }

    fn session_of<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<SessionState>> {
        Box::pin(async move {
            let harmless = HARMLESS_SETTINGS.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(",");
            // Diesel sets the first two on each connection, always to the same.
            let sql = format!(
                "SELECT session_user::text AS account, \
                 concat((SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings \
                         WHERE context IN ('user', 'superuser') AND name NOT IN ('application_name', {harmless}))) AS name, \
                 current_user <> session_user OR EXISTS (SELECT 1 FROM pg_settings WHERE source = 'session' \
                   AND name NOT IN ('TimeZone', 'client_encoding', {harmless})) \
                   OR EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS is_particular"
            );
            let mut states: Vec<SessionRow> = C::rows(conn, sql).await?;
            let SessionRow { name, account, is_particular } = states.pop().ok_or(diesel::result::Error::NotFound)?;
            Ok(SessionState { name, account, is_particular, autocommit_is_off: false })
        })
    }

    fn declared<'a, C: Line<Backend = Self> + 'a>(
        conn: &'a mut C::Conn,
        columns: &'a [AskedColumn],
    ) -> Reply<'a, QueryResult<Vec<FactRow>>> {
        Box::pin(declared::postgres::ask::<C>(conn, columns))
    }

    fn structure<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<FactRow>>> {
        Box::pin(structure::postgres::ask::<C>(conn))
    }

    fn has_raw_transaction<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, bool> {
        Box::pin(async move {
            // Outside of a transaction there are no savepoints; in one that failed nothing works any more.
            let looks = "SAVEPOINT cache_diesel_looks; RELEASE SAVEPOINT cache_diesel_looks";
            C::run(conn, looks).await.is_ok() || C::run(conn, "SELECT 1").await.is_err()
        })
    }
}

/// Stands for the types that a server numbers by itself: a number of their names, the same in every process.
#[derive(Default)]
struct NamedTypes {
    /// Whether there was any: its number on the server is not known here.
    is_any: bool,
}

impl PgMetadataLookup for NamedTypes {
    fn lookup_type(&mut self, name: &str, schema: Option<&str>) -> PgTypeMetadata {
        self.is_any = true;
        let has_schema = [u8::from(schema.is_some())];
        let digest = Fingerprint::of(&[&has_schema, schema.unwrap_or_default().as_bytes(), name.as_bytes()]);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte));
        PgTypeMetadata::new(number(&digest.as_bytes()[..4]), number(&digest.as_bytes()[4..8]))
    }
}

#[derive(QueryableByName)]
struct PostgresNames {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Bool)]
    is_particular: bool,
}

/// Whether `url` is a list of libpq's such as `host=localhost dbname=shop`.
pub(super) fn is_keyword_list(url: &str) -> bool {
    // A path of SQLite may have a `=`; the names of keywords are plain, and one of these has to be there.
    const KEYWORDS: [&str; 8] = ["dbname", "host", "hostaddr", "password", "passfile", "port", "service", "user"];
    let pairs = keyword_list(url);
    let is_plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    !url.contains("://")
        && pairs.iter().all(|(name, _)| is_plain(name))
        && pairs.iter().any(|(name, _)| KEYWORDS.contains(&name.as_str()))
}

/// The database that a connection opened with `url` is on, found as libpq finds it.
pub(super) fn address_of_url(url: &str) -> DatabaseAddress {
    address_in(url, |name| std::env::var(name).ok())
}

fn address_in(url: &str, environment: impl Fn(&str) -> Option<String>) -> DatabaseAddress {
    let given = if is_keyword_list(url) {
        keyword_list(url)
    } else {
        keywords_of(&ServerUrl::of_libpq(url).unwrap_or_default())
    };
    let last = |wanted: &str| {
        given
            .iter()
            .rev()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    };
    // A service file may say anything.
    let has_service = last("service").or_else(|| environment("PGSERVICE")).is_some();
    let fallback = || environment("PGDATABASE").or_else(|| last("user")).or_else(|| environment("PGUSER"));
    let name = last("dbname").or_else(|| fallback().filter(|_| !has_service));
    // What is given as the name may be a whole connection string.
    let name = name.filter(|name| !name.contains(['=', ':']));
    let mut address = address_of(name.as_deref());
    for (name, value) in &given {
        put(&mut address, name, value);
    }
    for (variable, keyword) in VARIABLES {
        if let Some(value) = environment(variable) {
            put(&mut address, keyword, &value);
        }
    }
    address
}

/// The variables of the environment that libpq reads, with the keywords that they stand in for.
const VARIABLES: [(&str, &str); 6] = [
    ("PGDATABASE", "dbname"),
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGOPTIONS", "options"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
];

/// Puts what a keyword says to what it is for. What is not known may change what is read.
fn put(address: &mut DatabaseAddress, name: &str, value: &str) {
    const ROUTE: [&str; 12] = [
        "channel_binding",
        "connect_timeout",
        "dbname",
        "host",
        "hostaddr",
        "krbsrvname",
        "load_balance_hosts",
        "port",
        "require_auth",
        "requirepeer",
        "target_session_attrs",
        "tcp_user_timeout",
    ];
    let is_route = ROUTE.contains(&name) || ["gss", "keepalives", "ssl"].iter().any(|start| name.starts_with(start));
    let part = match name {
        _ if name.contains("password") => return,
        "user" => &mut address.user,
        _ if is_route => &mut address.route,
        _ => &mut address.session,
    };
    part.push_str(&format!(" {name}={value:?}"));
}

fn keywords_of(parts: &ServerUrl<'_>) -> Vec<(String, String)> {
    let authority = [("host", Some(parts.hosts)), ("user", parts.user), ("dbname", parts.database)];
    let authority = authority.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let all = authority.chain(parts.parameters.iter().copied());
    all.map(|(name, value)| (percent_decoded(name), percent_decoded(value))).collect()
}

/// The pairs of `name = value name='two words'`: a backslash escapes the next character.
fn keyword_list(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, tail)) = rest.split_once('=') {
        let (value, tail) = keyword_value(tail.trim_start());
        pairs.push((name.trim().to_owned(), value));
        rest = tail.trim_start();
    }
    pairs
}

fn keyword_value(text: &str) -> (String, &str) {
    let is_quoted = text.starts_with('\'');
    let text = text.strip_prefix('\'').unwrap_or(text);
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if is_quoted => return (value, &text[at + 1..]),
            _ if character.is_whitespace() && !is_quoted => return (value, &text[at..]),
            _ => value.push(character),
        }
    }
    (value, "")
}

/// What the database called `name` is called beside those of other servers.
fn address_of(name: Option<&str>) -> DatabaseAddress {
    match name {
        Some(name) => DatabaseAddress::of_server(server::database_called(name)),
        // The name of the account that the program runs under, or a service file's: its writes count everywhere.
        None => DatabaseAddress { is_nameless: true, ..DatabaseAddress::of_server("postgres:".to_owned()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> DatabaseAddress {
        address_in(url, |_| None)
    }

    #[test]
    fn every_address_of_a_database_leads_to_it() {
        let urls = [
            "postgres://localhost/shop",
            "postgresql://ann:secret@localhost:5433/shop?sslmode=disable",
            "postgres://ann@one,two/shop",
            "postgres://ann@%2Frun%2Fpostgresql/sh%6fp",
            "postgres:///?dbname=shop&host=localhost",
            "postgres://shop@localhost",
            "postgres://ann:pa#s?s@localhost/shop",
            "host=localhost dbname=shop",
            "connect_timeout=10 sslmode=disable user=ann dbname=shop",
            "user=ann password='it is' dbname = 'shop'",
            "user=ann password='a\\'b dbname=x' dbname=shop",
        ];
        for url in urls {
            let address = address(url);
            assert_eq!(address.database, "postgres:shop", "{url}");
            assert!(!address.is_nameless, "{url}");
        }
    }

    #[test]
    fn names_of_databases_are_not_cut() {
        assert_ne!(address("postgres://localhost/shop#1").database, address("postgres://localhost/shop#2").database);
        let is_list = ["connect_timeout=1 dbname=a", "dbname = a", " user='a b'"].map(is_keyword_list);
        assert_eq!(is_list, [true; 3]);
        let is_list = ["a=b.db", "/tmp/port=1", "shop.db", "", "postgres://localhost/shop?user=a"].map(is_keyword_list);
        assert_eq!(is_list, [false; 5]);
    }

    #[test]
    fn every_part_of_an_address_but_its_password_is_put_to_what_it_is_for() {
        let (one, two) = (address("postgres://ann:one@localhost/shop"), address("postgres://ann:two@localhost/shop"));
        assert_eq!(one, two);
        assert_eq!(address("dbname=shop password=one"), address("dbname=shop password=two"));
        let secret = address("postgres://ann:secret@localhost/shop?password=secret");
        assert!(!format!("{secret:?}").contains("secret"));
        let parts = |url| {
            let DatabaseAddress { route, user, session, .. } = address(url);
            [route, user, session]
        };
        // The URL, and which of route, user and session differ from the first one's.
        let cases = [
            ("postgres://ann@localhost/shop", [false, false, false]),
            ("postgres://bob@localhost/shop", [false, true, false]),
            ("postgres://ann@elsewhere/shop", [true, false, false]),
            ("postgres://ann@localhost:5433/shop", [true, false, false]),
            ("postgres://ann@localhost/shop?sslmode=disable", [true, false, false]),
            ("postgres://ann@localhost/shop?target_session_attrs=standby", [true, false, false]),
            ("postgres://ann@localhost/shop?options=-csearch_path%3Dother", [false, false, true]),
            ("postgres://ann@localhost/shop?application_name=desk", [false, false, true]),
        ];
        for (url, differs) in cases {
            let (first, other) = (parts(cases[0].0), parts(url));
            assert_eq!([0, 1, 2].map(|part| first[part] != other[part]), differs, "{url}");
        }
        let with_options = address_in("postgres:///shop", |name| (name == "PGOPTIONS").then(|| "-c a.b=1".to_owned()));
        assert_ne!(address("postgres:///shop").session, with_options.session);
    }

    #[test]
    fn the_environment_names_the_database_that_the_url_does_not() {
        let set = |wanted: &'static str| move |name: &str| (name == wanted).then(|| "shop".to_owned());
        assert_eq!(address_in("postgres://localhost", set("PGDATABASE")).database, "postgres:shop");
        assert_eq!(address_in("postgres://localhost", set("PGUSER")).database, "postgres:shop");
        assert!(address_in("postgres://localhost", set("PGSERVICE")).is_nameless);
        assert!(address("postgres://localhost").is_nameless);
        assert!(address("service=main").is_nameless);
        assert!(address("dbname='host=elsewhere dbname=other'").is_nameless);
    }

    #[test]
    fn types_that_a_server_numbers_are_told_apart_by_their_names() {
        let mut types = NamedTypes::default();
        assert_eq!(types.lookup_type("mood", None), types.lookup_type("mood", None));
        assert_ne!(types.lookup_type("mood", None), types.lookup_type("mood", Some("")));
        assert_ne!(types.lookup_type("mood", Some("a")), types.lookup_type("mood", Some("b")));
    }

    #[test]
    fn the_last_bind_is_a_whole_number_or_nothing() {
        use diesel::IntoSql;
        use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};

        fn last(query: &impl QueryFragment<Pg>) -> Option<i64> {
            match Pg::last_bounds(query, 1)?.pop()? {
                Bound::Sent(_, number) => number,
                _ => None,
            }
        }
        assert_eq!(last(&(", 8".into_sql::<Text>(), (-7_i32).into_sql::<Integer>())), Some(-7));
        assert_eq!(last(&i64::MIN.into_sql::<BigInt>()), Some(i64::MIN));
        assert_eq!(last(&7_i16.into_sql::<SmallInt>()), Some(7));
        assert_eq!(last(&None::<i32>.into_sql::<Nullable<Integer>>()), None);
        assert_eq!(last(&(1_i32.into_sql::<Integer>(), "[0, 0, 0, 7])] }".into_sql::<Text>())), None);
        assert_eq!(last(&diesel::dsl::sql::<Integer>("1")), None);
    }
}
