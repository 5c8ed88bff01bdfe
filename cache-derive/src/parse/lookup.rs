//! Reads `unique(..)` and `scope(..)`: columns, and the function that normalises their value.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Ident, Path, Result, Token};

use crate::parse::option::Argument;
use crate::parse::{recover, value};

/// A `unique(..)` or `scope(..)` as it was typed.
pub(crate) struct LookupAttr {
    pub(crate) columns: Vec<Ident>,
    pub(crate) is_unique: bool,
    pub(crate) name: Ident,
    pub(crate) with: Option<Path>,
}

enum Element {
    Column(Ident),
    With { name: Ident, path: Path },
}

/// Reads `(column, .., with = path)`; `None` if it holds a mistake that is already recorded.
pub(crate) fn read(argument: &mut Argument<'_, '_>) -> Result<Option<LookupAttr>> {
    let option = argument.name.clone();
    let mut columns = Vec::new();
    let mut normaliser = None;
    for element in recover::list(argument.input, argument.diagnostics, element)? {
        match element {
            Element::Column(column) => columns.push(column),
            Element::With { name, .. } if normaliser.is_some() => {
                let message = format!("`with` is given twice in `{option}`, keep one of them");
                return Err(Error::new(name.span(), message));
            }
            Element::With { name, path } => normaliser = Some((name, path)),
        }
    }
    let with = normaliser.map(|(name, path)| is_of_one_column(&option, &name, &columns).map(|()| path)).transpose()?;
    let lookup = LookupAttr { columns, is_unique: option == "unique", name: option, with };
    Ok((!lookup.columns.is_empty()).then_some(lookup))
}

fn is_of_one_column(option: &Ident, with: &Ident, columns: &[Ident]) -> Result<()> {
    let message = match columns.len() {
        0 => format!("`with` needs a column: `{option}(column, with = path)`"),
        1 => return Ok(()),
        count => format!("`with` is for the value of one column, and `{option}` names {count}: leave it out"),
    };
    Err(Error::new(with.span(), message))
}

fn element(input: ParseStream<'_>) -> Result<Element> {
    let name = value::column(input)?;
    if name != "with" || !input.peek(Token![=]) {
        return Ok(Element::Column(name));
    }
    input.parse::<Token![=]>()?;
    let path = Path::parse_mod_style(input).map_err(|error| {
        Error::new(error.span(), "expected the path of a function without quotes, such as `str::to_lowercase`")
    })?;
    Ok(Element::With { name: name.unraw(), path })
}
