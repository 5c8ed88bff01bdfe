//! Writes a cached function, and the module of its name that ends and stores what it gives.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Visibility;
use syn::ext::IdentExt as _;

use super::options::{Options, Span};
use super::signature::{Argument, Signature};
use crate::parse::timeout::{Timeout, millis};

pub(crate) fn function(options: &Options, signature: &Signature) -> TokenStream {
    let krate = options.krate.as_ref().map_or_else(|| quote!(::cache_diesel), |path| quote!(#path));
    let Signature { attributes, visibility, name, generics, output, body, .. } = signature;
    let condition = &generics.where_clause;
    let plain = name.unraw();
    let [declared, entry, invalidate, invalidate_all, prime] =
        ["", "_entry", "_invalidate", "_invalidate_all", "_prime"].map(|end| format_ident!("__{plain}{end}"));
    let label = options.label.as_ref().map_or_else(|| plain.to_string(), |label| label.value());
    let declaration = declaration(options, signature, &krate, &label);

    let all: Vec<&Argument> = signature.arguments.iter().collect();
    let keyed: Vec<&Argument> = all.iter().copied().filter(|argument| !argument.is_skipped).collect();
    let names: Vec<_> = all.iter().map(|argument| &argument.name).collect();
    let key_names: Vec<_> = keyed.iter().map(|argument| &argument.name).collect();
    let (typed, passed): (Vec<_>, Vec<_>) = all.iter().map(|it| (it.typed(), it.passed())).unzip();
    let key_passed: Vec<_> = keyed.iter().map(|argument| argument.passed()).collect();
    let key = match &options.key {
        Some(path) => quote!(&#path(#(&#key_names),*)),
        None => quote!(&(#(&#key_names,)*)),
    };
    let shown = quote!(::core::format_args!("{:?}", (#(&#key_names,)*)));
    let (asynchronous, awaiting) =
        (signature.is_async.then(|| quote!(async)), signature.is_async.then(|| quote!(.await)));
    let run = if signature.is_async { quote!(entry_async) } else { quote!(entry) };
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

        #krate::__private::inventory::submit! { #krate::__private::Declared(&#declared) }

        #[doc(hidden)]
        #visibility #asynchronous fn #entry #generics(#(#passed),*) -> #result #condition {
            #asynchronous fn body #generics(#(#typed),*) -> #output #condition #body

            match #declared.cache() {
                ::core::option::Option::Some(cache) => {
                    let computation = #declared.computation(&cache, #key, #shown);
                    computation.#run(#asynchronous move || body(#(#names),*)#awaiting)#awaiting
                }
                ::core::option::Option::None => body(#(#names),*)#awaiting.map(#krate::__private::uncached),
            }
        }

        #[doc(hidden)]
        #[allow(dead_code, clippy::needless_pass_by_value, reason = "generated")]
        #visibility fn #invalidate #generics(#(#key_passed),*) -> #krate::Result<()> {
            #declared.invalidate(#key, #shown)
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
                #declared.computation(&cache, #key, #shown).prime(value);
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

fn declaration(options: &Options, signature: &Signature, krate: &TokenStream, label: &str) -> TokenStream {
    let shown = signature.shown();
    let cache = options.cache.as_ref().map_or_else(|| "default".to_owned(), |cache| cache.value());
    let timeout = |span: &Option<Span>| match span {
        None => quote!(::core::option::Option::None),
        Some(Span::Asked(path)) => quote!(::core::option::Option::Some(|| #krate::Timeout::after(#path()))),
        Some(Span::Said(Timeout::Never)) => quote!(::core::option::Option::Some(|| #krate::Timeout::NEVER)),
        Some(Span::Said(said)) => {
            let millis = millis(Some(*said), 0);
            quote!(::core::option::Option::Some(|| #krate::Timeout::from_millis(#millis)))
        }
    };
    let times = [&options.timeout, &options.relevance_timeout, &options.negative_timeout, &options.wait].map(timeout);
    let [lives, relevance, negative, wait] = times;
    let is_independent = options.depends_on_nothing.is_some();
    quote! {
        #krate::__private::Function {
            label: #label,
            signature: #shown,
            cache: #cache,
            timeout: #lives,
            relevance_timeout: #relevance,
            negative_timeout: #negative,
            wait: #wait,
            is_independent: #is_independent,
        }
    }
}
