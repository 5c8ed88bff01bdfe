//! Says what tables are called in SQL.

use diesel::query_builder::{QueryBuilder, QueryFragment};

use crate::backend::NamingBackend;
use crate::scan;

/// A table of the `table!` macro: its SQL name can be printed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table of Diesel's `table!` macro",
    note = "name the model, or the module that `table!` made"
)]
pub trait NamedTable {
    /// The name without its schema, in lower case.
    fn sql_name() -> String;
    /// Whether a schema goes before the name.
    fn has_schema() -> bool;
    /// The columns of the primary key, in order.
    fn key_sql() -> String;
}

#[diagnostic::do_not_recommend]
impl<T> NamedTable for T
where
    T: diesel::Table<PrimaryKey: QueryFragment<NamingBackend>> + Default + QueryFragment<NamingBackend>,
{
    fn sql_name() -> String {
        let name = printed(&T::default()).and_then(|name| scan::table_name(&name));
        name.expect("the `table!` macro makes tables that print as a name")
    }

    fn has_schema() -> bool {
        printed(&T::default()).is_none_or(|name| scan::has_schema(&name))
    }

    fn key_sql() -> String {
        printed(&T::default().primary_key()).expect("columns print as their names")
    }
}

fn printed<T: QueryFragment<NamingBackend>>(part: &T) -> Option<String> {
    let mut builder = <NamingBackend as diesel::backend::Backend>::QueryBuilder::default();
    part.to_sql(&mut builder, &NamingBackend::default()).ok()?;
    Some(builder.finish())
}

pub(crate) fn table_name<T: NamedTable>() -> String {
    T::sql_name()
}
