//! Adds up the options of all `#[cached(..)]` attributes.

use syn::ext::IdentExt as _;
use syn::{Attribute, Ident, LitStr, Path, Type};

use crate::attr::{self, Attr, Value};
use crate::base_query::BaseQuery;
use crate::diagnostics::Diagnostics;
use crate::key_path::KeyPaths;
use crate::look_up::{LookupList, With};
use crate::order_by::OrderBy;
use crate::relevance::Relevance;
use crate::timeout::{Jitter, Timeout};
use crate::view::View;

/// Everything that `#[cached(..)]` says.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) after_delete: Option<Path>,
    pub(crate) after_save: Option<Path>,
    pub(crate) base_query: Option<BaseQuery>,
    pub(crate) cache: Option<LitStr>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) detail_timeout: Option<Timeout>,
    pub(crate) error: Option<Type>,
    pub(crate) exact: Vec<Ident>,
    pub(crate) expires_at: Option<Ident>,
    pub(crate) fixed: Vec<Ident>,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) key: Option<LitStr>,
    pub(crate) key_version: Option<u32>,
    pub(crate) krate: Option<Path>,
    pub(crate) list_timeout: Option<Timeout>,
    pub(crate) lookups: Vec<LookupAttr>,
    pub(crate) max_rows: Option<usize>,
    pub(crate) memory_only: Option<Ident>,
    pub(crate) negative_timeout: Option<Timeout>,
    /// Where limits were typed, by the name of the option.
    pub(crate) limits: Vec<Ident>,
    pub(crate) order_by: Option<Vec<OrderBy>>,
    pub(crate) primary_key: Option<KeyPaths>,
    pub(crate) relevance: Relevance,
    pub(crate) views: Vec<View>,
}

/// A table whose changes reach this one.
pub(crate) struct Dependency {
    pub(crate) is_cascade: bool,
    pub(crate) path: Path,
}

/// A `unique(..)` or `scope(..)` as it was typed.
pub(crate) struct LookupAttr {
    pub(crate) columns: Vec<Ident>,
    pub(crate) is_unique: bool,
    pub(crate) name: Ident,
    pub(crate) with: Option<With>,
}

impl Dependency {
    /// Whether a model is named and not a module of `table!`.
    pub(crate) fn is_model(&self) -> bool {
        let last = self.path.segments.last().map(|segment| segment.ident.unraw().to_string());
        last.is_some_and(|name| name.starts_with(char::is_uppercase))
    }
}

impl Options {
    pub(crate) fn read(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        for attr in attr::read(attributes, diagnostics) {
            options.add(attr, diagnostics);
        }
        options
    }

    fn add(&mut self, Attr { name, value }: Attr, diagnostics: &mut Diagnostics) {
        if let Value::Jitter(_) | Value::NegativeTimeout(_) | Value::Relevance(_) = value {
            self.limits.push(name.clone());
        }
        match value {
            Value::AfterDelete(path) => set(&mut self.after_delete, path, &name, diagnostics),
            Value::AfterSave(path) => set(&mut self.after_save, path, &name, diagnostics),
            Value::BaseQuery(function) => {
                let base = function
                    .map_or_else(|| BaseQuery::Diesel(name.span()), |function| BaseQuery::Function(Box::new(function)));
                set(&mut self.base_query, base, &name, diagnostics);
            }
            Value::Cache(cache) => set(&mut self.cache, cache, &name, diagnostics),
            Value::CascadedBy(paths) => self.depend(paths, true),
            Value::Crate(path) => set(&mut self.krate, path, &name, diagnostics),
            Value::DependsOn(paths) => self.depend(paths, false),
            Value::DetailTimeout(timeout) => set(&mut self.detail_timeout, timeout, &name, diagnostics),
            Value::Error(error) => set(&mut self.error, error, &name, diagnostics),
            Value::Exact(columns) => self.exact.extend(columns),
            Value::ExpiresAt(column) => set(&mut self.expires_at, column, &name, diagnostics),
            Value::Fixed(columns) => self.fixed.extend(columns),
            Value::Jitter(jitter) => set(&mut self.jitter, jitter, &name, diagnostics),
            Value::Key(key) => set(&mut self.key, key, &name, diagnostics),
            Value::KeyVersion(version) => set(&mut self.key_version, version, &name, diagnostics),
            Value::ListTimeout(timeout) => set(&mut self.list_timeout, timeout, &name, diagnostics),
            Value::MaxRows(rows) => set(&mut self.max_rows, rows, &name, diagnostics),
            Value::MemoryOnly => set(&mut self.memory_only, name.clone(), &name, diagnostics),
            Value::NegativeTimeout(timeout) => set(&mut self.negative_timeout, timeout, &name, diagnostics),
            Value::OrderBy(order) => set(&mut self.order_by, order, &name, diagnostics),
            Value::PrimaryKey(paths) => set(&mut self.primary_key, paths, &name, diagnostics),
            Value::Relevance(timeout) => self.relevance.set(&name, timeout, diagnostics),
            Value::Scope(list) => self.look_up(list, false, name),
            Value::Unique(list) => self.look_up(list, true, name),
            Value::View(view) => self.views.push(*view),
        }
    }

    fn look_up(&mut self, LookupList { columns, with }: LookupList, is_unique: bool, name: Ident) {
        if !columns.is_empty() {
            self.lookups.push(LookupAttr { columns, is_unique, name, with });
        }
    }

    fn depend(&mut self, paths: Vec<Path>, is_cascade: bool) {
        self.dependencies.extend(paths.into_iter().map(|path| Dependency { is_cascade, path }));
    }
}

/// Keeps the first value of an option, and records the others.
pub(crate) fn set<T>(slot: &mut Option<T>, value: T, name: &Ident, diagnostics: &mut Diagnostics) {
    if slot.is_some() {
        diagnostics.error(name.span(), format!("option `{name}` is given twice, keep one of them"));
    } else {
        *slot = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use super::*;

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
        assert_eq!(options.list_timeout, Some(Timeout::Never));
        assert_eq!(options.key.expect("a key is given").value(), "product");
        assert!(options.error.is_some() && options.krate.is_some());
    }
}
