//! Writes the manager and what leads to it: `Product::cached()`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;
use syn::ext::IdentExt as _;

use crate::expand::fields::value_type;
use crate::model::{Field, Lookup, Model};
use crate::tokens::option_inner;

/// The manager of the model's rows.
pub(crate) fn manager(model: &Model<'_>) -> TokenStream {
    manager_of(model, model.ident, &quote!(Manager))
}

/// The manager of a view, which does not write.
pub(crate) fn view_manager(model: &Model<'_>, page: &Ident) -> TokenStream {
    manager_of(model, page, &quote!(ViewManager))
}

/// The manager that reads `page`: a `handle` with the model's look-ups.
fn manager_of(model: &Model<'_>, page: &Ident, handle: &TokenStream) -> TokenStream {
    let (private, vis) = (model.private(), model.vis);
    let manager = format_ident!("{page}Manager", span = Span::call_site());
    let methods = model
        .lookups
        .iter()
        .map(|lookup| if lookup.is_unique { get_by(model, page, lookup) } else { all_by(model, page, lookup) });
    let by_columns = get_by_columns(model, page);
    let doc = format!("The cache manager of [`{}`].", page.unraw());
    quote! {
        #[automatically_derived]
        impl #page {
            /// The manager of the rows in their own cache: the default one, if the model names no other.
            #[must_use = "a manager does nothing by itself, call one of its methods"]
            #vis fn cached() -> #manager {
                static CELL: #private::ManagerCell<#page> = #private::ManagerCell::new();
                #manager(::core::convert::From::from(CELL.get()))
            }

            /// The manager of the rows in the cache with this name.
            #[must_use = "a manager does nothing by itself, call one of its methods"]
            #vis fn cached_in(__cache: &::core::primitive::str) -> #manager {
                #manager(::core::convert::From::from(#private::Manager::in_cache(__cache)))
            }
        }

        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #manager(#private::#handle<#page>);

        #[automatically_derived]
        impl #manager {
            #by_columns
            #(#methods)*
        }

        #[automatically_derived]
        impl ::core::ops::Deref for #manager {
            type Target = #private::#handle<#page>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    }
}

/// The method that reads a `page` by a unique value.
fn get_by(model: &Model<'_>, page: &Ident, lookup: &Lookup<'_>) -> TokenStream {
    let private = model.private();
    let (vis, method, marker) = (model.vis, lookup.method(), lookup.marker(model.ident));
    let (doc, value) = (doc(lookup, "The row"), value_type(&lookup.fields));
    let attributes = quote! {
        #[doc = #doc]
        #[must_use = "nothing is read until `first` or another method with a connection is called"]
    };
    // A single key keeps its own type, so that a `&str` is not copied on a hit.
    if let [parameter] = &parameters(lookup)[..] {
        return quote! {
            #attributes
            #vis fn #method<__Key>(self, #parameter: __Key) -> #private::UniqueRead<#page, #marker, <__Key as #private::IntoKey<#value>>::Itself>
            where
                __Key: #private::IntoKey<#value>,
            {
                self.0.looked_up::<#marker, __Key>(#parameter)
            }
        };
    }
    let Given { generics, arguments, kinds, parts, bounds } = given(&private, &lookup.fields, parameters(lookup));
    quote! {
        #attributes
        #vis fn #method<#generics>(self, #arguments) -> #private::UniqueRead<#page, #marker, #private::Parts<(#kinds)>>
        where
            #bounds
        {
            self.0.looked_up::<#marker, _>(#private::Parts((#parts)))
        }
    }
}

/// The method that reads a `page` by the columns of its key, each given as an argument, if there are several.
fn get_by_columns(model: &Model<'_>, page: &Ident) -> Option<TokenStream> {
    let (private, fields) = (model.private(), &model.key.fields);
    let names: Vec<_> = fields.iter().map(Field::column_name).collect();
    let method = format_ident!("get_by_{}", names.join("_and_"), span = Span::call_site());
    if fields.len() < 2 || model.lookups.iter().any(|lookup| lookup.method() == method) {
        return None;
    }
    let vis = model.vis;
    let doc = format!(
        "The row with this {}, as `get` has it.",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
    );
    let Given { generics, arguments, kinds, parts, bounds } = given(&private, fields, named(&names));
    Some(quote! {
        #[doc = #doc]
        #[must_use = "nothing is read until `first` or another method with a connection is called"]
        #vis fn #method<#generics>(self, #arguments) -> #private::RowRead<#page, #private::Parts<(#kinds)>>
        where
            #bounds
        {
            self.0.get(#private::Parts((#parts)))
        }
    })
}

/// Several columns, each given as it is or borrowed.
struct Given {
    generics: TokenStream,
    arguments: TokenStream,
    /// The types of the keys, none where an argument is no key.
    kinds: TokenStream,
    parts: TokenStream,
    bounds: TokenStream,
}

fn given(private: &TokenStream, fields: &[Field<'_>], parameters: Vec<Ident>) -> Given {
    let kinds: Vec<Ident> = (0..fields.len()).map(|index| format_ident!("__Key{index}")).collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    Given {
        generics: quote!(#(#kinds),*),
        arguments: quote!(#(#parameters: #kinds),*),
        kinds: quote!(#(<#kinds as #private::IntoKey<#types>>::Itself),*),
        parts: quote!(#(#private::IntoKey::itself(#parameters)),*),
        bounds: quote!(#(#kinds: #private::IntoKey<#types>),*),
    }
}

/// The method that reads the pages of a scope.
fn all_by(model: &Model<'_>, page: &Ident, lookup: &Lookup<'_>) -> TokenStream {
    let private = model.private();
    let (vis, method, marker) = (model.vis, lookup.method(), lookup.marker(model.ident));
    let doc = doc(lookup, "All rows");
    let (arguments, key) = arguments(model, lookup);
    quote! {
        #[doc = #doc]
        #[must_use = "nothing is read until `load` or another method with a connection is called"]
        #vis fn #method(self, #arguments) -> #private::ScopeRead<#page, #marker> {
            self.0.scoped::<#marker>(#key)
        }
    }
}

/// The parameters of a method, and the key that it makes of them.
fn arguments(model: &Model<'_>, lookup: &Lookup<'_>) -> (TokenStream, TokenStream) {
    let private = model.private();
    let parameters = parameters(lookup);
    let types = lookup.fields.iter().map(|field| &field.ty);
    let keys: Vec<TokenStream> =
        parameters.iter().map(|parameter| quote!(#private::IntoKey::into_key(#parameter))).collect();
    let key = match &keys[..] {
        [key] => key.clone(),
        keys => quote!((#(#keys),*)),
    };
    (quote!(#(#parameters: impl #private::IntoKey<#types>),*), key)
}

fn parameters(lookup: &Lookup<'_>) -> Vec<Ident> {
    named(&lookup.column_names())
}

fn named(names: &[String]) -> Vec<Ident> {
    names.iter().map(|name| format_ident!("__{name}", span = Span::call_site())).collect()
}

fn doc(lookup: &Lookup<'_>, what: &str) -> String {
    let columns: Vec<String> = lookup.column_names().iter().map(|name| format!("`{name}`")).collect();
    let columns = columns.join(" and ");
    let is_nullable = lookup.fields.iter().any(|field| option_inner(&field.ty).is_some());
    let null = if is_nullable { "\n\n`None` asks for `NULL`." } else { "" };
    format!("{what} with this {columns}.{null}")
}
