//! Reads `primary_key = identity.id`: where the primary key is, also in embedded structs.

use std::rc::Rc;

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::token::Paren;
use syn::{Error, Ident, Result, Token, Type, parenthesized};

/// The way to one column of the key.
pub(crate) struct KeyPath {
    pub(crate) field: Ident,
    /// The fields of embedded structs; the last one is named as its column.
    pub(crate) inner: Vec<Ident>,
    /// The type, where it was written.
    pub(crate) ty: Option<Rc<Type>>,
}

/// The columns of the key in order, and where they were typed.
pub(crate) struct KeyPaths {
    pub(crate) paths: Vec<KeyPath>,
    pub(crate) span: Span,
}

/// Reads one path, or several in parentheses.
pub(crate) fn read(input: ParseStream<'_>) -> Result<KeyPaths> {
    if !input.peek(Paren) {
        let path = key_path(input)?;
        return Ok(KeyPaths { span: path.column().span(), paths: vec![path] });
    }
    let content;
    let span = parenthesized!(content in input).span.join();
    let paths: Vec<KeyPath> = content.parse_terminated(key_path, Token![,])?.into_iter().collect();
    if paths.is_empty() {
        return Err(Error::new(span, "`primary_key` needs at least one column"));
    }
    Ok(KeyPaths { paths, span })
}

impl KeyPath {
    /// The last name of the path.
    pub(crate) fn column(&self) -> &Ident {
        self.inner.last().unwrap_or(&self.field)
    }
}

fn key_path(input: ParseStream<'_>) -> Result<KeyPath> {
    let field = name(input)?;
    let mut inner = Vec::new();
    while input.peek(Token![.]) {
        input.parse::<Token![.]>()?;
        inner.push(name(input)?);
    }
    let ty = if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
        Some(Rc::new(input.parse()?))
    } else {
        None
    };
    Ok(KeyPath { field, inner, ty })
}

fn name(input: ParseStream<'_>) -> Result<Ident> {
    Ident::parse_any(input)
        .map_err(|error| Error::new(error.span(), "expected the name of a field, as in `primary_key = identity.id`"))
}
