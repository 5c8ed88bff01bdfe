//! How are pages and lists of them kept, and taken from the cache?

use core::marker::PhantomData;

use cache_core::{Codec, Timeout, Value};

use crate::keys::IntoKey;
use crate::model::CachedModel;
use crate::read::answer::Answer;
use crate::read::entry::{CachedList, CachedRow};
use crate::read::keep::Keep;
use crate::read::row_task::{is_absent, is_asked, keep_absent};
use crate::read::task::Head;
use crate::read::view::page::Page;
use crate::read::view::part::{IdOf, codec};

/// All pages.
pub struct Pages<P>(PhantomData<fn() -> P>);

/// The first page, if there is one.
pub struct FirstPage<P>(PhantomData<fn() -> P>);

impl<P: Page> Answer for Pages<P> {
    type Value = CachedList<P>;

    const CODEC: Option<Codec> = codec::<Vec<P>, ()>();

    fn accept(value: Value) -> Option<Self::Value> {
        let Value::Shared(pages) = value else { return None };
        pages.downcast().ok()
    }

    fn keep(pages: &Self::Value, timeout: Timeout) -> Keep {
        let weight = size_of::<Vec<P>>() + pages.iter().map(weight_of).sum::<usize>();
        Keep::shared(pages, weight, timeout).until(pages.iter().filter_map(|page| page.root().ends_at()))
    }

    fn row_count(pages: &Self::Value) -> usize {
        pages.len()
    }
}

impl<P: Page> Answer for FirstPage<P> {
    type Value = Option<CachedRow<P>>;

    const CODEC: Option<Codec> = codec::<P, ()>();

    fn accept(value: Value) -> Option<Self::Value> {
        match value {
            Value::Shared(page) => page.downcast().ok().map(Some),
            Value::Absent(_) => Some(None),
            _ => None,
        }
    }

    fn keep(page: &Self::Value, timeout: Timeout) -> Keep {
        match page {
            Some(page) => Keep::shared(page, weight_of(&**page), timeout).until(page.root().ends_at().into_iter()),
            // A list without rows is a list like any other.
            None => Keep::absent((), Some(timeout)),
        }
    }
}

type Id<P> = <<P as Page>::Root as CachedModel>::Id;

/// The page that is cached under what was `asked`; `None`: it is something else.
pub(super) fn accept_page<P: Page, K: IntoKey<Id<P>>>(value: Value, asked: &K) -> Option<Option<CachedRow<P>>> {
    match value {
        Value::Shared(page) => {
            let page = page.downcast::<P>().ok()?;
            is_asked(page.root(), asked).then_some(Some(page))
        }
        Value::Absent(absent) => is_absent(&*absent, asked).then_some(None),
        _ => None,
    }
}

/// What is kept of the page that was asked for by `key`.
pub(super) fn keep_page<P: Page>(head: &Head, page: Option<&CachedRow<P>>, key: &Id<P>) -> Keep {
    let Some(page) = page else { return keep_absent(head, key) };
    let timeout = head.options.timeout.unwrap_or(head.state.definition.timeouts.detail);
    let mut keep = Keep::shared(page, weight_of(&**page), timeout).until(page.root().ends_at().into_iter());
    // Where the database takes other letters for equal, the row has another key than was asked for.
    keep.is_stored = page.root().has_id(key);
    keep
}

/// How a page leaves the process, and the key that has none.
pub(super) fn page_codec<P: Page>() -> Option<Codec> {
    const { codec::<P, IdOf<P::Root>>() }
}

pub(super) fn weight_of<P: Page>(page: &P) -> usize {
    size_of::<P>() + page.heap_size()
}
