//! Reads `#[cached(..)]` of a field: how it is stored outside of the process.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Error, Ident, Path, Result, Token};

use crate::diagnostics::Diagnostics;
use crate::parse::options::Options;
use crate::parse::{recover, value};

/// The module that `with = module` names.
pub(crate) fn read(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Option<Path> {
    let mut with: Option<Path> = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cached")) {
        let result = attribute.parse_args_with(|input: ParseStream<'_>| {
            if input.is_empty() {
                let span = attribute.path().segments[0].ident.span();
                return Err(Error::new(span, "expected `with = module`"));
            }
            for (name, path) in recover::separated(input, diagnostics, option) {
                if with.is_some() {
                    return Err(Error::new(name.span(), "`with` is given twice, keep one of them"));
                }
                with = Some(path);
            }
            Ok(())
        });
        diagnostics.take(result);
    }
    with
}

fn option(input: ParseStream<'_>, _diagnostics: &mut Diagnostics) -> Result<(Ident, Path)> {
    let name = input.call(Ident::parse_any)?;
    if name != "with" {
        let problem = if Options::has(&name) { "belongs on the struct" } else { "is no option" };
        let message = format!("`{name}` {problem}, a field has one option: `with = module`");
        return Err(Error::new(name.span(), message));
    }
    if !input.peek(Token![=]) {
        return Err(Error::new(name.span(), "expected `with = module`"));
    }
    let path = Path::parse_mod_style(value::after_equals(input)?).map_err(|error| {
        Error::new(error.span(), "expected the path of a module without quotes, such as `crate::color`")
    })?;
    Ok((name, path))
}
