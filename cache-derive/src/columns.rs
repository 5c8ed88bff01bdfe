//! Finds the fields behind the column names that the user typed.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::{Error, Ident, Result};

use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::diesel_attr::PrimaryKey;
use crate::model::{Field, Key, Lookup};
use crate::options::LookupAttr;

/// The fields of a model.
pub(crate) struct Columns<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) model: &'a Ident,
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
        all(fields).map(|fields| Key { fields, span: typed.span })
    }

    /// Finds the columns of every look-up; one with a wrong column is recorded and left out.
    pub(crate) fn lookups(&self, typed: &[LookupAttr], diagnostics: &mut Diagnostics) -> Vec<Lookup<'a>> {
        let mut lookups = Vec::new();
        for LookupAttr { columns, is_unique, name } in typed {
            let fields = columns.iter().map(|column| diagnostics.take(self.named(column, name))).collect();
            if let Some(fields) = all(fields) {
                lookups.push(Lookup { fields, is_unique: *is_unique, name: name.clone() });
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
        Ok(Key { fields: vec![field], span })
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
    fn named(&self, name: &Ident, option: &Ident) -> Result<Field<'a>> {
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
