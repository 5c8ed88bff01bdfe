//! Holds conditions that Diesel lacks: equal or NULL, an optional one, and any of several.

use diesel::ExpressionMethods;
use diesel::backend::Backend;
use diesel::dsl;
use diesel::expression::{AppearsOnTable, AsExpression, Expression, NonAggregate, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Nullable, SqlType};

/// `column = value`, or `column IS NULL` for no value.
#[expect(missing_debug_implementations, reason = "the value's expression need not have one")]
pub enum EqOrNull<Column, Value>
where
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
{
    /// There is a value.
    Eq(dsl::Eq<Column, Value>),
    /// There is none.
    Null(dsl::IsNull<Column>),
}

impl<Column, Value> EqOrNull<Column, Value>
where
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
{
    /// Compares `column` with `value`.
    pub fn new(column: Column, value: Option<Value>) -> Self {
        match value {
            Some(value) => Self::Eq(ExpressionMethods::eq(column, value)),
            None => Self::Null(ExpressionMethods::is_null(column)),
        }
    }
}

impl<Column, Value> Expression for EqOrNull<Column, Value>
where
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
{
    type SqlType = Nullable<Bool>;
}

impl<Column, Value> ValidGrouping<()> for EqOrNull<Column, Value>
where
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
    dsl::Eq<Column, Value>: NonAggregate,
{
    type IsAggregate = diesel::expression::is_aggregate::No;
}

impl<Column, Value, Source> AppearsOnTable<Source> for EqOrNull<Column, Value>
where
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
    dsl::Eq<Column, Value>: AppearsOnTable<Source>,
    dsl::IsNull<Column>: AppearsOnTable<Source>,
{
}

impl<Column, Value, DB> QueryFragment<DB> for EqOrNull<Column, Value>
where
    DB: Backend,
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
    dsl::Eq<Column, Value>: QueryFragment<DB>,
    dsl::IsNull<Column>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match self {
            Self::Eq(equal) => equal.walk_ast(pass),
            Self::Null(null) => null.walk_ast(pass),
        }
    }
}

/// Two SQL texts: no query id stands for both.
impl<Column, Value> QueryId for EqOrNull<Column, Value>
where
    Column: Expression<SqlType: SqlType> + ExpressionMethods,
    Value: AsExpression<Column::SqlType>,
{
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// A condition that may be left out: then it is true.
#[derive(Clone, Debug)]
pub struct IfAny<Condition>(pub(crate) Option<Condition>);

impl<Condition: Expression> Expression for IfAny<Condition> {
    type SqlType = Condition::SqlType;
}

impl<Condition: NonAggregate> ValidGrouping<()> for IfAny<Condition> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}

impl<Condition: AppearsOnTable<Source>, Source> AppearsOnTable<Source> for IfAny<Condition> {}

impl<Condition, DB> QueryFragment<DB> for IfAny<Condition>
where
    DB: Backend,
    Condition: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match &self.0 {
            Some(condition) => condition.walk_ast(pass),
            None => {
                pass.push_sql("1=1");
                Ok(())
            }
        }
    }
}

/// Two SQL texts: no query id stands for both.
impl<Condition> QueryId for IfAny<Condition> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// `(a OR b OR ..)`; for nothing at all, a condition that is never true.
#[derive(Clone, Debug)]
pub struct AnyOf<Condition>(Vec<Condition>);

impl<Condition> AnyOf<Condition> {
    /// True where one of `conditions` is.
    pub fn new(conditions: impl IntoIterator<Item = Condition>) -> Self {
        Self(conditions.into_iter().collect())
    }
}

impl<Condition: Expression> Expression for AnyOf<Condition> {
    type SqlType = Condition::SqlType;
}

impl<Condition: NonAggregate> ValidGrouping<()> for AnyOf<Condition> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}

impl<Condition: AppearsOnTable<Source>, Source> AppearsOnTable<Source> for AnyOf<Condition> {}

impl<Condition, DB> QueryFragment<DB> for AnyOf<Condition>
where
    DB: Backend,
    Condition: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("(");
        for (position, condition) in self.0.iter().enumerate() {
            if position > 0 {
                pass.push_sql(" OR ");
            }
            condition.walk_ast(pass.reborrow())?;
        }
        if self.0.is_empty() {
            pass.push_sql("1=0");
        }
        pass.push_sql(")");
        Ok(())
    }
}

/// Another SQL text for each number of conditions: no query id stands for all.
impl<Condition> QueryId for AnyOf<Condition> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
