//! Writes the `Definition` of a model or a view.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use crate::model::{Field, Model};
use crate::parse::timeout::{Jitter, Length, Timeout};
use crate::parse::timeouts::Timeouts;
use crate::parse::view::View;

/// What the derive was told of the model.
pub(super) fn of_model(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let name = model.ident.unraw().to_string();
    let shape: Vec<String> = model.fields.iter().map(Field::shape).collect();
    let shape = shape.join(",");
    let options = &model.options;
    let key = options.key.as_ref().map(|key| quote!(.key(#key)));
    let cache = options.cache.as_ref().map(|cache| quote!(.cache(#cache)));
    let version = options.key_version.map(|version| quote!(.key_version(#version)));
    let is_key_saved = model.key.is_own.then(|| quote!(.key_is_saved()));
    let timeouts = timeouts(&private, &options.timeouts);
    let rows = options.max_rows.map(|rows| quote!(.max_rows(#rows)));
    let on_stale = options.on_stale.as_ref().map(|variant| quote!(.on_stale(#private::OnStale::#variant)));
    quote! {
        #private::Definition::new(#name, ::core::module_path!(), #shape)
            #key #cache #version #is_key_saved #timeouts #rows #on_stale
    }
}

/// What the derive was told of the view of this shape; what it was not told is as for the model.
pub(super) fn of_view(model: &Model<'_>, view: &View, shape: &str) -> TokenStream {
    let private = model.private();
    let (root, name) = (model.ident, view.name.unraw().to_string());
    let key = view.key.as_ref().map(|key| quote!(.key(#key)));
    let timeouts = timeouts(&private, &view.timeouts);
    quote! {
        #private::Definition::new(#name, ::core::module_path!(), #shape)
            .with_limits_of(<#root as #private::CachedModel>::DEFINITION)
            #key
            #timeouts
    }
}

fn timeouts(private: &TokenStream, timeouts: &Timeouts) -> TokenStream {
    let lives = [
        (timeouts.list.as_ref(), quote!(list_timeout)),
        (timeouts.detail.as_ref(), quote!(detail_timeout)),
        (timeouts.negative.as_ref(), quote!(negative_timeout)),
        (timeouts.list_relevance(), quote!(list_relevance_timeout)),
        (timeouts.detail_relevance(), quote!(detail_relevance_timeout)),
    ];
    let (mut said, mut asked) = (Vec::new(), Vec::new());
    for (length, option) in lives {
        match length {
            None => {}
            Some(Length::Said(Timeout::Millis(millis))) => {
                said.push(quote!(.#option(#private::Timeout::from_millis(#millis))));
            }
            Some(Length::Said(Timeout::Never)) => said.push(quote!(.#option(#private::Timeout::NEVER))),
            Some(Length::Asked(path)) => asked.push(quote!(asked.#option = ::core::option::Option::Some(#path);)),
        }
    }
    let asks = (!asked.is_empty()).then(|| {
        quote! {
            .asking({
                let mut asked = #private::Asked::NOTHING;
                #(#asked)*
                asked
            })
        }
    });
    let jitter = timeouts.jitter.map(|jitter| match jitter {
        Jitter::Millis(millis) => quote!(.jitter_millis(#millis)),
        Jitter::Percent(percent) => quote!(.jitter_percent(#percent)),
    });
    quote!(#(#said)* #asks #jitter)
}
