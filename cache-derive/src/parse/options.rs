//! Reads the options of all `#[cached(..)]` of a struct.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, LitStr, Path, Result, Type};

use crate::diagnostics::Diagnostics;
use crate::parse::base_query::{self, BaseQuery};
use crate::parse::key_path::{self, KeyPaths};
use crate::parse::lookup::{self, LookupAttr};
use crate::parse::option::{Argument, Table, option};
use crate::parse::order_by::{self, OrderBy};
use crate::parse::recover;
use crate::parse::timeouts::Timeouts;
use crate::parse::value;
use crate::parse::view::{self, View};

/// Everything that `#[cached(..)]` says; a list is empty if it holds a mistake that is already recorded.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) after_delete: Vec<Path>,
    pub(crate) after_save: Vec<Path>,
    pub(crate) base_query: Option<BaseQuery>,
    pub(crate) cache: Option<LitStr>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) error: Option<Type>,
    pub(crate) exact: Vec<Ident>,
    pub(crate) expires_at: Option<Ident>,
    pub(crate) fixed: Vec<Ident>,
    pub(crate) key: Option<LitStr>,
    pub(crate) key_version: Option<u32>,
    pub(crate) krate: Option<Path>,
    pub(crate) lookups: Vec<LookupAttr>,
    pub(crate) max_rows: Option<usize>,
    pub(crate) memory_only: Option<Ident>,
    pub(crate) on_stale: Option<Ident>,
    pub(crate) order_by: Option<Vec<OrderBy>>,
    pub(crate) primary_key: Option<KeyPaths>,
    pub(crate) timeouts: Timeouts,
    pub(crate) views: Vec<View>,
    pub(crate) write_through: Option<Ident>,
}

/// A table whose changes reach this one.
pub(crate) struct Dependency {
    pub(crate) is_cascade: bool,
    pub(crate) path: Path,
}

const OPTIONS: Table<Options> = Table {
    owner: "",
    options: &[
        option("after_delete", "after_delete = path", |all, it| it.another(&mut all.after_delete, value::function)),
        option("after_save", "after_save = path", |all, it| it.another(&mut all.after_save, value::function)),
        option("base_query", "base_query[ = path]", |all, it| {
            let base = base_query::read(&it.name, it.input)?;
            it.set(&mut all.base_query, base)
        }),
        option("cache", "cache = \"sessions\"", |all, it| it.once(&mut all.cache, value::cache)),
        option("cascaded_by", "cascaded_by(Model, table, ..)", |all, it| {
            it.list(&mut all.dependencies, |input| Dependency::read(input, true))
        }),
        option("crate", "crate = path", |all, it| it.once(&mut all.krate, value::path)),
        option("depends_on", "depends_on(Model, table, ..)", |all, it| {
            it.list(&mut all.dependencies, |input| Dependency::read(input, false))
        }),
        option("detail_relevance_timeout", "detail_relevance_timeout = \"10 seconds\"", timeout),
        option("detail_timeout", "detail_timeout = \"1 minute\"", timeout),
        option("error", "error = Type", |all, it| it.once(&mut all.error, |input| input.parse())),
        option("exact", "exact(column, ..)", |all, it| it.list(&mut all.exact, value::column)),
        option("expires_at", "expires_at = column", |all, it| it.once(&mut all.expires_at, value::column)),
        option("fixed", "fixed(column, ..)", |all, it| it.list(&mut all.fixed, value::column)),
        option("jitter", "jitter = \"10%\"", timeout),
        option("key", "key = \"name\"", |all, it| it.once(&mut all.key, value::key)),
        option("key_version", "key_version = 2", |all, it| it.once(&mut all.key_version, value::key_version)),
        option("list_relevance_timeout", "list_relevance_timeout = \"1 minute\"", timeout),
        option("list_timeout", "list_timeout = \"1 day\"", timeout),
        option("max_rows", "max_rows = 1000", |all, it| it.once(&mut all.max_rows, value::max_rows)),
        option("memory_only", "memory_only", |all, it| it.set(&mut all.memory_only, it.name.clone())),
        option("negative_timeout", "negative_timeout = \"10 seconds\"", timeout),
        option("on_stale", "on_stale = \"bypass\"", |all, it| it.once(&mut all.on_stale, value::on_stale)),
        option("order_by", "order_by = (column.asc(), ..)", |all, it| {
            let order = order_by::read(value::after_equals(it.input)?, it.diagnostics)?;
            it.set(&mut all.order_by, order)
        }),
        option("primary_key", "primary_key = identity.id", |all, it| it.once(&mut all.primary_key, key_path::read)),
        option("relevance_timeout", "relevance_timeout = \"10 seconds\"", timeout),
        option("scope", "scope(column, ..)", |all, it| lookup::read(it).map(|scope| all.lookups.extend(scope))),
        option("unique", "unique(column, ..)", |all, it| lookup::read(it).map(|unique| all.lookups.extend(unique))),
        option("view", "view(Name, select_related(..), prefetch_related(..), ..)", |all, it| {
            view::read(it.input, it.diagnostics).map(|view| all.views.push(view))
        }),
        option("write_through", "write_through", |all, it| it.set(&mut all.write_through, it.name.clone())),
    ],
};

fn timeout(all: &mut Options, it: &mut Argument<'_, '_>) -> Result<()> {
    all.timeouts.read(it)
}

impl Dependency {
    fn read(input: ParseStream<'_>, is_cascade: bool) -> Result<Self> {
        value::path(input).map(|path| Self { is_cascade, path })
    }

    /// Whether a model is named and not a module of `table!`.
    pub(crate) fn is_model(&self) -> bool {
        let last = self.path.segments.last().map(|segment| segment.ident.unraw().to_string());
        last.is_some_and(|name| name.starts_with(char::is_uppercase))
    }
}

impl Options {
    pub(crate) fn read(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cached")) {
            let result = attribute.parse_args_with(|input: ParseStream<'_>| {
                recover::separated(input, diagnostics, |input, diagnostics| {
                    OPTIONS.read(&mut options, input, diagnostics)
                });
                Ok(())
            });
            diagnostics.take(result);
        }
        options
    }

    /// Whether the struct has an option of this name.
    pub(crate) fn has(name: &Ident) -> bool {
        OPTIONS.has(name)
    }
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use super::*;
    use crate::parse::timeout::{Length, Timeout};

    #[test]
    fn options_are_in_alphabetical_order_and_named_by_their_usage() {
        OPTIONS.assert_is_in_order();
    }

    #[test]
    fn attributes_add_up() {
        let input: DeriveInput = parse_quote! {
            #[cached(key = "product", unique(slug), error = shop::Error<A, B>)]
            #[cached(unique(a, r#type), scope(type), crate = crate::cached, list_timeout = "never")]
            #[cached(cascaded_by(Category, schema::shops), depends_on(crate::models::Tag,))]
            struct Product;
        };
        let mut diagnostics = Diagnostics::default();
        let options = Options::read(&input.attrs, &mut diagnostics);
        assert_eq!(diagnostics.messages(), Vec::<String>::new());
        let lookups: Vec<_> = options.lookups.iter().map(|lookup| (lookup.is_unique, lookup.columns.len())).collect();
        assert_eq!(lookups, [(true, 1), (true, 2), (false, 1)]);
        let dependencies: Vec<_> =
            options.dependencies.iter().map(|dependency| (dependency.is_cascade, dependency.is_model())).collect();
        assert_eq!(dependencies, [(true, true), (true, false), (false, true)]);
        assert!(matches!(options.timeouts.list, Some(Length::Said(Timeout::Never))));
        assert_eq!(options.key.expect("a key is given").value(), "product");
        assert!(options.error.is_some() && options.krate.is_some());
    }
}
