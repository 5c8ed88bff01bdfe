//! Finds the fields behind the column names that the user typed.

use std::rc::Rc;

use proc_macro2::Span;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Error, Ident, Path, Result, Type, parse_quote};

use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::model::{Field, FieldType, Key, Lookup};
use crate::parse::diesel::PrimaryKey;
use crate::parse::key_path::{KeyPath, KeyPaths};
use crate::parse::lookup::LookupAttr;
use crate::tokens::located_at;

/// The fields of a model.
pub(crate) struct Columns<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) krate: Path,
    pub(crate) model: &'a Ident,
    pub(crate) table: Path,
}

impl<'a> Columns<'a> {
    /// Finds the primary key: the attribute's columns, or else `id`.
    pub(crate) fn key(&self, typed: Option<&PrimaryKey>, diagnostics: &mut Diagnostics) -> Option<Key<'a>> {
        let Some(typed) = typed else {
            return diagnostics.take(self.default_key());
        };
        if typed.columns.is_empty() {
            diagnostics.error(typed.span, "`primary_key` needs at least one column");
            return None;
        }
        let fields = typed.columns.iter().map(|name| diagnostics.take(self.key_field(name))).collect();
        all(fields).map(|fields| Key { fields, is_own: false, span: typed.span })
    }

    /// Finds the primary key that `#[cached(primary_key = ..)]` names.
    pub(crate) fn own_key(&self, typed: &KeyPaths, diagnostics: &mut Diagnostics) -> Option<Key<'a>> {
        let fields = typed.paths.iter().map(|path| diagnostics.take(self.at(path))).collect();
        all(fields).map(|fields| Key { fields, is_own: true, span: typed.span })
    }

    /// Finds the columns that `option` lists.
    pub(crate) fn listed(&self, option: &str, typed: &[Ident], diagnostics: &mut Diagnostics) -> Vec<Field<'a>> {
        typed.iter().filter_map(|column| diagnostics.take(self.named(column, option))).collect()
    }

    /// Finds the columns of every look-up; one with a wrong column is recorded and left out.
    pub(crate) fn lookups(&self, typed: Vec<LookupAttr>, diagnostics: &mut Diagnostics) -> Vec<Lookup<'a>> {
        let mut lookups = Vec::new();
        for LookupAttr { columns, is_unique, name, with } in typed {
            let fields = columns.iter().map(|column| diagnostics.take(self.named(column, &name.to_string()))).collect();
            if let Some(fields) = all(fields) {
                lookups.push(Lookup { fields, is_exact: false, is_fixed: false, is_unique, name, with });
            }
        }
        lookups
    }

    fn default_key(&self) -> Result<Key<'a>> {
        let name = Ident::new("id", self.model.span());
        let Some(field) = self.find_key(&name) else {
            let message = "no field for the key column `id`: add the field, or name the primary key with \
                           `#[diesel(primary_key(..))]`";
            return Err(Error::new(self.model.span(), message));
        };
        let span = field.ident.span();
        let field = has_column(field, span, "the primary key")?;
        Ok(Key { fields: vec![field], is_own: false, span })
    }

    fn key_field(&self, name: &Ident) -> Result<Field<'a>> {
        let field = self.find_key(name).ok_or_else(|| {
            let message = format!(
                "no field for the key column `{}`: add the field, or name one of: {}",
                name.unraw(),
                self.list(name)
            );
            Error::new(name.span(), message)
        })?;
        has_column(field, name.span(), "the primary key")
    }

    /// Finds a column of the key behind its path.
    fn at(&self, path: &KeyPath) -> Result<Field<'a>> {
        let name = &path.field;
        let mut field = if path.inner.is_empty() { self.key_field_at(name)? } else { self.embedded(name)? };
        if let Some(ty) = &path.ty {
            field.ty = FieldType::Told(Rc::clone(ty));
        } else if !path.inner.is_empty() {
            field.ty = FieldType::Told(Rc::new(self.plain_type(path.column())));
        }
        if !path.inner.is_empty() {
            field.column = path.column().clone();
            field.inner.clone_from(&path.inner);
            field.with = None;
        }
        Ok(field)
    }

    fn key_field_at(&self, name: &Ident) -> Result<Field<'a>> {
        match self.fields.iter().find(|field| field.is_embedded && field.is_named(name)) {
            Some(field) if self.find(name).is_none_or(|found| found.is_embedded) => {
                let field = field.ident.unraw();
                let message = format!(
                    "the field `{field}` is embedded, name the key's field in it, such as `primary_key = {field}.id`"
                );
                Err(Error::new(name.span(), message))
            }
            _ => self.key_field(name),
        }
    }

    fn embedded(&self, name: &Ident) -> Result<Field<'a>> {
        let Some(field) = self.fields.iter().find(|field| field.is_named(name)) else {
            let names: Vec<String> = self.fields.iter().map(|field| field.ident.unraw().to_string()).collect();
            let hint = did_you_mean(&name.unraw().to_string(), names.iter().map(String::as_str));
            let message = format!("no field `{}`, expected one of: {}{hint}", name.unraw(), names.join(", "));
            return Err(Error::new(name.span(), message));
        };
        if field.is_embedded {
            return Ok(field.clone());
        }
        let message = format!(
            "the field `{0}` is not embedded: mark it with `#[diesel(embed)]`, or write `primary_key = {0}`",
            name.unraw(),
        );
        Err(Error::new(name.span(), message))
    }

    /// The type that goes with the column: that of an embedded field is not seen from here.
    fn plain_type(&self, column: &Ident) -> Type {
        let (krate, table) = (&self.krate, &self.table);
        // An unfit type is reported where the column was named.
        let ty = quote!(#krate::__private::PlainValue<#table::columns::#column>);
        let ty = located_at(column.span(), ty);
        parse_quote!(#ty)
    }

    /// Finds the field by its column, or by its own name if no column is called so.
    fn find_key(&self, name: &Ident) -> Option<&Field<'a>> {
        self.find(name).or_else(|| self.fields.iter().find(|field| field.is_named(name)))
    }

    /// Finds the field of a column; an embedded field has none, but it may bear the name.
    fn find(&self, column: &Ident) -> Option<&Field<'a>> {
        let named = self.fields.iter().filter(|field| field.column.unraw() == column.unraw());
        named.min_by_key(|field| field.is_embedded)
    }

    /// Finds the field of a column that `option` names.
    fn named(&self, name: &Ident, option: &str) -> Result<Field<'a>> {
        if let Some(field) = self.find(name) {
            return has_column(field, name.span(), &format!("`{option}`"));
        }
        let message = match self.fields.iter().find(|field| field.is_named(name)) {
            Some(renamed) => format!(
                "the field `{}` has the column `{column}`, name `{column}` in `{option}`",
                name.unraw(),
                column = renamed.column_name(),
            ),
            None => format!("no column `{}`, expected one of: {}", name.unraw(), self.list(name)),
        };
        Err(Error::new(name.span(), message))
    }

    /// Lists the columns that can be named, and the one that was probably meant.
    fn list(&self, typed: &Ident) -> String {
        let named = self.fields.iter().filter(|field| !field.is_embedded);
        let names: Vec<String> = named.map(Field::column_name).collect();
        let hint = did_you_mean(&typed.unraw().to_string(), names.iter().map(String::as_str));
        format!("{}{hint}", names.join(", "))
    }
}

/// Spans the field's column where it was named, unless it has none.
fn has_column<'a>(field: &Field<'a>, span: Span, user: &str) -> Result<Field<'a>> {
    if field.is_embedded {
        let message = format!(
            "the field `{}` is embedded and has no column of its own, {user} needs a plain field",
            field.ident.unraw()
        );
        return Err(Error::new(span, message));
    }
    let mut field = field.clone();
    field.column.set_span(span);
    Ok(field)
}

/// All of them or none; collected first, so that each mistake is recorded.
fn all<T>(options: Vec<Option<T>>) -> Option<Vec<T>> {
    options.into_iter().collect()
}
