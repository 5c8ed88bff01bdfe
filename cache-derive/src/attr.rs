//! Reads the options of `#[cached(..)]`, one at a time.

use proc_macro2::{Delimiter, Group};
use syn::ext::IdentExt as _;
use syn::parse::{End, ParseStream};
use syn::{Attribute, Error, Ident, LitInt, LitStr, Path, Result, Token, Type};

use crate::base_query::{self, Function};
use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::key_path::{self, KeyPaths};
use crate::look_up::{self, LookupList};
use crate::order_by::{self, OrderBy};
use crate::recover;
use crate::timeout::{self, Jitter, Timeout};
use crate::view::{self, View};

/// One option, as it was typed.
pub(crate) struct Attr {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What an option says; a list is empty if it holds a mistake that is already recorded.
pub(crate) enum Value {
    AfterDelete(Path),
    AfterSave(Path),
    BaseQuery(Option<Function>),
    Cache(LitStr),
    CascadedBy(Vec<Path>),
    Crate(Path),
    DependsOn(Vec<Path>),
    DetailTimeout(Timeout),
    Error(Type),
    Exact(Vec<Ident>),
    ExpiresAt(Ident),
    Fixed(Vec<Ident>),
    Jitter(Jitter),
    Key(LitStr),
    KeyVersion(u32),
    ListTimeout(Timeout),
    MaxRows(usize),
    MemoryOnly,
    NegativeTimeout(Timeout),
    OrderBy(Vec<OrderBy>),
    PrimaryKey(KeyPaths),
    Relevance(Timeout),
    Scope(LookupList),
    Unique(LookupList),
    View(Box<View>),
}

struct Spec {
    name: &'static str,
    usage: &'static str,
    read: fn(ParseStream<'_>, &mut Diagnostics) -> Result<Value>,
}

/// Every option in alphabetical order: what is parsed and what messages list.
const OPTIONS: [Spec; 27] = [
    Spec {
        name: "after_delete",
        usage: "after_delete = path",
        read: |input, _| function(after_equals(input)?).map(Value::AfterDelete),
    },
    Spec {
        name: "after_save",
        usage: "after_save = path",
        read: |input, _| function(after_equals(input)?).map(Value::AfterSave),
    },
    Spec {
        name: "base_query",
        usage: "base_query[ = path]",
        read: |input, _| base_query::read(input).map(Value::BaseQuery),
    },
    Spec { name: "cache", usage: "cache = \"sessions\"", read: |input, _| cache(input).map(Value::Cache) },
    Spec {
        name: "cascaded_by",
        usage: "cascaded_by(Model, table, ..)",
        read: |input, diagnostics| recover::list(input, diagnostics, path).map(Value::CascadedBy),
    },
    Spec { name: "crate", usage: "crate = path", read: |input, _| path(after_equals(input)?).map(Value::Crate) },
    Spec {
        name: "depends_on",
        usage: "depends_on(Model, table, ..)",
        read: |input, diagnostics| recover::list(input, diagnostics, path).map(Value::DependsOn),
    },
    Spec {
        name: "detail_relevance_timeout",
        usage: "detail_relevance_timeout = \"10 seconds\"",
        read: |input, _| timeout(input).map(Value::Relevance),
    },
    Spec {
        name: "detail_timeout",
        usage: "detail_timeout = \"1 minute\"",
        read: |input, _| timeout(input).map(Value::DetailTimeout),
    },
    Spec { name: "error", usage: "error = Type", read: |input, _| after_equals(input)?.parse().map(Value::Error) },
    Spec {
        name: "exact",
        usage: "exact(column, ..)",
        read: |input, diagnostics| recover::list(input, diagnostics, column).map(Value::Exact),
    },
    Spec {
        name: "expires_at",
        usage: "expires_at = column",
        read: |input, _| column(after_equals(input)?).map(Value::ExpiresAt),
    },
    Spec {
        name: "fixed",
        usage: "fixed(column, ..)",
        read: |input, diagnostics| recover::list(input, diagnostics, column).map(Value::Fixed),
    },
    Spec {
        name: "jitter",
        usage: "jitter = \"10%\"",
        read: |input, _| timeout::read_jitter(after_equals(input)?).map(Value::Jitter),
    },
    Spec { name: "key", usage: "key = \"name\"", read: |input, _| key(input).map(Value::Key) },
    Spec { name: "key_version", usage: "key_version = 2", read: |input, _| key_version(input).map(Value::KeyVersion) },
    Spec {
        name: "list_relevance_timeout",
        usage: "list_relevance_timeout = \"1 minute\"",
        read: |input, _| timeout(input).map(Value::Relevance),
    },
    Spec {
        name: "list_timeout",
        usage: "list_timeout = \"1 day\"",
        read: |input, _| timeout(input).map(Value::ListTimeout),
    },
    Spec { name: "max_rows", usage: "max_rows = 1000", read: |input, _| max_rows(input).map(Value::MaxRows) },
    Spec { name: "memory_only", usage: "memory_only", read: |_, _| Ok(Value::MemoryOnly) },
    Spec {
        name: "negative_timeout",
        usage: "negative_timeout = \"10 seconds\"",
        read: |input, _| negative_timeout(input).map(Value::NegativeTimeout),
    },
    Spec {
        name: "order_by",
        usage: "order_by = (column.asc(), ..)",
        read: |input, diagnostics| order_by::read(after_equals(input)?, diagnostics).map(Value::OrderBy),
    },
    Spec {
        name: "primary_key",
        usage: "primary_key = identity.id",
        read: |input, _| key_path::read(after_equals(input)?).map(Value::PrimaryKey),
    },
    Spec {
        name: "relevance_timeout",
        usage: "relevance_timeout = \"10 seconds\"",
        read: |input, _| timeout(input).map(Value::Relevance),
    },
    Spec {
        name: "scope",
        usage: "scope(column, ..)",
        read: |input, diagnostics| look_up::read(input, diagnostics, "scope").map(Value::Scope),
    },
    Spec {
        name: "unique",
        usage: "unique(column, ..)",
        read: |input, diagnostics| look_up::read(input, diagnostics, "unique").map(Value::Unique),
    },
    Spec {
        name: "view",
        usage: "view(Name, select_related(..), prefetch_related(..), ..)",
        read: |input, diagnostics| view::read(input, diagnostics).map(Box::new).map(Value::View),
    },
];

/// Reads every `#[cached(..)]` of the struct.
pub(crate) fn read(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Vec<Attr> {
    let mut attrs = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cached")) {
        let result = attribute.parse_args_with(|input: ParseStream<'_>| {
            attrs.extend(recover::separated(input, diagnostics, option));
            Ok(())
        });
        diagnostics.take(result);
    }
    attrs
}

fn option(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Attr> {
    let name = input
        .call(Ident::parse_any)
        .map_err(|error| Error::new(error.span(), format!("expected one of: {}", names())))?;
    let text = name.to_string();
    let Some(spec) = OPTIONS.iter().find(|spec| spec.name == text) else {
        let hint = did_you_mean(&text, OPTIONS.iter().map(|spec| spec.name));
        let message = format!("unknown option `{text}`, expected one of: {}{hint}", names());
        return Err(Error::new(name.span(), message));
    };
    if !has_value(spec, input) {
        return Err(Error::new(name.span(), format!("expected `{}`", spec.usage)));
    }
    (spec.read)(input, diagnostics).map(|value| Attr { name, value })
}

fn has_value(spec: &Spec, input: ParseStream<'_>) -> bool {
    if spec.usage.ends_with(')') && !spec.usage.contains('=') {
        let list: Result<Group> = input.fork().parse();
        return list.is_ok_and(|list| list.delimiter() == Delimiter::Parenthesis && !list.stream().is_empty());
    }
    let is_over = input.is_empty() || input.peek(Token![,]);
    if spec.usage == spec.name {
        return is_over;
    }
    if spec.usage.contains('[') && is_over {
        return true;
    }
    input.peek(Token![=]) && !input.peek2(Token![,]) && !input.peek2(End)
}

/// Whether the struct has an option of this name.
pub(crate) fn is_option(name: &Ident) -> bool {
    OPTIONS.iter().any(|spec| name == spec.name)
}

fn names() -> String {
    OPTIONS.map(|spec| spec.name).join(", ")
}

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
    let key: LitStr = after_equals(input)?.parse()?;
    if key.value().trim().is_empty() {
        let message = "`key` cannot be empty, leave it out to use the table's name";
        return Err(Error::new(key.span(), message));
    }
    Ok(key)
}

fn cache(input: ParseStream<'_>) -> Result<LitStr> {
    let cache: LitStr = after_equals(input)?.parse()?;
    if cache.value().trim().is_empty() {
        let message = "`cache` cannot be empty, leave it out to use the default cache";
        return Err(Error::new(cache.span(), message));
    }
    Ok(cache)
}

fn max_rows(input: ParseStream<'_>) -> Result<usize> {
    let expected = "expected a number of rows, such as `max_rows = 1000`";
    let rows: LitInt = after_equals(input)?.parse().map_err(|error: Error| Error::new(error.span(), expected))?;
    match rows.base10_parse() {
        Ok(0) => {
            Err(Error::new(rows.span(), "`max_rows` cannot be zero, the shortest list that is stored has one row"))
        }
        parsed => parsed.map_err(|_| Error::new(rows.span(), expected)),
    }
}

fn key_version(input: ParseStream<'_>) -> Result<u32> {
    let expected = || format!("expected a whole number up to {}, such as `key_version = 2`", u32::MAX);
    let version: LitInt = after_equals(input)?.parse().map_err(|error: Error| Error::new(error.span(), expected()))?;
    version.base10_parse().map_err(|_| Error::new(version.span(), expected()))
}

pub(crate) fn timeout(input: ParseStream<'_>) -> Result<Timeout> {
    timeout::read(after_equals(input)?).map(|literal| literal.timeout)
}

pub(crate) fn negative_timeout(input: ParseStream<'_>) -> Result<Timeout> {
    let literal = timeout::read(after_equals(input)?)?;
    if literal.timeout == Timeout::Never {
        let message = "`negative_timeout` cannot be \"never\": a row that is inserted unseen would stay absent, \
                       write an end such as \"10 seconds\"";
        return Err(Error::new(literal.span, message));
    }
    Ok(literal.timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_in_alphabetical_order() {
        assert!(OPTIONS.is_sorted_by_key(|spec| spec.name));
    }

    #[test]
    fn usages_name_their_option() {
        for spec in &OPTIONS {
            assert!(spec.usage.starts_with(spec.name), "{}", spec.name);
        }
    }
}
