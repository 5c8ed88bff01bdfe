//! The macros of `cache-diesel`: the derive writes the cache manager of a Diesel model, `cached_fn` caches a function.
//!
//! Use it through `cache_diesel::prelude`, which re-exports [`Cached`]; the generated code names `::cache_diesel`.

mod columns;
mod diagnostics;
mod expand;
mod fallback;
mod function;
mod model;
mod names;
mod parse;
mod read;
mod tokens;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

/// Writes the cache manager of a Diesel model.
///
/// For `struct Product` it generates `Product::cached()` and `Product::cached_in("name")`, which give a `Copy` handle of
/// the type `ProductManager`. It asks for a struct with named fields, without generics and lifetimes. The table is read
/// from `#[diesel(table_name = ..)]` or inferred as Diesel does, the key from `#[diesel(primary_key(..))]` or else `id`.
/// `Clone`, serde and `Identifiable` are not needed.
///
/// # Options
///
/// All are options of `#[cached(..)]`; several attributes add up.
///
/// | option | meaning |
/// |---|---|
/// | `after_delete = path` | a `fn(&Saved<Self>)` that is called once a delete through the manager is committed; as often as there are functions |
/// | `after_save = path` | the same for inserts and updates |
/// | `base_query = path` | a function without arguments that gives the query that rows are read by; without `= path` Diesel's `HasQuery` says it, as it does by itself where there is a `#[diesel(base_query = ..)]` |
/// | `cache = "sessions"` | the cache of `cached()`; the default one if left out |
/// | `cascaded_by(Model, table, ..)` | deletes from these tables delete rows of this one |
/// | `crate = path` | where `cache_diesel` is, if it was renamed |
/// | `depends_on(Model, table, ..)` | any write to these tables may change what is read |
/// | `detail_relevance_timeout = "10 seconds"` | `relevance_timeout` for rows only |
/// | `detail_timeout = "1 minute"` | how long a row lives |
/// | `error = Type` | what `require` fails with; `diesel::result::Error` if left out |
/// | `exact(column, ..)` | columns that are compared byte by byte, which the database is asked: one that says otherwise is reported |
/// | `expires_at = column` | the moment at which a row ends, and every list that it is in |
/// | `fixed(column, ..)` | columns that a row keeps for life: a save leaves the scopes that the row is not in |
/// | `jitter = "10%"` | lives are shorter by up to so much, or by up to a length of time |
/// | `key = "name"` | the name in the cache; the table's SQL name if left out |
/// | `key_version = 2` | part of every key: entries of another version are never read |
/// | `list_relevance_timeout = "1 minute"` | `relevance_timeout` for lists, scopes and counts only |
/// | `list_timeout = "1 day"` | how long lists, counts and scopes live |
/// | `max_rows = 1000` | lists with more rows are given and not stored |
/// | `memory_only` | entries stay in the memory of the process, whatever the cache's store |
/// | `negative_timeout = "10 seconds"` | how long it is remembered that a row does not exist; not at all if left out |
/// | `on_stale = "bypass"` | reads go to the database once the auditor has found a stale entry; `"report"`: they do not, whatever the cache is told |
/// | `order_by = (column.asc(), ..)` | the order of lists that are asked for without one |
/// | `primary_key = identity.id` | where the primary key is, if it is in an embedded struct; several columns in parentheses |
/// | `relevance_timeout = "10 seconds"` | from then on an entry is stale: it is served at once, and refreshed in the background |
/// | `scope(column, ..)` | adds `all_by_column`: all rows that share the value |
/// | `scope(column, with = path)` | the same, for the value that the function makes of the one that is asked for |
/// | `unique(column, ..)` | adds `get_by_column`: the one row with the value |
/// | `view(Name, ..)` | a struct `Name` with rows that belong to this one: joined by `select_related(field: Model, ..)`, loaded by a statement of their own by `prefetch_related(field: Model, ..)` |
/// | `unique(column, with = path)` | the same, for the value that the function makes of the one that is asked for |
/// | `write_through` | a row that a write through the manager gives back is stored with it, once it is committed |
///
/// Instead of a length of time a timeout may be the path of a function that gives a `Duration`; it is asked once, when the
/// manager is first used: `detail_timeout = settings::product_life`.
///
/// A field has one option: `#[cached(with = module)]` stores it by `module::serialize` and `module::deserialize`, which
/// have the signatures of serde's `with`.
///
/// A timeout is `"1 day"`, `"1 hour 30 minutes"`, `"never"` or an integer of seconds; the units are milliseconds, seconds,
/// minutes, hours, days and weeks. Columns are named as in `table!`: a field with `#[diesel(column_name = ..)]` by its
/// column. A column whose field is written `Option<T>` takes an `Option<T>`, where `None` asks for `NULL`.
///
/// # Errors
///
/// Every mistake is a compile error at what was typed, all in one build. Among them: an unknown option or column, an
/// option given twice, a timeout of zero, a key that is not the primary key of the table, a key or value without
/// `Clone + Eq + Hash`, such as a float, a field's type without `Serialize + Deserialize`.
#[proc_macro_derive(Cached, attributes(cached, diesel))]
pub fn cached(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into()).into()
}

/// Caches what a function gives, by its arguments, until anything is written that it has read.
///
/// It goes before a function, `async` or not, that gives a `Result<T, E>`. Its arguments are its key: they are `Hash` and
/// `Debug`, but for those with `#[cached_fn(skip)]`, such as connections. Beside the function there is a type of its name
/// with `entry(..)`, `invalidate(..)` and `prime(.., value)`, which take the arguments of the key (`entry` all of them), and
/// `invalidate_all()`.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `cache = "sessions"` | the cache that keeps it; the default one if left out |
/// | `crate = path` | where `cache_diesel` is, if it was renamed |
/// | `depends_on_nothing` | it is kept though it reads nothing |
/// | `in_background` | a stale value is computed anew on a thread of the cache's; needs `relevance_timeout` |
/// | `in_background = tokio::spawn` | the same for an `async fn`, by a task that this function spawns |
/// | `key = path` | a function of references to the arguments of the key, whose result is the key |
/// | `label = "name"` | what it is counted and ended by hand under; the function's name if left out |
/// | `lag = "5 seconds"` | how far it may lag behind writes |
/// | `negative_timeout = "1 minute"` | how long `None` is kept |
/// | `relevance_timeout = "10 minutes"` | from then on the next caller computes it anew, and others get the old value |
/// | `tick = "100 milliseconds"` | how often another process that computes the same is asked meanwhile |
/// | `ticks = 20` | how many ticks to wait, in place of `wait` |
/// | `timeout = "1 hour"` | how long a value lives; the cache's `value_timeout` if left out |
/// | `wait = "2 seconds"` | how long to wait for somebody else who computes the same |
///
/// A length of time is written as those of [`Cached`], or as the path of a function that gives a `Duration`.
///
/// # Errors
///
/// Every mistake is a compile error at what was typed: an unknown option, a generic function, a method, one that gives no
/// `Result`.
#[proc_macro_attribute]
pub fn cached_fn(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    function::cached_fn(arguments.into(), item.into()).into()
}

/// Reports every mistake; what is left of the model still gets its code, so that its uses are not reported too.
fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut diagnostics = Diagnostics::default();
    let Some(model) = read::model(&input, &mut diagnostics) else {
        return fallback::cached(&input, &diagnostics);
    };
    let errors = diagnostics.to_compile_errors();
    let code = expand::cached(&model);
    quote!(#errors #code)
}
