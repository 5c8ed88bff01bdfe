//! Finds loads of `get_or_set` that would wait for themselves, and fails them.

use core::any::{Any, TypeId};
use std::cell::RefCell;
use std::error::Error as StdError;
use std::io;

use crate::cache::Cache;
use crate::error::{Error, ErrorKind};
use crate::name::key::CacheKey;
use crate::name::tag::Token;
use crate::store::Mark;
use crate::sync::RwLock;

/// What was seen of a slot before it is loaded; `None`: the store does not say.
type Seen = Option<(Mark, Token)>;

thread_local! {
    static LOADS: RefCell<Vec<(usize, CacheKey, Seen)>> = const { RefCell::new(Vec::new()) };
}

/// A load of this thread.
pub(super) struct Loading(());

impl Loading {
    /// The load of `key` begins, and lasts as long as this value.
    pub(super) fn begin(cache: &Cache, key: CacheKey, seen: Seen) -> Self {
        let _ = LOADS.try_with(|loads| loads.borrow_mut().push((cache.address(), key, seen)));
        Self(())
    }

    /// Whether this thread is in the middle of loading `key`. A load from before a change is another one.
    pub(super) fn is_under_way(cache: &Cache, key: &CacheKey, seen: Seen) -> bool {
        let is_same = |other: &Seen| other.is_none() || seen.is_none() || *other == seen;
        let is_this =
            |(of, other, before): &(usize, CacheKey, Seen)| *of == cache.address() && other == key && is_same(before);
        LOADS.try_with(|loads| loads.borrow().iter().any(is_this)).unwrap_or_default()
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        // Loads of one thread lie one in the other.
        let _ = LOADS.try_with(|loads| loads.borrow_mut().pop());
    }
}

/// The error of a load of `key` that would wait for itself, as what the load fails with.
///
/// # Panics
///
/// If that is a type in which no error of the cache can be told.
pub(crate) fn circle<E: 'static>(key: &str) -> E {
    let error = Error::new(ErrorKind::Circle, key.escape_debug().to_string());
    match tell_in::<E>(error) {
        Err(told) => told,
        Ok(error) => panic!("{error}"),
    }
}

/// Has circles of loads that fail with an `E` told by `tell`.
#[doc(hidden)]
pub fn tell_circles_by<E: 'static>(tell: fn(Error) -> E) {
    let mut tellers = TELLERS.write();
    if tellers.iter().all(|(kind, _)| *kind != TypeId::of::<E>()) {
        tellers.push((TypeId::of::<E>(), Box::new(move |error| Box::new(tell(error)))));
    }
}

type Tell = Box<dyn Fn(Error) -> Box<dyn Any> + Send + Sync>;

/// For error types of other crates.
static TELLERS: RwLock<Vec<(TypeId, Tell)>> = RwLock::new(Vec::new());

/// The error as an `E`, which is what is returned early; otherwise as it is.
fn tell_in<E: 'static>(error: Error) -> Result<Error, E> {
    let error = attempt(error, |error| error)?;
    let error = attempt(error, Box::<dyn StdError + Send + Sync>::from)?;
    let error = attempt(error, Box::<dyn StdError>::from)?;
    let error = attempt(error, io::Error::other)?;
    let error = attempt(error, |error| error.to_string())?;
    let tellers = TELLERS.read();
    match tellers.iter().find(|(kind, _)| *kind == TypeId::of::<E>()) {
        Some((_, tell)) => Err(own(tell(error))),
        None => Ok(error),
    }
}

fn attempt<E: 'static, T: 'static>(error: Error, tell: impl FnOnce(Error) -> T) -> Result<Error, E> {
    if TypeId::of::<E>() == TypeId::of::<T>() { Err(own(Box::new(tell(error)))) } else { Ok(error) }
}

fn own<E: 'static>(told: Box<dyn Any>) -> E {
    *told.downcast().expect("the types are the same")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<E: 'static + ToString>() -> String {
        circle::<E>("a\nb").to_string()
    }

    #[test]
    fn a_circle_is_told_in_every_type_that_holds_an_error() {
        #[derive(Debug)]
        struct Own(Error);
        tell_circles_by(Own);
        let expected = "loading `a\\nb` waits for itself";
        assert_eq!(text::<Error>(), expected);
        assert_eq!(text::<Box<dyn StdError>>(), expected);
        assert_eq!(text::<Box<dyn StdError + Send + Sync>>(), expected);
        assert_eq!(text::<io::Error>(), expected);
        assert_eq!(text::<String>(), expected);
        assert_eq!(circle::<Own>("a\nb").0.to_string(), expected);
    }

    #[test]
    #[should_panic(expected = "loading `a` waits for itself")]
    fn where_no_error_can_be_told_a_circle_panics() {
        circle::<core::convert::Infallible>("a");
    }
}
