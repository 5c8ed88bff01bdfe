//! Reads one relation of `prefetch_related(..)`: whose rows, by which link, of which row, in which order.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Ident, Result, Token, Type};

use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::parse::order_by::{self, OrderBy};
use crate::parse::recover;
use crate::parse::view::join::{field, is_model};

/// One field of rows that are loaded by a statement of their own.
pub(crate) struct Prefetch {
    /// Whether each row comes with the one that links it.
    pub(crate) keeps_link: bool,
    pub(crate) link: Option<Type>,
    pub(crate) model: Type,
    pub(crate) name: Ident,
    /// The joined row that they belong to, if it is not the model's own.
    pub(crate) of: Option<Ident>,
    pub(crate) order: Vec<OrderBy>,
}

const EXAMPLE: &str = "tags: Tag through ProductTag";
const CLAUSES: [&str; 3] = ["of", "order_by", "through"];

/// Reads `field: Model through Link of joined order_by(column, ..)`.
pub(super) fn read(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<Prefetch> {
    let (name, ty) = field(input, EXAMPLE)?;
    let (model, pair) = linked(ty)?;
    let mut prefetch = Prefetch { keeps_link: pair.is_some(), link: pair, model, name, of: None, order: Vec::new() };
    is_model(&prefetch.model, "a prefetched field is written with the model of its rows: it will be a `Vec` of them")?;
    while !input.is_empty() && !input.peek(Token![,]) {
        clause(&mut prefetch, input, diagnostics)?;
    }
    if let Some(link) = &prefetch.link {
        is_model(link, "a link is a model")?;
    }
    Ok(prefetch)
}

/// Takes `(Tag, ProductTag)` apart.
fn linked(ty: Type) -> Result<(Type, Option<Type>)> {
    let Type::Tuple(pair) = ty else { return Ok((ty, None)) };
    let message = "a pair holds a row and the one that links it, as in `tags: (Tag, ProductTag)`";
    let error = Error::new_spanned(&pair, message);
    let mut elements = pair.elems.into_iter();
    match (elements.next(), elements.next(), elements.next()) {
        (Some(model), Some(link), None) => Ok((model, Some(link))),
        _ => Err(error),
    }
}

fn clause(prefetch: &mut Prefetch, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<()> {
    let expected = || format!("expected `,` or one of: {}", CLAUSES.join(", "));
    let name = input.call(Ident::parse_any).map_err(|error| Error::new(error.span(), expected()))?;
    match name.to_string().as_str() {
        "of" => diagnostics.set(&mut prefetch.of, input.parse()?, &name),
        "order_by" => prefetch.order.extend(recover::list(input, diagnostics, order_by::column)?),
        "through" if prefetch.keeps_link => {
            let message = "the pair names the link already: leave `through` out";
            return Err(Error::new(name.span(), message));
        }
        "through" => diagnostics.set(&mut prefetch.link, input.parse()?, &name),
        other => {
            let hint = did_you_mean(other, CLAUSES);
            return Err(Error::new(name.span(), format!("unknown `{other}`, {}{hint}", expected())));
        }
    }
    Ok(())
}
