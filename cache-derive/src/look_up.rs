//! Reads the list of `unique(..)` and `scope(..)`: columns, and the function that normalises their value.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Ident, Path, Result, Token};

use crate::attr;
use crate::diagnostics::Diagnostics;
use crate::recover;

/// What stands in the parentheses; without columns if it holds a mistake that is already recorded.
#[derive(Default)]
pub(crate) struct LookupList {
    pub(crate) columns: Vec<Ident>,
    pub(crate) with: Option<With>,
}

/// `with = path`.
pub(crate) struct With {
    pub(crate) name: Ident,
    pub(crate) path: Path,
}

enum Element {
    Column(Ident),
    With(With),
}

/// Reads `(column, .., with = path)`.
pub(crate) fn read(input: ParseStream<'_>, diagnostics: &mut Diagnostics, option: &str) -> Result<LookupList> {
    let mut list = LookupList::default();
    for element in recover::list(input, diagnostics, element)? {
        match element {
            Element::Column(column) => list.columns.push(column),
            Element::With(with) if list.with.is_some() => {
                let message = format!("`with` is given twice in `{option}`, keep one of them");
                return Err(Error::new(with.name.span(), message));
            }
            Element::With(with) => list.with = Some(with),
        }
    }
    match &list.with {
        Some(with) if list.columns.is_empty() => {
            let message = format!("`with` needs a column: `{option}(column, with = path)`");
            Err(Error::new(with.name.span(), message))
        }
        Some(with) if list.columns.len() > 1 => {
            let message = format!(
                "`with` is for the value of one column, and `{option}` names {}: leave it out",
                list.columns.len()
            );
            Err(Error::new(with.name.span(), message))
        }
        _ => Ok(list),
    }
}

fn element(input: ParseStream<'_>) -> Result<Element> {
    let name = attr::column(input)?;
    if name != "with" || !input.peek(Token![=]) {
        return Ok(Element::Column(name));
    }
    input.parse::<Token![=]>()?;
    let path = Path::parse_mod_style(input).map_err(|error| {
        Error::new(error.span(), "expected the path of a function without quotes, such as `str::to_lowercase`")
    })?;
    Ok(Element::With(With { name: name.unraw(), path }))
}
