//! Reads what `#[diesel(..)]` says about tables and columns, and skips what only Diesel needs.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Error, Ident, LitStr, Path, Result, Token, parenthesized, parse_str};

use crate::diagnostics::Diagnostics;
use crate::parse::recover::{self, skip_element};
use crate::tokens::compact;

/// The primary key's columns and where they were typed.
pub(crate) struct PrimaryKey {
    pub(crate) columns: Vec<Ident>,
    pub(crate) span: Span,
}

/// What the struct's attributes say.
#[derive(Default)]
pub(crate) struct StructAttrs {
    /// Where a query is given to `HasQuery`.
    pub(crate) base_query: Option<Span>,
    pub(crate) primary_key: Option<PrimaryKey>,
    pub(crate) table: Option<Path>,
}

/// What a field's attributes say.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) column: Option<Ident>,
    pub(crate) is_embedded: bool,
    /// The options that change what is selected or how it is decoded, as written.
    pub(crate) projection: String,
}

impl StructAttrs {
    pub(crate) fn read(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut attrs = Self::default();
        each_option(attributes, diagnostics, |name, input| {
            if name == "table_name" {
                attrs.table = Some(table(input)?);
            } else if name == "primary_key" {
                attrs.primary_key = Some(primary_key(input)?);
            } else {
                if name == "base_query" {
                    attrs.base_query = Some(name.span());
                }
                skip_element(input);
            }
            Ok(())
        });
        attrs
    }
}

impl FieldAttrs {
    pub(crate) fn read(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut attrs = Self::default();
        each_option(attributes, diagnostics, |name, input| {
            match name.to_string().as_str() {
                "column_name" => attrs.column = Some(column(input)?),
                "deserialize_as" | "select_expression" => attrs.projection += &raw(name, input),
                "embed" => attrs.is_embedded = true,
                _ => skip_element(input),
            }
            Ok(())
        });
        attrs
    }
}

/// Calls `read` for every option; what is no option at all is left to Diesel, which reports it.
fn each_option(
    attributes: &[Attribute],
    diagnostics: &mut Diagnostics,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("diesel")) {
        let _ = attribute.parse_args_with(|input: ParseStream<'_>| {
            recover::separated(input, diagnostics, |input, _| match input.call(Ident::parse_any) {
                Ok(name) => read(&name, input),
                Err(_) => {
                    skip_element(input);
                    Ok(())
                }
            });
            Ok(())
        });
    }
}

fn table(input: ParseStream<'_>) -> Result<Path> {
    input.parse::<Token![=]>()?;
    Path::parse_mod_style(input)
        .map_err(|error| Error::new(error.span(), "expected the path of a `table!` module, such as `schema::products`"))
}

fn primary_key(input: ParseStream<'_>) -> Result<PrimaryKey> {
    let content;
    let span = parenthesized!(content in input).span.join();
    let columns = content.parse_terminated(Ident::parse_any, Token![,])?;
    Ok(PrimaryKey { columns: columns.into_iter().collect(), span })
}

/// Reads `= name` or `= "name"`.
fn column(input: ParseStream<'_>) -> Result<Ident> {
    input.parse::<Token![=]>()?;
    if !input.peek(LitStr) {
        return input.call(Ident::parse_any).map(|name| unkeyworded(&name));
    }
    let name: LitStr = input.parse()?;
    let text = name.value();
    let ident = parse_str::<Ident>(&text).or_else(|_| parse_str::<Ident>(&format!("r#{text}")));
    let mut ident = ident.map_err(|_| {
        let message = format!("`{text}` is not an identifier, write the column's name in `table!`");
        Error::new(name.span(), message)
    })?;
    ident.set_span(name.span());
    Ok(ident)
}

/// Makes a keyword usable as a name.
fn unkeyworded(name: &Ident) -> Ident {
    let text = name.unraw().to_string();
    match parse_str::<Ident>(&text) {
        Ok(_) => name.clone(),
        Err(_) => Ident::new_raw(&text, name.span()),
    }
}

/// The option without white space, which compilers print differently.
fn raw(name: &Ident, input: ParseStream<'_>) -> String {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend(input.parse::<TokenTree>());
    }
    format!(";{name}{}", compact(&tokens))
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use super::*;

    #[test]
    fn struct_attributes_are_read_leniently() {
        let input: DeriveInput = parse_quote! {
            #[diesel(check_for_backend(diesel::pg::Pg), treat_none_as_null = true, belongs_to(Category, foreign_key = x))]
            #[diesel(base_query = users::table.left_join::<A, B>(x), table_name = crate::schema::products)]
            #[diesel("stray", primary_key(r#type, id))]
            struct Product;
        };
        let mut diagnostics = Diagnostics::default();
        let attrs = StructAttrs::read(&input.attrs, &mut diagnostics);
        let table = attrs.table.expect("a table is named");
        assert_eq!(table.segments.last().expect("a path has segments").ident, "products");
        assert_eq!(attrs.primary_key.expect("a key is named").columns, ["r#type", "id"]);
        assert!(attrs.base_query.is_some());
        assert!(diagnostics.messages().is_empty());
    }

    #[test]
    fn column_names_may_be_identifiers_or_strings() {
        let table = [
            ("column_name = title", "title"),
            ("column_name = \"title\"", "title"),
            ("column_name = \"type\"", "r#type"),
            ("column_name = r#type", "r#type"),
            ("sql_type = Vec<A, B>, column_name = type, embed", "r#type"),
        ];
        for (options, expected) in table {
            let source = format!("#[diesel({options})] struct Field;");
            let input: DeriveInput = parse_str(&source).expect("a source is an item");
            let attrs = FieldAttrs::read(&input.attrs, &mut Diagnostics::default());
            assert_eq!(attrs.column.expect("a column is named"), expected, "{options}");
        }
    }

    #[test]
    fn projections_are_kept_without_white_space() {
        let input: DeriveInput = parse_quote! {
            #[diesel(select_expression = a.eq( b ), deserialize_as = Option<String>, embed)]
            struct Field;
        };
        let attrs = FieldAttrs::read(&input.attrs, &mut Diagnostics::default());
        assert_eq!(attrs.projection, ";select_expression=a.eq(b);deserialize_as=Option<String>");
        assert!(attrs.is_embedded);
    }

    #[test]
    fn bad_names_are_reported() {
        let table = [
            ("column_name = \"my column\"", "`my column` is not an identifier, write the column's name in `table!`"),
            ("column_name title", "expected `=`"),
        ];
        for (options, expected) in table {
            let source = format!("#[diesel({options})] struct Field;");
            let input: DeriveInput = parse_str(&source).expect("a source is an item");
            let mut diagnostics = Diagnostics::default();
            FieldAttrs::read(&input.attrs, &mut diagnostics);
            assert_eq!(diagnostics.messages(), [expected], "{options}");
        }
    }
}
