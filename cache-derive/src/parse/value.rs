//! Reads the values that several options have: paths, columns, names, numbers.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Ident, LitInt, LitStr, Path, Result, Token};

pub(crate) fn after_equals<'a>(input: ParseStream<'a>) -> Result<ParseStream<'a>> {
    input.parse::<Token![=]>().map(|_| input)
}

pub(crate) fn path(input: ParseStream<'_>) -> Result<Path> {
    Path::parse_mod_style(input)
        .map_err(|error| Error::new(error.span(), "expected a path without quotes, such as `schema::products`"))
}

/// The path of a function.
pub(crate) fn function(input: ParseStream<'_>) -> Result<Path> {
    Path::parse_mod_style(input).map_err(|error| {
        Error::new(error.span(), "expected the path of a function without quotes, such as `crate::hooks::saved`")
    })
}

pub(crate) fn column(input: ParseStream<'_>) -> Result<Ident> {
    let path = Path::parse_mod_style(&input.fork()).ok().filter(|path| path.segments.len() > 1);
    let name = Ident::parse_any(input)
        .map_err(|error| Error::new(error.span(), "expected a column name without quotes, such as `slug`"))?;
    match path.as_ref().and_then(|path| path.segments.last()) {
        Some(column) => {
            let message = format!("expected the column without its table: `{}`", column.ident);
            Err(Error::new_spanned(&path, message))
        }
        None => Ok(name),
    }
}

pub(crate) fn key(input: ParseStream<'_>) -> Result<LitStr> {
    not_empty(input, "`key` cannot be empty, leave it out to use the table's name")
}

pub(crate) fn cache(input: ParseStream<'_>) -> Result<LitStr> {
    not_empty(input, "`cache` cannot be empty, leave it out to use the default cache")
}

pub(crate) fn label(input: ParseStream<'_>) -> Result<LitStr> {
    not_empty(input, "`label` cannot be empty, leave it out to use the function's name")
}

fn not_empty(input: ParseStream<'_>, message: &str) -> Result<LitStr> {
    let text: LitStr = input.parse()?;
    if text.value().trim().is_empty() { Err(Error::new(text.span(), message)) } else { Ok(text) }
}

pub(crate) fn max_rows(input: ParseStream<'_>) -> Result<usize> {
    let expected = "expected a number of rows, such as `max_rows = 1000`";
    let rows: LitInt = input.parse().map_err(|error: Error| Error::new(error.span(), expected))?;
    match rows.base10_parse() {
        Ok(0) => {
            Err(Error::new(rows.span(), "`max_rows` cannot be zero, the shortest list that is stored has one row"))
        }
        parsed => parsed.map_err(|_| Error::new(rows.span(), expected)),
    }
}

/// The variant of `OnStale` that is meant.
pub(crate) fn on_stale(input: ParseStream<'_>) -> Result<Ident> {
    let expected = "expected \"bypass\" or \"report\"";
    let said: LitStr = input.parse().map_err(|error: Error| Error::new(error.span(), expected))?;
    match &*said.value() {
        "bypass" => Ok(Ident::new("Bypass", said.span())),
        "report" => Ok(Ident::new("Report", said.span())),
        _ => Err(Error::new(said.span(), expected)),
    }
}

pub(crate) fn key_version(input: ParseStream<'_>) -> Result<u32> {
    let expected = || format!("expected a whole number up to {}, such as `key_version = 2`", u32::MAX);
    let version: LitInt = input.parse().map_err(|error: Error| Error::new(error.span(), expected()))?;
    version.base10_parse().map_err(|_| Error::new(version.span(), expected()))
}
