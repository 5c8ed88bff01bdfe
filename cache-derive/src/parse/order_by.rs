//! Reads an order: columns, each with `.asc()` or `.desc()` behind it.

use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Path, Result, token};

use crate::diagnostics::Diagnostics;
use crate::parse::recover;

/// One column of an order.
pub(crate) struct OrderBy {
    pub(crate) column: Path,
    /// `asc` or `desc`, if written.
    pub(crate) direction: Option<Ident>,
}

/// Reads `column.desc()`, or several in parentheses.
pub(crate) fn read(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Vec<OrderBy>> {
    if !input.peek(token::Paren) {
        return Ok(vec![column(input)?]);
    }
    let span = input.span();
    let count = diagnostics.count();
    let order = recover::list(input, diagnostics, column)?;
    if order.is_empty() && diagnostics.count() == count {
        return Err(Error::new(span, "`order_by` needs at least one column, as in `order_by = (title.asc(), id)`"));
    }
    Ok(order)
}

/// Reads `column`, `column.asc()` or `column.desc()`.
pub(crate) fn column(input: ParseStream<'_>) -> Result<OrderBy> {
    let expression: Expr = input.parse()?;
    let error = Error::new_spanned(&expression, "expected a column, as in `tags::name` or `tags::name.desc()`");
    match expression {
        Expr::Path(column) if column.qself.is_none() => Ok(OrderBy { column: column.path, direction: None }),
        Expr::MethodCall(call) if call.args.is_empty() && (call.method == "asc" || call.method == "desc") => {
            let Expr::Path(column) = *call.receiver else { return Err(error) };
            Ok(OrderBy { column: column.path, direction: Some(call.method) })
        }
        _ => Err(error),
    }
}
