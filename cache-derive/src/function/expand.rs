//! Writes a cached function, and the module of its name that ends and stores what it gives.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Generics, Ident, Visibility};

use super::options::Options;
use super::signature::{Argument, Signature};
use crate::parse::timeout::{Length, Timeout, millis};

pub(crate) fn function(options: &Options, signature: &Signature) -> TokenStream {
    let krate = options.krate.as_ref().map_or_else(|| quote!(::cache_diesel), |path| quote!(#path));
    let Signature { attributes, visibility, name, generics, output, body, .. } = signature;
    let condition = &generics.where_clause;
    let plain = name.unraw();
    let [declared, entry, invalidate, invalidate_all, prime, key] =
        ["", "_entry", "_invalidate", "_invalidate_all", "_prime", "_key"].map(|end| format_ident!("__{plain}{end}"));
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
        (true, _) => quote!(computation.entry_async(async move || body(#(#names),*).await).await),
        (false, Some(_)) => quote!(computation.entry_refreshing((#(#names,)*), |(#(#names,)*)| body(#(#names),*))),
        (false, None) => quote!(computation.entry(move || body(#(#names),*))),
    };
    let result = quote!(#krate::__private::Computed<#output>);
    let used = match visibility {
        Visibility::Public(_) => quote!(pub),
        Visibility::Restricted(limit) if limit.path.is_ident("crate") => quote!(pub(crate)),
        _ => quote!(pub(super)),
    };
    let about = format!("Ends and stores what [`{plain}`](fn@{plain}) gives.");
    quote! {
        #(#attributes)*
        #visibility #asynchronous fn #name #generics(#(#passed),*) -> #output #condition {
            #entry(#(#names),*)#awaiting.map(|entry| entry.value)
        }

        #[doc(hidden)]
        #[allow(non_upper_case_globals, reason = "generated")]
        static #declared: #krate::__private::Function = #declaration;

        #key_function

        #krate::__private::inventory::submit! { #krate::__private::Declared(&#declared) }

        #[doc(hidden)]
        #visibility #asynchronous fn #entry #generics(#(#passed),*) -> #result #condition {
            #asynchronous fn body #generics(#(#typed),*) -> #output #condition #body

            match #declared.cache() {
                ::core::option::Option::Some(cache) => {
                    let computation = #declared.computation(&cache, #key);
                    #run
                }
                ::core::option::Option::None => body(#(#names),*)#awaiting.map(#krate::__private::uncached),
            }
        }

        #[doc(hidden)]
        #[allow(dead_code, clippy::needless_pass_by_value, reason = "generated")]
        #visibility fn #invalidate #generics(#(#key_passed),*) -> #krate::Result<()> {
            #declared.invalidate(#key)
        }

        #[doc(hidden)]
        #[allow(dead_code, reason = "generated")]
        #visibility fn #invalidate_all() -> #krate::Result<()> {
            #declared.invalidate_all()
        }

        #[doc(hidden)]
        #[allow(dead_code, clippy::needless_pass_by_value, reason = "generated")]
        #visibility fn #prime #generics(#(#key_passed,)* value: <#output as #krate::__private::Outcome>::Value) {
            if let ::core::option::Option::Some(cache) = #declared.cache() {
                #declared.computation(&cache, #key).prime(value);
            }
        }

        #[doc = #about]
        #[allow(unused_imports, reason = "generated")]
        #visibility mod #name {
            #used use super::{
                #entry as entry, #invalidate as invalidate, #invalidate_all as invalidate_all, #prime as prime,
            };
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
    let (names, kinds): (Vec<_>, Vec<_>) = keyed.iter().map(|argument| (&argument.name, &argument.kind)).unzip();
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
    let is_independent = options.depends_on_nothing.is_some();
    quote! {
        #krate::__private::Function {
            label: #label,
            signature: #shown,
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
