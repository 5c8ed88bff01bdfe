//! Reads by which query the rows of a model are read.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Error, Ident, Path, Result, Token, Type};

/// A query of the model's own.
pub(crate) enum BaseQuery {
    /// What Diesel's `HasQuery` says; the place that says so.
    Diesel(Span),
    /// What a function gives.
    Function(Box<Function>),
}

/// A function that gives a query.
pub(crate) struct Function {
    pub(crate) path: Path,
    /// The type of the query; `None`: it has the function's name, as `auto_type` does it.
    pub(crate) ty: Option<Type>,
}

/// Reads `= path` or `= path: Type`, or nothing behind the option's name.
pub(crate) fn read(name: &Ident, input: ParseStream<'_>) -> Result<BaseQuery> {
    if !input.peek(Token![=]) {
        return Ok(BaseQuery::Diesel(name.span()));
    }
    input.parse::<Token![=]>()?;
    let path = Path::parse_mod_style(input).map_err(|error| {
        let message = "expected the path of a function without quotes and parentheses, such as `base_query = visible`; \
                       a query belongs in `#[diesel(base_query = ..)]` with `#[derive(HasQuery)]`";
        Error::new(error.span(), message)
    })?;
    let ty = if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
        Some(input.parse()?)
    } else {
        None
    };
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(BaseQuery::Function(Box::new(Function { path, ty })));
    }
    let message = "expected the path of a function, or its type behind it, as in `base_query = visible: Visible`; a query \
                   belongs in `#[diesel(base_query = ..)]` with `#[derive(HasQuery)]`";
    Err(input.error(message))
}
