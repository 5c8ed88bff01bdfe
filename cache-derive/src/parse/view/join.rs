//! Reads one row of `select_related(..)`: the field and the model that is joined.

use syn::parse::ParseStream;
use syn::{Error, Ident, Path, Result, Token, Type, parse_quote};

use crate::tokens::option_inner;

/// One row that is joined.
pub(crate) struct Join {
    pub(crate) is_optional: bool,
    pub(crate) model: Type,
    pub(crate) name: Ident,
}

/// Reads `field: Model` or `field: Option<Model>`.
pub(super) fn read(input: ParseStream<'_>) -> Result<Join> {
    let (name, ty) = field(input, "category: Category")?;
    let inner = option_inner(&ty);
    let is_optional = inner.is_some();
    let model = inner.map_or_else(|| parse_quote!(#ty), |inner| parse_quote!(#inner));
    is_model(&model, "a joined field is one row: write `Model`, or `Option<Model>` for a left join")?;
    Ok(Join { is_optional, model, name })
}

/// Reads `field: Type`.
pub(super) fn field(input: ParseStream<'_>, example: &str) -> Result<(Ident, Type)> {
    let expected =
        |error: Error| Error::new(error.span(), format!("expected a field and its model, as in `{example}`"));
    let name = input.parse::<Ident>().map_err(expected)?;
    input.parse::<Token![:]>().map_err(expected)?;
    let ty = input.parse::<Type>().map_err(expected)?;
    Ok((name, ty))
}

/// A model is named by its path; generic types hold rows and are none.
pub(super) fn is_model(ty: &Type, message: &str) -> Result<()> {
    let is_plain = |path: &Path| path.segments.iter().all(|segment| segment.arguments.is_none());
    match ty {
        Type::Path(path) if path.qself.is_none() && is_plain(&path.path) => Ok(()),
        other => Err(Error::new_spanned(other, message)),
    }
}
