//! Adapts MySQL and MariaDB: their bound values, and the identity of a connection's database.

use core::fmt;

use diesel::QueryableByName;
use diesel::backend::Backend;
use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, CollectedQuery, MoveableBindCollector, QueryFragment};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{Nullable, Text};

use crate::backend::bound::{from_native_endian, last_bytes};
use crate::backend::line::{Line, Reply};
use crate::backend::url::{ServerUrl, percent_decoded};
use crate::backend::{CacheBackend, SessionState, declared, structure};
use crate::catalogue::{AskedColumn, FactRow};
use crate::identity::address::DatabaseAddress;
use crate::identity::answer::{ServerAnswer, ServerRole};
use crate::identity::process::here;
use crate::scan::{Bound, Bounded, Dialect};

/// The values of a query, made its own.
type BindsOf<DB> = <<DB as Backend>::BindCollector<'static> as MoveableBindCollector<DB>>::BindData;

impl CacheBackend for Mysql {
    const DIALECT: Dialect = Dialect::Mysql;

    type Binds = BindsOf<Self>;

    fn binds_of<Query: QueryFragment<Self>>(query: &Query) -> Option<Self::Binds> {
        let mut binds = <Self as Backend>::BindCollector::default();
        QueryFragment::<Self>::collect_binds(query, &mut binds, &mut (), &Self).ok()?;
        Some(MoveableBindCollector::<Self>::moveable(&binds))
    }

    fn walk_collected<'b>(collected: &'b CollectedQuery<Self::Binds>, pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        QueryFragment::<Self>::walk_ast(collected, pass)
    }

    fn write_binds<Query: QueryFragment<Self>>(query: &Query, to: &mut dyn fmt::Write) -> QueryResult<()> {
        let mut binds = <Self as Backend>::BindCollector::default();
        QueryFragment::<Self>::collect_binds(query, &mut binds, &mut (), &Self)?;
        // The collector prints the types and the bytes that the server will get.
        write!(to, "{binds:?}").map_err(|error| Error::SerializationError(Box::new(error)))
    }

    fn last_bounds<Query: QueryFragment<Self>>(query: &Query, count: usize) -> Option<Vec<Bound>> {
        let mut printed = Bounded::default();
        Self::write_binds(query, &mut printed).ok()?;
        let sent = |bytes: Vec<u8>| {
            let number = from_native_endian(&bytes);
            Bound::Sent(bytes, number)
        };
        Some(last_bytes(&printed.finish()?, count)?.into_iter().map(sent).collect())
    }

    fn identify<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<DatabaseAddress>> {
        Box::pin(async move {
            let sql = "SELECT DATABASE() AS name, CURRENT_USER() AS account".to_owned();
            let mut names: Vec<MysqlNames> = C::rows(conn, sql).await?;
            let MysqlNames { name, .. } = names.pop().ok_or(diesel::result::Error::NotFound)?;
            Ok(address_of(name.as_deref()))
        })
    }

    fn ask<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<ServerAnswer>>> {
        Box::pin(async move {
            let said: Vec<MysqlServer> = match C::rows(conn, QUESTION.to_owned()).await {
                Ok(said) => said,
                Err(_) => C::rows(conn, PLAIN_QUESTION.to_owned()).await?,
            };
            Ok(said.into_iter().next().map(MysqlServer::into_answer))
        })
    }

    fn session_of<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<SessionState>> {
        Box::pin(async move {
            let sql = "SELECT CONCAT_WS(' ', @@sql_mode, @@time_zone, \
                       @@collation_connection, @@character_set_results, @@div_precision_increment, \
                       @@group_concat_max_len, @@sql_select_limit, @@lc_time_names) AS name, CURRENT_USER() AS account";
            let mut names: Vec<MysqlNames> = C::rows(conn, sql.to_owned()).await?;
            let names = names.pop().ok_or(diesel::result::Error::NotFound)?;
            let (name, account) = (names.name.unwrap_or_default(), names.account.unwrap_or_default());
            // Its name differs by version: where there is none of a name, there is no row.
            let sql =
                "SHOW SESSION VARIABLES WHERE Variable_name IN ('autocommit', 'transaction_isolation', 'tx_isolation')";
            let variables: Vec<Variable> = C::rows(conn, sql.to_owned()).await?;
            let is = |wanted: &str| variables.iter().any(|variable| variable.value.eq_ignore_ascii_case(wanted));
            // What others have not committed would be kept.
            let is_particular = is("READ-UNCOMMITTED");
            Ok(SessionState { name, account, is_particular, autocommit_is_off: is("OFF") })
        })
    }

    fn declared<'a, C: Line<Backend = Self> + 'a>(
        conn: &'a mut C::Conn,
        columns: &'a [AskedColumn],
    ) -> Reply<'a, QueryResult<Vec<FactRow>>> {
        Box::pin(declared::mysql::ask::<C>(conn, columns))
    }

    fn structure<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<FactRow>>> {
        Box::pin(structure::mysql::ask::<C>(conn))
    }

    fn has_raw_transaction<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, bool> {
        Box::pin(async move {
            // Outside of a transaction a savepoint ends with its own statement, and there is none to release.
            C::run(conn, "SAVEPOINT cache_diesel_looks").await.is_err()
                || C::run(conn, "RELEASE SAVEPOINT cache_diesel_looks").await.is_ok()
        })
    }
}

#[derive(QueryableByName)]
struct MysqlNames {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account: Option<String>,
}

/// Which server, or cluster, this is, which database of it, and whether it takes writes. MariaDB reads what is behind
/// `M!` and leaves out what is behind `!50700`; MySQL does it the other way round.
///
/// A cluster's name outlasts any of its servers. That of a server of MySQL's outlasts its restarts. MariaDB has none: what
/// it draws for UUIDs when it starts tells it from others, beside its host and what it was set up with.
const QUESTION: &str = "SELECT DATABASE() AS name, CURRENT_USER() AS account, \
    /*!50700 @@server_uuid */ \
    /*M!100000 CONCAT_WS(' ', @@hostname, @@port, @@server_id, @@datadir, RIGHT(UUID(), 17)) */ AS server, \
    /*!50700 (SELECT VARIABLE_VALUE FROM performance_schema.global_variables \
              WHERE VARIABLE_NAME = 'group_replication_group_name') */ \
    /*M!100000 (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS \
                WHERE VARIABLE_NAME = 'WSREP_CLUSTER_STATE_UUID') */ AS cluster, \
    CONCAT_WS(' ', @@read_only, @@innodb_read_only /*!50700 , @@super_read_only */) AS read_only";

/// What every server of this kind answers.
const PLAIN_QUESTION: &str = "SELECT DATABASE() AS name, CURRENT_USER() AS account, NULL AS server, NULL AS cluster, \
    CONCAT_WS(' ', @@read_only) AS read_only";

#[derive(Clone, Debug, QueryableByName)]
struct MysqlServer {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    server: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    cluster: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    read_only: Option<String>,
}

impl MysqlServer {
    fn into_answer(self) -> ServerAnswer {
        let cluster = self.cluster.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("AUTOMATIC"));
        let server = match (cluster, self.server) {
            (Some(cluster), _) => format!("cluster {cluster}"),
            (None, Some(server)) => format!("server {server}"),
            // Nothing tells it from others: its entries are this process's alone.
            (None, None) => here(),
        };
        // A server that is read-only for another reason costs queries.
        let is_off = |word: &str| matches!(word, "0" | "OFF");
        let follows = !self.read_only.is_some_and(|words| words.split_whitespace().all(is_off));
        ServerAnswer {
            server,
            database: self.name.map(|name| database_called(&name)),
            account: self.account.unwrap_or_default(),
            standing: ServerRole::of_follower(follows),
        }
    }
}

#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// The database that a connection opened with `url` is on.
pub(super) fn address_of_url(url: &str) -> DatabaseAddress {
    let Some(parts) = ServerUrl::of_standard(url) else {
        return address_of(None);
    };
    let name = parts.database.map(percent_decoded);
    let is_route = |name: &str| name == "unix_socket" || name.starts_with("ssl_");
    parts.parted(is_route, address_of(name.as_deref()))
}

/// A server may not tell the case of its databases' names; those who share a tag invalidate too much at worst.
fn database_called(name: &str) -> String {
    format!("mysql:{}", name.to_lowercase())
}

fn address_of(name: Option<&str>) -> DatabaseAddress {
    match name {
        Some(name) => DatabaseAddress::of_server(database_called(name)),
        // It will be chosen by a USE, or every table is named with its database.
        None => DatabaseAddress { is_nameless: true, ..DatabaseAddress::of_server("mysql:".to_owned()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_a_database_leads_to_it_and_no_session_knows_a_password() {
        let urls =
            ["mysql://ann:one@localhost/Shop", "mysql://ann:two@localhost/Shop", "mysql://localhost:3307/shop?a=b"];
        let addresses = urls.map(address_of_url);
        assert!(addresses.iter().all(|address| address.database == "mysql:shop" && !address.is_nameless));
        assert_eq!(addresses[0], addresses[1]);
        assert_ne!(addresses[0].route, addresses[2].route);
        assert_ne!(addresses[0].session, addresses[2].session);
    }

    #[test]
    fn a_server_is_its_cluster_or_itself_and_a_replica_if_it_takes_no_writes() {
        use ServerRole::{Primary, Replica};

        fn text(text: &str) -> Option<String> {
            Some(text.to_owned()).filter(|text| !text.is_empty())
        }
        // What is said of the server, its cluster, and of being read-only; what that makes it.
        let cases = [
            (["a-b", "", "0 0 0"], "server a-b", Primary),
            (["a-b", "c-d", "0 0 0"], "cluster c-d", Primary),
            (["a-b", "AUTOMATIC", "0 0"], "server a-b", Primary),
            (["a-b", "", "1 0 0"], "server a-b", Replica),
            (["a-b", "", "0 1"], "server a-b", Replica),
            (["a-b", "", "0 0 1"], "server a-b", Replica),
            (["a-b", "", "NO_LOCK 0"], "server a-b", Replica),
            (["a-b", "", "OFF 0"], "server a-b", Primary),
            (["a-b", "", ""], "server a-b", Replica),
        ];
        for ([server, cluster, read_only], called, standing) in cases {
            let said = MysqlServer {
                name: text("Shop"),
                account: text("ann@%"),
                server: text(server),
                cluster: text(cluster),
                read_only: text(read_only),
            };
            let answer = said.clone().into_answer();
            assert_eq!((answer.server.as_str(), answer.standing), (called, standing), "{said:?}");
            assert_eq!((answer.database.as_deref(), answer.account.as_str()), (Some("mysql:shop"), "ann@%"));
        }
    }

    #[test]
    fn a_connection_without_a_database_may_write_any() {
        assert!(address_of_url("mysql://ann@localhost").is_nameless);
        assert!(address_of_url("mysql://ann@localhost/").is_nameless);
        assert!(address_of_url("mysql:what").is_nameless);
        for unusual in ["/./shop", "/x/../shop", "/shop\n", "/sh\nop", "/%2e/shop", "/shop/"] {
            assert!(address_of_url(&format!("mysql://ann@localhost{unusual}")).is_nameless, "{unusual:?}");
        }
    }

    #[test]
    fn the_last_bind_is_a_whole_number_or_nothing() {
        use diesel::IntoSql;
        use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};

        fn last(query: &impl QueryFragment<Mysql>) -> Option<i64> {
            match Mysql::last_bounds(query, 1)?.pop()? {
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
