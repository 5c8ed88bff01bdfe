//! Reads the options of `#[cached_fn(..)]`.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Ident, LitInt, LitStr, Path, Token, Type};

use super::signature::Signature;
use crate::diagnostics::Diagnostics;
use crate::parse::option::{Table, option};
use crate::parse::recover;
use crate::parse::timeout::{Length, Timeout};
use crate::parse::value::{self, after_equals};

/// Everything that `#[cached_fn(..)]` says.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) cache: Option<LitStr>,
    pub(crate) depends_on_nothing: Option<Ident>,
    pub(crate) key: Option<Path>,
    /// With what spawns the task, if it is awaited.
    pub(crate) in_background: Option<(Ident, Option<Path>)>,
    pub(crate) krate: Option<Path>,
    pub(crate) label: Option<LitStr>,
    pub(crate) lag: Option<Length>,
    pub(crate) negative_timeout: Option<Length>,
    pub(crate) relevance_timeout: Option<Length>,
    pub(crate) tick: Option<Length>,
    pub(crate) ticks: Option<LitInt>,
    pub(crate) timeout: Option<Length>,
    pub(crate) wait: Option<Length>,
}

pub(crate) const OPTIONS: Table<Options> = Table {
    owner: " of `cached_fn`",
    options: &[
        option("cache", "cache = \"sessions\"", |all, it| it.once(&mut all.cache, value::cache)),
        option("crate", "crate = path", |all, it| it.once(&mut all.krate, value::path)),
        option("depends_on_nothing", "depends_on_nothing", |all, it| {
            it.set(&mut all.depends_on_nothing, it.name.clone())
        }),
        option("in_background", "in_background[ = path]", |all, it| {
            let spawn = if it.input.peek(Token![=]) { Some(value::function(after_equals(it.input)?)?) } else { None };
            it.set(&mut all.in_background, (it.name.clone(), spawn))
        }),
        option("key", "key = path", |all, it| it.once(&mut all.key, value::function)),
        option("label", "label = \"name\"", |all, it| it.once(&mut all.label, value::label)),
        option("lag", "lag = \"5 seconds\"", |all, it| it.once(&mut all.lag, Length::read)),
        option("negative_timeout", "negative_timeout = \"1 minute\"", |all, it| {
            it.once(&mut all.negative_timeout, Length::read)
        }),
        option("relevance_timeout", "relevance_timeout = \"10 minutes\"", |all, it| {
            it.once(&mut all.relevance_timeout, Length::read)
        }),
        option("tick", "tick = \"100 milliseconds\"", |all, it| it.once(&mut all.tick, Length::read)),
        option("ticks", "ticks = 20", |all, it| it.once(&mut all.ticks, |input| input.parse())),
        option("timeout", "timeout = \"1 hour\"", |all, it| it.once(&mut all.timeout, Length::read)),
        option("wait", "wait = \"2 seconds\"", |all, it| it.once(&mut all.wait, Length::read)),
    ],
};

impl Options {
    pub(crate) fn read(arguments: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let read = |input: ParseStream<'_>| {
            recover::separated(input, diagnostics, |input, diagnostics| OPTIONS.read(&mut options, input, diagnostics));
            Ok(())
        };
        let read = read.parse2(arguments);
        diagnostics.take(read);
        options
    }

    /// Records what contradicts itself, or the function.
    pub(crate) fn check(&self, signature: &Signature, diagnostics: &mut Diagnostics) {
        if let Some(ticks) = &self.ticks {
            if self.wait.is_some() {
                diagnostics.error(ticks.span(), "`ticks` ticks are how long to wait: leave `wait` out, or `ticks`");
            } else if self.tick.is_none() {
                diagnostics.error(ticks.span(), "`ticks` needs the length of one: `tick = \"100 milliseconds\"`");
            }
            if !matches!(ticks.base10_parse::<u32>(), Ok(1..)) {
                diagnostics.error(ticks.span(), "expected how many ticks to wait: a whole number from 1 on");
            }
        }
        for (name, span) in [("lag", &self.lag), ("tick", &self.tick)] {
            if let Some(Length::Said(Timeout::Never)) = span {
                let message = format!("`{name}` cannot be \"never\"");
                diagnostics.error(signature.name.span(), message);
            }
        }
        if let Some((word, spawn)) = &self.in_background {
            self.check_background((word, spawn.as_ref()), signature, diagnostics);
        }
    }

    fn check_background(
        &self,
        (word, spawn): (&Ident, Option<&Path>),
        signature: &Signature,
        diagnostics: &mut Diagnostics,
    ) {
        if self.relevance_timeout.is_none() {
            let message = "`in_background` needs a `relevance_timeout`: before it nothing is refreshed";
            diagnostics.error(word.span(), message);
        }
        match spawn {
            None if signature.is_async => {
                let message =
                    "an `async fn` is refreshed by a task: say what spawns it, as in `in_background = tokio::spawn`";
                diagnostics.error(word.span(), message);
            }
            Some(path) if !signature.is_async => {
                let message =
                    "a function that blocks is refreshed on a thread of the cache's: write `in_background` alone";
                diagnostics.error(path.span(), message);
            }
            _ => {}
        }
        let borrowed = signature.arguments.iter().filter(|argument| matches!(argument.kind, Type::Reference(_)));
        for argument in borrowed {
            let name = &argument.name;
            let message = format!(
                "`in_background` takes `{name}` along: expected a type of its own, such as a pool, not a reference"
            );
            diagnostics.error(name.span(), message);
        }
    }
}
