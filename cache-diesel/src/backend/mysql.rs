//! MySQL and MariaDB: how values are bound, and which database a connection is on.

use core::fmt;

use diesel::backend::Backend;
use diesel::connection::LoadConnection;
use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, CollectedQuery, MoveableBindCollector, QueryFragment};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::backend::bound::{from_native_endian, last_bytes};
use crate::backend::url::{ServerUrl, percent_decoded};
use crate::backend::{Address, CacheBackend, SessionState};
use crate::scan::{Bounded, Dialect};

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

    fn last_bound_integer<Query: QueryFragment<Self>>(query: &Query) -> Option<i64> {
        let mut printed = Bounded::default();
        Self::write_binds(query, &mut printed).ok()?;
        from_native_endian(&last_bytes(&printed.finish()?)?)
    }

    fn identify<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Address> {
        let Names { name, .. } = sql_query("SELECT DATABASE() AS name, CURRENT_USER() AS account").get_result(conn)?;
        Ok(address_of(name.as_deref()))
    }

    fn session_of<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<SessionState> {
        let sql = "SELECT CONCAT_WS(' ', @@hostname, @@port, @@sql_mode, @@time_zone, \
                   @@collation_connection, @@character_set_results, @@div_precision_increment, \
                   @@group_concat_max_len, @@sql_select_limit, @@lc_time_names) AS name, CURRENT_USER() AS account";
        let names: Names = sql_query(sql).get_result(conn)?;
        let name = format!("{:?} {:?}", names.name, names.account);
        // Its name differs by version: where there is none of a name, there is no row.
        let sql =
            "SHOW SESSION VARIABLES WHERE Variable_name IN ('autocommit', 'transaction_isolation', 'tx_isolation')";
        let variables: Vec<Variable> = sql_query(sql).load(conn)?;
        let is = |wanted: &str| variables.iter().any(|variable| variable.value.eq_ignore_ascii_case(wanted));
        // What others have not committed would be kept.
        let is_particular = is("READ-UNCOMMITTED");
        Ok(SessionState { name: Some(name), is_particular, autocommit_is_off: is("OFF") })
    }

    fn has_raw_transaction<C: LoadConnection<Backend = Self>>(conn: &mut C) -> bool {
        // Outside of a transaction a savepoint ends with its own statement, and there is none to release.
        conn.batch_execute("SAVEPOINT cache_diesel_looks").is_err()
            || conn.batch_execute("RELEASE SAVEPOINT cache_diesel_looks").is_ok()
    }
}

#[derive(QueryableByName)]
struct Names {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account: Option<String>,
}

#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// The database that a connection opened with `url` is on.
pub(super) fn address_of_url(url: &str) -> Address {
    let Some(parts) = ServerUrl::of_standard(url) else {
        return address_of(None);
    };
    let name = parts.database.map(percent_decoded);
    Address { session: parts.without_passwords(), ..address_of(name.as_deref()) }
}

/// A server may not tell the case of its databases' names; those who share a tag invalidate too much at worst.
fn address_of(name: Option<&str>) -> Address {
    match name {
        Some(name) => Address::shared(format!("mysql:{}", name.to_lowercase())),
        // It will be chosen by a USE, or every table is named with its database.
        None => Address { is_nameless: true, ..Address::shared("mysql:".to_owned()) },
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
        assert_ne!(addresses[0].session, addresses[2].session);
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
            Mysql::last_bound_integer(query)
        }
        assert_eq!(last(&(", 8".into_sql::<Text>(), (-7_i32).into_sql::<Integer>())), Some(-7));
        assert_eq!(last(&i64::MIN.into_sql::<BigInt>()), Some(i64::MIN));
        assert_eq!(last(&7_i16.into_sql::<SmallInt>()), Some(7));
        assert_eq!(last(&None::<i32>.into_sql::<Nullable<Integer>>()), None);
        assert_eq!(last(&(1_i32.into_sql::<Integer>(), "[0, 0, 0, 7])] }".into_sql::<Text>())), None);
        assert_eq!(last(&diesel::dsl::sql::<Integer>("1")), None);
    }
}
