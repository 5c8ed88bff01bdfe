//! Holds what is known of a struct once its attributes are read.

use core::ops::Deref;
use std::rc::Rc;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{Ident, Path, Type, Visibility};

use crate::diagnostics::Diagnostics;
use crate::names::{camel_case, snake_case};
use crate::parse::base_query::BaseQuery;
use crate::parse::diesel::FieldAttrs;
use crate::parse::field;
use crate::parse::options::Options;
use crate::parse::order_by::OrderBy;
use crate::parse::view::View;
use crate::tokens::{compact, located_at};

/// A struct whose rows can be cached.
pub(crate) struct Model<'a> {
    /// The query that rows are read by, if it is not the table.
    pub(crate) base_query: Option<BaseQuery>,
    /// The columns that are said to be compared byte by byte.
    pub(crate) exact: Vec<Field<'a>>,
    /// The field that tells when a row ends.
    pub(crate) expires_at: Option<Field<'a>>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) ident: &'a Ident,
    pub(crate) key: Key<'a>,
    pub(crate) krate: Path,
    pub(crate) lookups: Vec<Lookup<'a>>,
    /// What counts as it was typed.
    pub(crate) options: Options,
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

impl Model<'_> {
    /// The path of what only generated code may name.
    pub(crate) fn private(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::__private)
    }

    /// The same path, for code that is reported at `span`: rustc underlines a path from its first token on.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        located_at(span, self.private())
    }

    /// The type that stands for the order of lists in generated code.
    pub(crate) fn order(&self) -> Ident {
        format_ident!("__Cached{}Order", self.ident, span = Span::call_site())
    }

    /// The columns that lists are ordered by.
    pub(crate) fn order_by(&self) -> &[OrderBy] {
        self.options.order_by.as_deref().unwrap_or_default()
    }

    /// The field of a view that holds the row: named as the model, in lower case.
    pub(crate) fn root_field(&self) -> Ident {
        snake_case(self.ident)
    }
}

impl<'a> Field<'a> {
    pub(crate) fn read(typed: &'a syn::Field, diagnostics: &mut Diagnostics) -> Self {
        let attrs = FieldAttrs::read(&typed.attrs, diagnostics);
        let ident = typed.ident.as_ref().expect("only named fields reach this point");
        Self {
            column: attrs.column.unwrap_or_else(|| ident.clone()),
            ident,
            inner: Vec::new(),
            is_embedded: attrs.is_embedded,
            projection: attrs.projection,
            ty: FieldType::Written(&typed.ty),
            with: field::read(&typed.attrs, diagnostics).map(Rc::new),
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
