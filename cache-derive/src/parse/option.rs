//! Reads options by a table that names them all, one at a time.

use proc_macro2::{Delimiter, Group};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{End, ParseBuffer, ParseStream};
use syn::{Error, Ident, Result, Token};

use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::parse::recover;
use crate::parse::value::after_equals;

/// Every option of a `T` in alphabetical order: what is parsed and what messages list.
pub(crate) struct Table<T: 'static> {
    pub(crate) options: &'static [Spec<T>],
    /// Ends the message about an unknown option.
    pub(crate) owner: &'static str,
}

/// One option of a `T`.
pub(crate) struct Spec<T> {
    name: &'static str,
    usage: &'static str,
    read: fn(&mut T, &mut Argument<'_, '_>) -> Result<()>,
}

/// An option's name as it was typed, and what follows.
pub(crate) struct Argument<'a, 'input> {
    pub(crate) diagnostics: &'a mut Diagnostics,
    pub(crate) input: &'a ParseBuffer<'input>,
    pub(crate) name: Ident,
}

/// An option, how it is written, and how it is read.
pub(crate) const fn option<T>(
    name: &'static str,
    usage: &'static str,
    read: fn(&mut T, &mut Argument<'_, '_>) -> Result<()>,
) -> Spec<T> {
    Spec { name, usage, read }
}

impl<T> Table<T> {
    /// Reads one option into `target`.
    pub(crate) fn read(&self, target: &mut T, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<()> {
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| Error::new(error.span(), format!("expected one of: {}", self.names())))?;
        let text = name.to_string();
        let Some(spec) = self.options.iter().find(|spec| spec.name == text) else {
            let hint = did_you_mean(&text, self.options.iter().map(|spec| spec.name));
            let message = format!("unknown option `{text}`{}, expected one of: {}{hint}", self.owner, self.names());
            return Err(Error::new(name.span(), message));
        };
        if !spec.is_written_so(input) {
            return Err(Error::new(name.span(), format!("expected `{}`", spec.usage)));
        }
        (spec.read)(target, &mut Argument { diagnostics, input, name })
    }

    /// Whether there is an option of this name.
    pub(crate) fn has(&self, name: &Ident) -> bool {
        self.options.iter().any(|spec| name == spec.name)
    }

    fn names(&self) -> String {
        self.options.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", ")
    }

    #[cfg(test)]
    pub(crate) fn assert_is_in_order(&self) {
        assert!(self.options.is_sorted_by_key(|spec| spec.name));
        for spec in self.options {
            assert!(spec.usage.starts_with(spec.name), "{}", spec.name);
        }
    }
}

impl<T> Spec<T> {
    /// Whether what follows the name begins as the usage does.
    fn is_written_so(&self, input: ParseStream<'_>) -> bool {
        if self.usage.ends_with(')') && !self.usage.contains('=') {
            let list: Result<Group> = input.fork().parse();
            return list.is_ok_and(|list| list.delimiter() == Delimiter::Parenthesis && !list.stream().is_empty());
        }
        let is_over = input.is_empty() || input.peek(Token![,]);
        if self.usage == self.name {
            return is_over;
        }
        if self.usage.contains('[') && is_over {
            return true;
        }
        input.peek(Token![=]) && !input.peek2(Token![,]) && !input.peek2(End)
    }
}

impl Argument<'_, '_> {
    /// Reads `= value` into an option that is given once.
    pub(crate) fn once<V>(&mut self, slot: &mut Option<V>, read: fn(ParseStream<'_>) -> Result<V>) -> Result<()> {
        let value = read(after_equals(self.input)?)?;
        self.set(slot, value)
    }

    /// Keeps the value of an option that is given once.
    pub(crate) fn set<V>(&mut self, slot: &mut Option<V>, value: V) -> Result<()> {
        self.diagnostics.set(slot, value, &self.name);
        Ok(())
    }

    /// Adds `= value` to an option that may be given several times, with another value each time.
    pub(crate) fn another<V: ToTokens>(
        &mut self,
        values: &mut Vec<V>,
        read: fn(ParseStream<'_>) -> Result<V>,
    ) -> Result<()> {
        let value = read(after_equals(self.input)?)?;
        let text = value.to_token_stream().to_string();
        if values.iter().any(|other| other.to_token_stream().to_string() == text) {
            return Err(Error::new_spanned(
                value,
                format!("`{} = {text}` is given twice, keep one of them", self.name),
            ));
        }
        values.push(value);
        Ok(())
    }

    /// Adds the elements of `(element, ..)`; none if one is broken.
    pub(crate) fn list<V>(&mut self, list: &mut Vec<V>, element: fn(ParseStream<'_>) -> Result<V>) -> Result<()> {
        list.extend(recover::list(self.input, self.diagnostics, element)?);
        Ok(())
    }
}
