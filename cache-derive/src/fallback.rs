//! Stands in for a model that cannot be built, so that rustc reports its mistakes and not its uses.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{DeriveInput, parse_quote};

use crate::diagnostics::Diagnostics;
use crate::parse::options::Options;

/// The mistakes, and a manager whose type holds the first of them.
///
/// rustc is silent about a type that holds an error, whatever is called on it. The type is a struct of our own:
/// on an array the methods of slices would be found.
pub(crate) fn cached(input: &DeriveInput, diagnostics: &Diagnostics) -> TokenStream {
    let (first, others) = diagnostics.split_first();
    if !input.generics.params.is_empty() {
        return quote!(#first #others);
    }
    let (ident, vis) = (&input.ident, &input.vis);
    let manager = format_ident!("{ident}Manager", span = Span::call_site());
    let broken = format_ident!("__Cached{ident}Broken", span = Span::call_site());
    let cached_model = cached_model(input, &manager);
    let options = Options::read(&input.attrs, &mut Diagnostics::default());
    let views = options.views.iter().map(|view| &view.name);
    quote! {
        #[doc(hidden)]
        #vis type #manager = #broken<{ #first }>;

        #others

        #(
            #[doc(hidden)]
            #vis type #views = #manager;
        )*

        #[doc(hidden)]
        #vis struct #broken<const MISTAKE: usize>;

        #[automatically_derived]
        impl #ident {
            #[doc(hidden)]
            #vis fn cached() -> #manager {
                loop {}
            }

            #[doc(hidden)]
            #vis fn cached_in(_: &str) -> #manager {
                loop {}
            }
        }

        #cached_model
    }
}

/// Makes the struct a model, for other models that name it.
///
/// Without `Self::Table`: an enum may have a variant of that name.
fn cached_model(input: &DeriveInput, broken: &syn::Ident) -> TokenStream {
    let options = Options::read(&input.attrs, &mut Diagnostics::default());
    let krate = options.krate.unwrap_or_else(|| parse_quote!(::cache_diesel));
    let private = quote!(#krate::__private);
    let ident = &input.ident;
    quote! {
        #[automatically_derived]
        impl #private::CachedModel for #ident {
            type Table = #broken;
            type Source = #broken;
            type Columns = #broken;
            type Id = #broken;
            type Error = #broken;
            type Order = #broken;
            type ByKey = #broken;
            type ByIds = #broken;

            const DEFINITION: #private::Definition = loop {};

            fn table() -> #broken {
                loop {}
            }
            fn source() -> #broken {
                loop {}
            }
            fn by_key(_: #broken) -> #broken {
                loop {}
            }
            fn id(&self) -> #broken {
                loop {}
            }
            fn has_id(&self, _: &#broken) -> bool {
                loop {}
            }
            fn is_named(&self, _: impl ::core::ops::FnOnce(&[&dyn ::core::any::Any]) -> bool) -> bool {
                loop {}
            }
            fn by_ids(_: ::std::vec::Vec<#broken>) -> #broken {
                loop {}
            }
            fn heap_size(&self) -> usize {
                loop {}
            }
            fn key_comparison() -> #private::Comparison {
                loop {}
            }
            fn lookups() -> ::std::vec::Vec<#private::LookupDefinition> {
                loop {}
            }
            fn dependencies() -> ::std::vec::Vec<#private::Dependency> {
                loop {}
            }
        }
    }
}
