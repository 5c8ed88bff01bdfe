//! Makes the names of tables, fields and types from those of models and columns.

use proc_macro2::Span;
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Ident, Path, parse_str};

use crate::tokens::located;

/// Names the table as Diesel does without a `table_name`.
pub(crate) fn inferred_table(model: &Ident) -> Path {
    Ident::new(&format!("{}s", underscored(model)), located(model.span())).into()
}

/// The model's name as that of a field.
pub(crate) fn snake_case(model: &Ident) -> Ident {
    let name = underscored(model);
    parse_str(&name).unwrap_or_else(|_| format_ident!("r#{name}", span = Span::call_site()))
}

pub(crate) fn camel_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('_').map(capitalized).collect()
}

fn underscored(model: &Ident) -> String {
    let mut name = String::new();
    for (index, letter) in model.unraw().to_string().chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_inferred_as_diesel_does() {
        let table = [("Product", "products"), ("FooBar", "foo_bars"), ("HTTPLog", "h_t_t_p_logs")];
        for (model, expected) in table {
            let path = inferred_table(&Ident::new(model, Span::call_site()));
            assert!(path.is_ident(expected), "{model}");
        }
    }

    #[test]
    fn names_become_camel_case() {
        let table = [("slug", "Slug"), ("category_id", "CategoryId"), ("_a1_b", "A1B")];
        for (name, expected) in table {
            assert_eq!(camel_case(name), expected);
        }
    }
}
