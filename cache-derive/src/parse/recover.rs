//! Reads comma-separated elements so that a broken one does not hide the mistakes of the others.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::{Result, Token, parenthesized};

use crate::diagnostics::Diagnostics;

/// Reads elements up to the end; a broken one is recorded and skipped.
pub(crate) fn separated<T>(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
    mut element: impl FnMut(ParseStream<'_>, &mut Diagnostics) -> Result<T>,
) -> Vec<T> {
    let mut elements = Vec::new();
    while !input.is_empty() {
        let result = element(input, diagnostics).and_then(|element| ended(input).map(|()| element));
        elements.extend(diagnostics.take(result));
        skip_element(input);
        let _: Result<Token![,]> = input.parse();
    }
    elements
}

/// Reads `(element, ..)`; empty if an element is broken, as the others alone would mean something else.
pub(crate) fn list<T>(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
    element: fn(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    let count = diagnostics.count();
    let mut elements = separated(&content, diagnostics, |input, _| element(input));
    if diagnostics.count() > count {
        elements.clear();
    }
    Ok(elements)
}

/// Skips to the next comma or to the end.
pub(crate) fn skip_element(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // A stream that is not empty always has a next token.
        let _: Result<TokenTree> = input.parse();
    }
}

fn ended(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() || input.peek(Token![,]) { Ok(()) } else { Err(input.error("expected `,`")) }
}

#[cfg(test)]
mod tests {
    use syn::Ident;
    use syn::parse::Parser;

    use super::*;

    #[test]
    fn broken_elements_are_skipped_and_recorded() {
        let mut diagnostics = Diagnostics::default();
        let read = |input: ParseStream<'_>| Ok(separated(input, &mut diagnostics, |input, _| input.parse::<Ident>()));
        let names = read.parse_str("a, 1, b c, (d, e), f,").expect("mistakes are recorded");
        assert_eq!(names, ["a", "f"]);
        assert_eq!(diagnostics.messages(), ["expected identifier", "expected `,`", "expected identifier"]);
    }
}
