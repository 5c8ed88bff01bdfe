//! Writes a cached function, and the type of its name that ends and stores what it gives.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Generics, Ident, Type};

use super::options::Options;
use super::signature::{Argument, Signature};
use crate::parse::timeout::{Length, Timeout, millis};

pub(crate) fn function(options: &Options, signature: &Signature) -> TokenStream {
    let krate = options.krate.as_ref().map_or_else(|| quote!(::cache_diesel), |path| quote!(#path));
    let Signature { attributes, visibility, name, generics, output, body, .. } = signature;
    let (condition, plain) = (&generics.where_clause, name.unraw());
    let [declared, key, own] = ["", "_key", "_body"].map(|end| format_ident!("__{plain}{end}"));
    // An argument may have any of these names.
    let [cache, computation, value] =
        ["cache", "computation", "value"].map(|name| Ident::new(name, Span::mixed_site()));
    let label = options.label.as_ref().map_or_else(|| plain.to_string(), |label| label.value());
    let declaration = declaration(options, signature, &krate, &label);

    let all: Vec<&Argument> = signature.arguments.iter().collect();
    let keyed: Vec<&Argument> = all.iter().copied().filter(|argument| !argument.is_skipped).collect();
    let names: Vec<_> = all.iter().map(|argument| &argument.name).collect();
    let key_names: Vec<_> = keyed.iter().map(|argument| &argument.name).collect();
    let (typed, passed): (Vec<_>, Vec<_>) = all.iter().map(|it| (it.typed(), it.passed())).unzip();
    let key_passed: Vec<_> = keyed.iter().map(|argument| argument.passed()).collect();
    let key_function = key_function(options, &keyed, &key, (&krate, generics));
    let key = quote!(#key(#(&#key_names),*));
    let (asynchronous, awaiting) =
        (signature.is_async.then(|| quote!(async)), signature.is_async.then(|| quote!(.await)));
    let run = match (signature.is_async, &options.in_background) {
        (true, Some((_, Some(spawn)))) => quote! {
            #computation.entry_refreshing_async(|task| ::core::mem::drop(#spawn(task)), move || #own(#(#names),*)).await
        },
        (true, _) => quote!(#computation.entry_async(async move || #own(#(#names),*).await).await),
        (false, Some(_)) => quote!(#computation.entry_refreshing((#(#names,)*), |(#(#names,)*)| #own(#(#names),*))),
        (false, None) => quote!(#computation.entry(move || #own(#(#names),*))),
    };
    let result = quote!(#krate::__private::Computed<#output>);
    let gates: Vec<_> = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let about = format!("Ends and stores what [`{plain}`](fn@{plain}) gives.");
    quote! {
        #(#attributes)*
        #visibility #asynchronous fn #name #generics(#(#passed),*) -> #output #condition {
            #name::entry(#(#names),*)#awaiting.map(|entry| entry.value)
        }

        #(#gates)*
        #[doc(hidden)]
        #[allow(non_upper_case_globals, reason = "generated")]
        static #declared: #krate::__private::Function = #declaration;

        #(#gates)*
        #key_function

        #(#gates)*
        const _: () = {
            #krate::__private::inventory::submit! { #krate::__private::Declared(&#declared) }
        };

        #(#gates)*
        #[doc = #about]
        #[allow(dead_code, missing_debug_implementations, non_camel_case_types, reason = "generated")]
        #visibility struct #name {}

        #(#gates)*
        #[allow(
            dead_code, clippy::missing_errors_doc, clippy::needless_pass_by_value, clippy::too_many_arguments,
            reason = "generated"
        )]
        impl #name {
            /// The value with what the cache knows of it.
            #visibility #asynchronous fn entry #generics(#(#passed),*) -> #result #condition {
                #asynchronous fn #own #generics(#(#typed),*) -> #output #condition #body

                match #declared.cache() {
                    ::core::option::Option::Some(#cache) => {
                        let #computation = #declared.computation(&#cache, #key);
                        #run
                    }
                    ::core::option::Option::None => #own(#(#names),*)#awaiting.map(#krate::__private::uncached),
                }
            }

            /// Ends the value of these arguments.
            #visibility fn invalidate #generics(#(#key_passed),*) -> #krate::Result<()> #condition {
                #declared.invalidate(#key)
            }

            /// Ends all values.
            #visibility fn invalidate_all() -> #krate::Result<()> {
                #declared.invalidate_all()
            }

            /// Stores the value of these arguments without computing it.
            #visibility fn prime #generics(
                #(#key_passed,)* #value: <#output as #krate::__private::Outcome>::Value
            ) #condition {
                if let ::core::option::Option::Some(#cache) = #declared.cache() {
                    #declared.computation(&#cache, #key).prime(#value);
                }
            }
        }
    }
}

/// The function that makes the key of the arguments, and what messages show of them.
fn key_function(
    options: &Options,
    keyed: &[&Argument],
    name: &Ident,
    (krate, generics): (&TokenStream, &Generics),
) -> TokenStream {
    let condition = &generics.where_clause;
    let names: Vec<_> = keyed.iter().map(|argument| &argument.name).collect();
    // `&impl A + B` would be none.
    let kinds = keyed.iter().map(|argument| match &argument.kind {
        several @ Type::ImplTrait(_) => quote!((#several)),
        kind => quote!(#kind),
    });
    let parts = keyed.iter().map(|argument| {
        let (name, span) = (&argument.name, argument.kind.span());
        quote_spanned!(span=> #krate::__private::part(#name))
    });
    let made = match &options.key {
        Some(path) => quote!(#krate::__private::key_by(&#path(#(#names),*), &[#(#names),*])),
        None => quote!(#krate::__private::key_of(&[#(#parts),*])),
    };
    quote! {
        #[doc(hidden)]
        #[allow(clippy::ptr_arg, clippy::trivially_copy_pass_by_ref, reason = "generated")]
        fn #name #generics(#(#names: &#kinds),*) -> #krate::__private::FunctionKey #condition {
            #made
        }
    }
}

fn declaration(options: &Options, signature: &Signature, krate: &TokenStream, label: &str) -> TokenStream {
    let shown = signature.shown();
    let cache = options.cache.as_ref().map_or_else(|| "default".to_owned(), |cache| cache.value());
    let timeout = |span: &Option<Length>| match span {
        None => quote!(::core::option::Option::None),
        Some(Length::Asked(path)) => quote!(::core::option::Option::Some(|| #krate::Timeout::after(#path()))),
        Some(Length::Said(Timeout::Never)) => quote!(::core::option::Option::Some(|| #krate::Timeout::NEVER)),
        Some(Length::Said(said)) => {
            let millis = millis(Some(*said), 0);
            quote!(::core::option::Option::Some(|| #krate::Timeout::from_millis(#millis)))
        }
    };
    let Options { relevance_timeout, negative_timeout, lag, wait, tick, .. } = options;
    let times = [&options.timeout, relevance_timeout, negative_timeout, lag, wait, tick].map(timeout);
    let [lives, relevance, negative, lag, wait, tick] = times;
    let ticks = match &options.ticks {
        Some(ticks) => quote!(::core::option::Option::Some(#ticks)),
        None => quote!(::core::option::Option::None),
    };
    let (is_independent, digest) = (options.depends_on_nothing.is_some(), signature.digest());
    quote! {
        #krate::__private::Function {
            label: #label,
            signature: #shown,
            place: (::core::module_path!(), #digest),
            cache: #cache,
            timeout: #lives,
            relevance_timeout: #relevance,
            negative_timeout: #negative,
            lag: #lag,
            wait: #wait,
            tick: #tick,
            ticks: #ticks,
            is_independent: #is_independent,
        }
    }
}
