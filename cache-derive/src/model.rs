//! What is known of a struct once its attributes are read.

use core::ops::Deref;
use std::collections::BTreeSet;
use std::rc::Rc;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{DeriveInput, Ident, LitStr, Path, Type, Visibility, parse_quote, parse_str};

use crate::base_query::BaseQuery;
use crate::columns::Columns;
use crate::diagnostics::Diagnostics;
use crate::diesel_attr::{FieldAttrs, StructAttrs, compact};
use crate::field_attr;
use crate::options::{Dependency, Options};
use crate::order_by::OrderBy;
use crate::relevance::Relevance;
use crate::timeout::{Jitter, Timeout};
use crate::validate;
use crate::view::{self, View};

/// A struct whose rows can be cached.
pub(crate) struct Model<'a> {
    pub(crate) after_delete: Option<Path>,
    pub(crate) after_save: Option<Path>,
    /// The query that rows are read by, if it is not the table.
    pub(crate) base_query: Option<BaseQuery>,
    /// The name of the cache, if it is not the default one.
    pub(crate) cache: Option<LitStr>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) detail_timeout: Option<Timeout>,
    pub(crate) error: Option<Type>,
    /// The columns that are said to be compared byte by byte.
    pub(crate) exact: Vec<Field<'a>>,
    /// The field that tells when a row ends.
    pub(crate) expires_at: Option<Field<'a>>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) ident: &'a Ident,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) key: Key<'a>,
    pub(crate) key_version: Option<u32>,
    pub(crate) krate: Path,
    /// Whether nothing of it leaves the process.
    pub(crate) is_memory_only: bool,
    pub(crate) list_timeout: Option<Timeout>,
    pub(crate) lookups: Vec<Lookup<'a>>,
    pub(crate) max_rows: Option<usize>,
    pub(crate) name: Option<LitStr>,
    pub(crate) negative_timeout: Option<Timeout>,
    pub(crate) relevance: Relevance,
    pub(crate) order_by: Vec<OrderBy>,
    pub(crate) table: Path,
    pub(crate) views: Vec<View>,
    pub(crate) vis: &'a Visibility,
}

/// The primary key's fields in its order.
pub(crate) struct Key<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    /// Whether Diesel was not told: its derives take other columns for the key.
    pub(crate) is_own: bool,
    /// What the user typed: the attribute's list, or else the field.
    pub(crate) span: Span,
}

/// A look-up by unique columns, or the scope of shared ones.
pub(crate) struct Lookup<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    /// Whether a column of it is said to be compared byte by byte.
    pub(crate) is_exact: bool,
    /// Whether a row keeps its value for life.
    pub(crate) is_fixed: bool,
    pub(crate) is_unique: bool,
    pub(crate) name: Ident,
    /// The function that gives the value its normal form.
    pub(crate) with: Option<Path>,
}

/// A field and its column.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    /// The column's Rust name, spanned where the user named it.
    pub(crate) column: Ident,
    pub(crate) ident: &'a Ident,
    /// Where in an embedded field the column's value is.
    pub(crate) inner: Vec<Ident>,
    pub(crate) is_embedded: bool,
    /// The options that change what is selected or how it is decoded.
    pub(crate) projection: String,
    pub(crate) ty: FieldType<'a>,
    /// The module that says how the field is stored, instead of its type.
    pub(crate) with: Option<Rc<Path>>,
}

/// The type of a column's value.
#[derive(Clone)]
pub(crate) enum FieldType<'a> {
    /// Of a field in an embedded struct, which is not seen from here.
    Told(Rc<Type>),
    /// As the field has it.
    Written(&'a Type),
}

impl Deref for FieldType<'_> {
    type Target = Type;

    fn deref(&self) -> &Type {
        match self {
            Self::Told(ty) => ty,
            Self::Written(ty) => ty,
        }
    }
}

impl ToTokens for FieldType<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        (**self).to_tokens(tokens);
    }
}

impl<'a> Model<'a> {
    /// Reads everything; `None` if what is left would not be a model.
    pub(crate) fn read(input: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Option<Self> {
        let options = Options::read(&input.attrs, diagnostics);
        let attrs = StructAttrs::read(&input.attrs, diagnostics);
        let fields = validate::named_fields(input, diagnostics)?;
        let fields: Vec<_> = fields.iter().map(|field| Field::read(field, diagnostics)).collect();
        validate::timeouts(&options, diagnostics);
        validate::storage(options.memory_only.as_ref(), &fields, diagnostics);
        let krate = options.krate.unwrap_or_else(|| parse_quote!(::cache_diesel));
        let table = attrs.table.unwrap_or_else(|| inferred_table(&input.ident));
        let columns = Columns { fields, krate, model: &input.ident, table };
        let key = match &options.primary_key {
            Some(typed) => columns.own_key(typed, diagnostics),
            None => columns.key(attrs.primary_key.as_ref(), diagnostics),
        };
        let fixed = columns.listed("fixed", &options.fixed, diagnostics);
        let exact = columns.listed("exact", &options.exact, diagnostics);
        let expires_at = options.expires_at.and_then(|column| columns.expires_at(&column, diagnostics));
        let lookups = columns.lookups(options.lookups, diagnostics);
        let key = key?;
        let fixed = validate::fixed(&key, fixed, diagnostics);
        let lookups = validate::lookups(&key, lookups, diagnostics);
        let exact = validate::exact(&key, &lookups, exact, diagnostics);
        Some(Self {
            after_delete: options.after_delete,
            after_save: options.after_save,
            base_query: options.base_query.or(attrs.base_query.map(BaseQuery::Diesel)),
            cache: options.cache,
            dependencies: options.dependencies,
            detail_timeout: options.detail_timeout,
            error: options.error,
            expires_at,
            fields: columns.fields,
            ident: &input.ident,
            is_memory_only: options.memory_only.is_some(),
            jitter: options.jitter,
            list_timeout: options.list_timeout,
            lookups: mark(lookups, &fixed, &exact),
            exact,
            key,
            key_version: options.key_version,
            krate: columns.krate,
            max_rows: options.max_rows,
            name: options.key,
            negative_timeout: options.negative_timeout,
            relevance: options.relevance,
            order_by: options.order_by.unwrap_or_default(),
            table: columns.table,
            views: view::views(&input.ident, &snake_case(&input.ident), options.views, diagnostics),
            vis: &input.vis,
        })
    }

    /// The path of what only generated code may name.
    pub(crate) fn private(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::__private)
    }

    /// The same path, for code that is reported at `span`: rustc underlines a path from its first token on.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        let located = |mut token: TokenTree| {
            token.set_span(token.span().located_at(span));
            token
        };
        self.private().into_iter().map(located).collect()
    }

    /// The type that stands for the order of lists in generated code.
    pub(crate) fn order(&self) -> Ident {
        format_ident!("__Cached{}Order", self.ident, span = Span::call_site())
    }

    pub(crate) fn manager(&self) -> Ident {
        format_ident!("{}Manager", self.ident, span = Span::call_site())
    }
}

impl<'a> Field<'a> {
    fn read(field: &'a syn::Field, diagnostics: &mut Diagnostics) -> Self {
        let attrs = FieldAttrs::read(&field.attrs, diagnostics);
        let ident = field.ident.as_ref().expect("only named fields reach this point");
        Self {
            column: attrs.column.unwrap_or_else(|| ident.clone()),
            ident,
            inner: Vec::new(),
            is_embedded: attrs.is_embedded,
            projection: attrs.projection,
            ty: FieldType::Written(&field.ty),
            with: field_attr::read(&field.attrs, diagnostics).map(Rc::new),
        }
    }

    /// The column's name as people write it.
    pub(crate) fn column_name(&self) -> String {
        self.column.unraw().to_string()
    }

    pub(crate) fn is_named(&self, name: &Ident) -> bool {
        self.ident.unraw() == name.unraw()
    }

    /// The column's value in `owner`.
    pub(crate) fn place(&self, owner: &TokenStream) -> TokenStream {
        let (ident, inner) = (self.ident, &self.inner);
        quote!(#owner.#ident #(.#inner)*)
    }

    /// The field's name, column and type as written: other shapes have other entries.
    pub(crate) fn shape(&self) -> String {
        let ty = compact(&self.ty.to_token_stream());
        let with = self.with.as_ref().map(|with| format!(";with={}", compact(&with.to_token_stream())));
        format!("{}={}:{ty}{}{}", self.ident.unraw(), self.column_name(), self.projection, with.unwrap_or_default())
    }
}

impl Lookup<'_> {
    /// The columns as a list.
    pub(crate) fn column_list(&self) -> String {
        self.column_names().join(", ")
    }

    /// The method that looks up.
    pub(crate) fn method(&self) -> Ident {
        let verb = if self.is_unique { "get_by" } else { "all_by" };
        format_ident!("{verb}_{}", self.column_names().join("_and_"), span = Span::call_site())
    }

    /// The type that stands for this look-up in generated code.
    pub(crate) fn marker(&self, model: &Ident) -> Ident {
        let columns: Vec<String> = self.column_names().iter().map(|name| camel_case(name)).collect();
        let verb = if self.is_unique { "By" } else { "AllBy" };
        format_ident!("__Cached{model}{verb}{}", columns.join("And"), span = Span::call_site())
    }

    pub(crate) fn column_names(&self) -> Vec<String> {
        self.fields.iter().map(Field::column_name).collect()
    }
}

/// Notes which look-ups have only columns that a row keeps for life, and which have some that are said to be compared byte
/// by byte.
fn mark<'a>(lookups: Vec<Lookup<'a>>, fixed: &BTreeSet<String>, exact: &[Field<'_>]) -> Vec<Lookup<'a>> {
    let mark = |mut lookup: Lookup<'a>| {
        let columns = lookup.column_names();
        lookup.is_fixed = columns.iter().all(|column| fixed.contains(column));
        lookup.is_exact = exact.iter().any(|field| columns.contains(&field.column_name()));
        lookup
    };
    lookups.into_iter().map(mark).collect()
}

/// Names the table as Diesel does without a `table_name`.
fn inferred_table(model: &Ident) -> Path {
    let name = format!("{}s", underscored(model));
    Ident::new(&name, Span::call_site().located_at(model.span())).into()
}

/// The model's name as that of a field.
pub(crate) fn snake_case(model: &Ident) -> Ident {
    let name = underscored(model);
    parse_str(&name).unwrap_or_else(|_| format_ident!("r#{name}", span = Span::call_site()))
}

fn underscored(model: &Ident) -> String {
    let mut name = String::new();
    for (index, letter) in model.unraw().to_string().chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

pub(crate) fn camel_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('_').map(capitalized).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_inferred_as_diesel_does() {
        let table = [("Product", "products"), ("FooBar", "foo_bars"), ("HTTPLog", "h_t_t_p_logs")];
        for (model, expected) in table {
            let path = inferred_table(&Ident::new(model, Span::call_site()));
            assert!(path.is_ident(expected), "{model}");
        }
    }

    #[test]
    fn names_become_camel_case() {
        let table = [("slug", "Slug"), ("category_id", "CategoryId"), ("_a1_b", "A1B")];
        for (name, expected) in table {
            assert_eq!(camel_case(name), expected);
        }
    }
}
