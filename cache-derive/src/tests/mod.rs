//! What the derive answers, from tokens to tokens.

mod diagnostics;
mod expansion;
mod snapshots;
mod views;

use proc_macro2::{TokenStream, TokenTree};
use syn::{LitStr, parse_str};

/// Derives for source text.
fn derive(source: &str) -> TokenStream {
    crate::derive(parse_str(source).expect("a source is made of tokens"))
}

/// The messages of all `compile_error!`, at any depth.
fn errors(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_error = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if is_error => {
                found.push(syn::parse2::<LitStr>(group.stream()).expect("a message is a string").value());
                is_error = false;
            }
            TokenTree::Group(group) => found.extend(errors(group.stream())),
            TokenTree::Ident(ident) => is_error = ident == "compile_error",
            TokenTree::Punct(punct) => is_error &= punct.as_char() == '!',
            TokenTree::Literal(_) => is_error = false,
        }
    }
    found
}
