//! Tests of what is read off a function, and of what is said of mistakes.

use quote::quote;
use syn::parse::Parser as _;

use super::*;

fn messages(arguments: TokenStream, item: TokenStream) -> Vec<String> {
    let mut diagnostics = Diagnostics::default();
    let options = options::Options::read(arguments, &mut diagnostics);
    match signature::read.parse2(item) {
        Ok(signature) => options.check(&signature.checked(&mut diagnostics), &mut diagnostics),
        Err(error) => diagnostics.error(error.span(), error),
    }
    diagnostics.messages()
}

#[test]
fn options_are_in_alphabetical_order_and_named_by_their_usage() {
    options::OPTIONS.assert_is_in_order();
}

#[test]
fn mistakes_are_told_all_at_once() {
    let item = quote!(
        fn shelf<T>(#[cached_fn(skp)] conn: &mut C, id: i32) {}
    );
    let told = messages(quote!(lable = "shelf", timeout = "1 huor", timeout = settings::hour), item);
    assert_eq!(told.len(), 5, "{told:#?}");
    assert!(told[0].contains("unknown option `lable` of `cached_fn`") && told[0].contains("did you mean `label`?"));
    assert!(told[1].contains("unknown unit `huor`"));
    assert_eq!(told[2], "an argument has one option: `#[cached_fn(skip)]`");
    assert!(told[3].starts_with("a cached function gives a `Result<T, E>`"));
    assert!(told[4].starts_with("a cached function cannot be generic"));
}

#[test]
fn what_is_no_function_is_said_kindly() {
    let told = messages(
        quote!(),
        quote!(
            struct Shelf;
        ),
    );
    assert_eq!(told, ["`cached_fn` goes before a function: `fn name(..) -> Result<T, E> { .. }`"]);
    let told = messages(
        quote!(),
        quote!(
            fn get(&self) -> Result<i32, Error> {
                Ok(1)
            }
        ),
    );
    assert_eq!(told, ["an argument of a cached function is written `name: Type`; a method cannot be cached"]);
}

#[test]
fn options_that_contradict_each_other_or_the_function_are_told() {
    let told = messages(
        quote!(in_background, lag = "never", tick = "never", ticks = 0, wait = "1 second"),
        quote!(
            async fn shelf(conn: &mut C, id: i32) -> Result<i32, Error> {
                Ok(id)
            }
        ),
    );
    assert_eq!(
        told,
        [
            "`ticks` ticks are how long to wait: leave `wait` out, or `ticks`",
            "expected how many ticks to wait: a whole number from 1 on",
            "`lag` cannot be \"never\"",
            "`tick` cannot be \"never\"",
            "`in_background` needs a `relevance_timeout`: before it nothing is refreshed",
            "an `async fn` is refreshed by a task: say what spawns it, as in `in_background = tokio::spawn`",
            "`in_background` takes `conn` along: expected a type of its own, such as a pool, not a reference",
        ]
    );
    let told = messages(
        quote!(ticks = 3),
        quote!(
            fn shelf(id: i32) -> Result<i32, Error> {
                Ok(id)
            }
        ),
    );
    assert_eq!(told, ["`ticks` needs the length of one: `tick = \"100 milliseconds\"`"]);
}

#[test]
fn a_mistake_leaves_the_function_as_it_was_typed() {
    let item = quote!(
        pub async fn shelf(#[cached_fn(skip)] mut conn: C, id: i32) -> Result<i32, Error> {
            Ok(id)
        }
    );
    let code = cached_fn(quote!(timeot = 5), item).to_string();
    assert!(code.contains("compile_error"));
    assert!(
        code.ends_with("pub async fn shelf (mut conn : C , id : i32) -> Result < i32 , Error > { Ok (id) }"),
        "{code}"
    );
}
