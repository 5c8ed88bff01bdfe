//! Reads the signature of a function: no more of the language than that takes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Generics, Ident, Result, Token, Type, Visibility, parenthesized};

use crate::diagnostics::Diagnostics;

/// A function.
pub(crate) struct Signature {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) is_async: bool,
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Option<Type>,
    pub(crate) body: TokenStream,
}

/// One argument: `name: Type`.
pub(crate) struct Argument {
    attributes: Vec<Attribute>,
    is_mutable: bool,
    pub(crate) name: Ident,
    pub(crate) kind: Type,
    /// It is no part of the key.
    pub(crate) is_skipped: bool,
}

pub(crate) fn read(input: ParseStream<'_>) -> Result<Signature> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    let is_async = input.parse::<Option<Token![async]>>()?.is_some();
    let expected = "`cached_fn` goes before a function: `fn name(..) -> Result<T, E> { .. }`";
    input.parse::<Token![fn]>().map_err(|error| Error::new(error.span(), expected))?;
    let name: Ident = input.parse()?;
    let mut generics: Generics = input.parse()?;
    let content;
    parenthesized!(content in input);
    let arguments = Punctuated::<Argument, Token![,]>::parse_terminated_with(&content, Argument::read)?;
    let output = input.parse::<Option<Token![->]>>()?.map(|_| input.parse()).transpose()?;
    generics.where_clause = input.parse()?;
    let (arguments, body) = (arguments.into_iter().collect(), input.parse()?);
    Ok(Signature { attributes, visibility, is_async, name, generics, arguments, output, body })
}

impl Argument {
    fn read(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let is_mutable = input.parse::<Option<Token![mut]>>()?.is_some();
        let expected = "an argument of a cached function is written `name: Type`; a method cannot be cached";
        let name = input.call(Ident::parse_any).map_err(|error| Error::new(error.span(), expected))?;
        input.parse::<Token![:]>().map_err(|_| Error::new(name.span(), expected))?;
        Ok(Self { attributes, is_mutable, name, kind: input.parse()?, is_skipped: false })
    }

    fn check(&mut self, diagnostics: &mut Diagnostics) {
        let (own, others): (Vec<_>, _) =
            self.attributes.drain(..).partition(|attribute| attribute.path().is_ident("cached_fn"));
        self.attributes = others;
        for attribute in own {
            match attribute.parse_args::<Ident>() {
                Ok(word) if word == "skip" => self.is_skipped = true,
                _ => diagnostics.error(self.name.span(), "an argument has one option: `#[cached_fn(skip)]`"),
            }
        }
    }

    /// As it was typed, without our options.
    pub(crate) fn typed(&self) -> TokenStream {
        let (attributes, name, kind) = (&self.attributes, &self.name, &self.kind);
        let mutable = self.is_mutable.then(|| quote!(mut));
        quote!(#(#attributes)* #mutable #name: #kind)
    }

    /// The same where it is passed on.
    pub(crate) fn passed(&self) -> TokenStream {
        let (name, kind) = (&self.name, &self.kind);
        quote!(#name: #kind)
    }
}

impl Signature {
    /// The same; what cannot be is recorded.
    pub(crate) fn checked(mut self, diagnostics: &mut Diagnostics) -> Self {
        for argument in &mut self.arguments {
            argument.check(diagnostics);
        }
        if self.output.is_none() {
            let message = "a cached function gives a `Result<T, E>`: an error is given on, and never kept";
            diagnostics.error(self.name.span(), message);
        }
        if self.generics.type_params().next().is_some() || self.generics.const_params().next().is_some() {
            let message = "a cached function cannot be generic: all calls of one label give values of one type";
            diagnostics.error(self.name.span(), message);
        }
        self
    }

    /// The function as it was typed, without our options.
    pub(crate) fn plain(&self) -> TokenStream {
        let Self { attributes, visibility, name, generics, output, body, .. } = self;
        let (asynchronous, condition) = (self.is_async.then(|| quote!(async)), &generics.where_clause);
        let arguments = self.arguments.iter().map(Argument::typed);
        let output = output.as_ref().map(|output| quote!(-> #output));
        quote!(#(#attributes)* #visibility #asynchronous fn #name #generics(#(#arguments),*) #output #condition #body)
    }

    /// A number that is another one once the function says something else.
    pub(crate) fn digest(&self) -> u64 {
        let Self { name, output, body, .. } = self;
        let arguments = self.arguments.iter().map(Argument::passed);
        let said = quote!(#name(#(#arguments),*) #output #body).to_string();
        let mut hasher = DefaultHasher::new();
        said.hash(&mut hasher);
        hasher.finish()
    }

    /// How it is shown.
    pub(crate) fn shown(&self) -> String {
        // Tokens are printed with spaces between them.
        const SPACED: [(&str, &str); 6] =
            [(" :: ", "::"), (" < ", "<"), (" >", ">"), (" , ", ", "), ("& ", "&"), (" <", "<")];
        let shown = |kind: &Type| {
            SPACED.iter().fold(kind.to_token_stream().to_string(), |text, (spaced, close)| text.replace(spaced, close))
        };
        let arguments: Vec<String> =
            self.arguments.iter().map(|it| format!("{}: {}", it.name, shown(&it.kind))).collect();
        let output = self.output.as_ref().map_or_else(String::new, |output| format!(" -> {}", shown(output)));
        format!("fn {}({}){output}", self.name, arguments.join(", "))
    }
}
