//! Says what a database tells of its own declarations, one fact after the other.

use crate::scan;

/// A fact as a statement gives it: of which kind it is, what it is about, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct FactRow {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) said: String,
}

/// A column whose database has to say how it compares values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[doc(hidden)]
pub struct AskedColumn {
    pub(crate) table: String,
    pub(crate) column: &'static str,
    /// Whether a model says that values are compared byte by byte.
    pub(crate) is_stated: bool,
}

/// Something that a database declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// Values of a column of a table are equal if their bytes are.
    Bytes { table: String, column: String },
    /// A policy, a view or a function calls a function.
    Calls(Caller, String),
    /// What a column is declared as.
    Column { table: String, column: String, declared: String },
    /// What is known of a function, by its number.
    Function(String, FactBody),
    /// A policy of a table names a table; the row's own table is always among them.
    Guard(String, String),
    /// Policies hold for who asks.
    Guarded(String),
    /// The database may change rows of a table after it has given them back to who wrote them.
    Later(String),
    /// The database has a function of its own by that name.
    Own(String),
    /// A table is a part of another one, or inherits from it.
    Part { child: String, parent: String },
    /// A function reads a table.
    Reads(String, String),
    /// The condition of a policy of a table.
    Rule(String, String),
    /// A view reads a table.
    View(String, String),
}

/// Who calls a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Function(String),
    Policy(String),
    View(String),
}

/// What a function is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FactBody {
    /// The database itself knows what it reads.
    Known,
    /// It cannot be looked into.
    Opaque,
    /// SQL.
    Sql(String),
    /// It reads no table: it is declared to depend on its arguments alone, or comes with the server.
    Trusted,
}

impl Fact {
    /// The facts in what was `told`; none, if nobody knows what it means.
    pub(super) fn of(told: FactRow) -> Vec<Self> {
        let FactRow { kind, name, said } = told;
        let fact = match kind.as_str() {
            "bytes" => Self::Bytes { table: name, column: said },
            "calls" => Self::Calls(Caller::Policy(name), said),
            "column" => match said.split_once('\n') {
                Some((column, declared)) => {
                    Self::Column { table: name, column: column.to_owned(), declared: declared.trim().to_owned() }
                }
                None => return Vec::new(),
            },
            "definition" => {
                return scan::defined_by(&said).into_iter().map(|table| Self::View(name.clone(), table)).collect();
            }
            "function calls" => Self::Calls(Caller::Function(name), said),
            "function known" => Self::Function(name, FactBody::Known),
            "function opaque" => Self::Function(name, FactBody::Opaque),
            "function reads" => Self::Reads(name, said),
            "function sql" => Self::Function(name, FactBody::Sql(said)),
            "function trusted" => Self::Function(name, FactBody::Trusted),
            "guard" => Self::Guard(name, said),
            "guarded" => Self::Guarded(name),
            "later" => Self::Later(name),
            "own" => Self::Own(name),
            "part" => Self::Part { child: name, parent: said },
            "rule" => Self::Rule(name, said),
            "view" => Self::View(name, said),
            "view calls" => Self::Calls(Caller::View(name), said),
            _ => return Vec::new(),
        };
        vec![fact]
    }
}

/// `columns` as a list of pairs of texts in SQL; nothing if there is none to be asked for. What would have to be escaped is
/// left out, and so is not exact.
pub(crate) fn pairs_of<'a>(columns: impl IntoIterator<Item = &'a AskedColumn>) -> Option<String> {
    let is_plain = |name: &str| !name.contains(['\'', '\\']);
    let plain = columns.into_iter().filter(|asked| is_plain(&asked.table) && is_plain(asked.column));
    let pairs: Vec<String> = plain.map(|asked| format!("('{}','{}')", asked.table, asked.column)).collect();
    (!pairs.is_empty()).then(|| pairs.join(","))
}

/// The names of functions that a database of the dialect is asked for, as a list of texts in SQL.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn listed_functions(dialect: scan::Dialect) -> String {
    let names: Vec<String> = scan::listed(dialect).map(|name| format!("'{name}'")).collect();
    names.join(",")
}
