//! Writes the manager of a view and what leads to it: `ProductPage::cached()`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use crate::expand::manager::{all_by, get_by};
use crate::model::{Lookup, Model};
use crate::parse::view::View;

pub(super) fn manager(model: &Model<'_>, view: &View) -> TokenStream {
    let private = model.private();
    let (name, vis) = (&view.name, model.vis);
    let manager = format_ident!("{name}Manager", span = Span::call_site());
    let methods = model
        .lookups
        .iter()
        .map(|lookup| if lookup.is_unique { unique(model, view, lookup) } else { scope(model, view, lookup) });
    let doc = format!("The cache manager of [`{}`].", name.unraw());
    quote! {
        #[automatically_derived]
        impl #name {
            /// The manager of the pages in the cache of their rows.
            #[must_use = "a manager does nothing by itself, call one of its methods"]
            #vis fn cached() -> #manager {
                static CELL: #private::ViewCell<#name> = #private::ViewCell::new();
                #manager(CELL.get())
            }

            /// The manager of the pages in the cache with this name.
            #[must_use = "a manager does nothing by itself, call one of its methods"]
            #vis fn cached_in(__cache: &::core::primitive::str) -> #manager {
                #manager(#private::ViewManager::in_cache(__cache))
            }
        }

        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #manager(#private::ViewManager<#name>);

        #[automatically_derived]
        impl #manager {
            #(#methods)*
        }

        #[automatically_derived]
        impl ::core::ops::Deref for #manager {
            type Target = #private::ViewManager<#name>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    }
}

fn scope(model: &Model<'_>, view: &View, lookup: &Lookup<'_>) -> TokenStream {
    let private = model.private();
    let (name, marker) = (&view.name, lookup.marker(model.ident));
    all_by(model, lookup, &quote!(#private::PageScope<#name, #marker>))
}

fn unique(model: &Model<'_>, view: &View, lookup: &Lookup<'_>) -> TokenStream {
    let private = model.private();
    let (name, marker) = (&view.name, lookup.marker(model.ident));
    get_by(model, lookup, |key| quote!(#private::UniquePageRead<#name, #marker, #key>))
}
