//! Reads a function with `#[cached_fn(..)]`, and writes the code that caches what it gives.

mod expand;
mod options;
mod signature;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser as _;

use crate::diagnostics::Diagnostics;

/// The function, cached; after a mistake the function as it was typed, so that its uses are not reported too.
pub(crate) fn cached_fn(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = options::Options::read(arguments, &mut diagnostics);
    let signature = match signature::read.parse2(item.clone()) {
        Ok(signature) => signature,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let signature = signature.checked(&mut diagnostics);
    options.check(&signature, &mut diagnostics);
    if diagnostics.count() > 0 {
        let errors = diagnostics.to_compile_errors();
        let plain = signature.plain();
        return quote!(#errors #plain);
    }
    expand::function(&options, &signature)
}

#[cfg(test)]
mod tests;
