//! Places code where the user's mistakes are to be reported, and reads types as tokens.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{GenericArgument, PathArguments, Type};

/// The place to report at, without making the code look hand-written to lints.
pub(crate) fn located(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The tokens, to be reported at `span`: rustc underlines a path from its first token on.
pub(crate) fn located_at(span: Span, tokens: TokenStream) -> TokenStream {
    let located = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    tokens.into_iter().map(located).collect()
}

/// Prints tokens without white space.
pub(crate) fn compact(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

/// The `T` of a type that is written `Option<T>`.
pub(crate) fn option_inner(mut ty: &Type) -> Option<&Type> {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => break,
        };
    }
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if last.ident == "Option" => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn options_are_told_by_their_name() {
        let table: [(Type, Option<&str>); 5] = [
            (parse_quote!(Option<i32>), Some("i32")),
            (parse_quote!(::core::option::Option<String>), Some("String")),
            (parse_quote!((Option<i32>)), Some("i32")),
            (parse_quote!(Vec<i32>), None),
            (parse_quote!(Option), None),
        ];
        for (ty, expected) in table {
            let inner = option_inner(&ty).map(|inner| inner.to_token_stream().to_string());
            assert_eq!(inner.as_deref(), expected);
        }
    }
}
