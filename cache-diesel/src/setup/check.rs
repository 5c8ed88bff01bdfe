//! Compares what a database does to rows by itself with what models declare.

use core::fmt;

use cache_core::report::warn;
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::catalogue::Catalogue;
use crate::model::declaration::{asked_columns, columns_by_type, models_of_tables, statements, tables};

#[cfg(feature = "async")]
mod awaited;
mod decide;
mod fact;
mod models;
#[cfg(test)]
mod tests;

#[cfg(feature = "async")]
pub use awaited::check_async;
use models::Models;

/// Looks for what the database changes by itself, and no model declares: triggers, rules, cascades, views that are not
/// followed, tables without transactions, columns that compare otherwise than declared.
///
/// Only the tables of the program's models count, and among them those that this database has. It asks the catalogue of
/// the database, with some few statements; no row of a table is read. What is found is as good as the text of the triggers
/// is plain: a trigger that runs other text, or calls a function that may write, is reported as such.
///
/// # Errors
///
/// If the database cannot be asked.
///
/// # Examples
///
/// ```
/// # use cache_diesel::prelude::*;
/// # use diesel::{connection::SimpleConnection, prelude::*};
/// diesel::table! { teams (id) { id -> Integer, firm_id -> Integer, } }
///
/// #[derive(Cached, Queryable, Selectable)]
/// struct Team { id: i32, firm_id: i32 }
///
/// # fn main() -> QueryResult<()> {
/// # let conn = &mut SqliteConnection::establish(":memory:").unwrap();
/// conn.batch_execute("
///     CREATE TABLE firms (id INTEGER PRIMARY KEY);
///     CREATE TABLE teams (id INTEGER PRIMARY KEY, firm_id INT NOT NULL REFERENCES firms ON DELETE CASCADE);
/// ")?;
/// let report = cache_diesel::check(conn)?;
/// assert!(!report.is_clean());
/// assert!(report.to_string().contains("#[cached(cascaded_by(firms))]"));
/// assert!(report.except(["firm_id"]).is_clean());
/// # Ok(())
/// # }
/// ```
pub fn check<C: LoadConnection<Backend: CacheBackend>>(conn: &mut C) -> QueryResult<CheckReport> {
    at_once(report_of::<C>(conn))
}

/// Asks the database on whatever connection, and compares.
async fn report_of<C: Line>(conn: &mut C::Conn) -> QueryResult<CheckReport> {
    let structure = C::Backend::structure::<C>(conn).await?;
    let catalogue = Catalogue::of(C::Backend::declared::<C>(conn, asked_columns()).await?);
    let (models, stated) = (models_of_tables(), statements().collect::<Vec<_>>());
    let by_type = columns_by_type();
    let models = Models { models: &models, tables: tables(), stated: &stated, by_type: &by_type };
    let facts = fact::facts_of(structure, C::Backend::DIALECT, &models);
    Ok(CheckReport { findings: decide::findings(&facts, &catalogue, &models) })
}

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CheckReport {
    findings: Vec<Finding>,
}

impl CheckReport {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// What was found, in the order of the models' paths.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Leaves out what is about these triggers, constraints, columns or engines: somebody has looked at them.
    pub fn except<'a>(mut self, causes: impl IntoIterator<Item = &'a str>) -> Self {
        let causes: Vec<&str> = causes.into_iter().collect();
        self.findings.retain(|finding| !causes.contains(&finding.cause.as_str()));
        self
    }

    /// Tells the program's logger each finding, for the start of a program. Returns the report itself.
    pub fn report(self) -> Self {
        self.findings.iter().for_each(|finding| warn(format_args!("{finding}")));
        self
    }
}

/// One finding in a line, each with the line to add.
impl fmt::Display for CheckReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return formatter.write_str("the database does nothing by itself that the models do not declare");
        }
        for (at, finding) in self.findings.iter().enumerate() {
            let end = if at + 1 < self.findings.len() { "\n" } else { "" };
            write!(formatter, "{finding}{end}")?;
        }
        Ok(())
    }
}

/// Something that a database does by itself, and that no model declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Finding {
    /// The path of a model of the table; empty if it is about the database.
    pub model: String,
    /// The table in SQL.
    pub table: String,
    /// What does it.
    pub trap: Trap,
    /// What the database calls it: a trigger, a constraint, a column, an engine.
    pub cause: String,
    /// What to do, with the line to add if there is one.
    pub remedy: String,
    about: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, about, remedy, .. } = self;
        if !model.is_empty() {
            write!(formatter, "`{model}`: ")?;
        }
        write!(formatter, "{about}: {remedy}")
    }
}

/// Of which kind a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trap {
    /// Rows go or change with those of another table, by a foreign key.
    Cascade,
    /// A column is compared otherwise than the model says.
    Collation,
    /// The database computes a column that the model looks rows up by.
    Computed,
    /// Rows are kept elsewhere, and change without a statement.
    Elsewhere,
    /// A policy of the table's row-level security cannot be followed, so that reads are not cached.
    Policy,
    /// The table keeps what a transaction wrote that was rolled back.
    Transactions,
    /// A trigger or a rule of another table, or of this one, writes rows.
    Trigger,
    /// A trigger of the table runs what its text does not show.
    Unfollowed,
    /// The user of the connection may not see what there may be.
    Unseen,
    /// The table is a view over others that the library does not follow.
    View,
}
