//! Gives a client a page: whole, its head, or the word that he has it already.

use bytes::Bytes;
use cache_core::{CachedEntry, Origin};
use http::header::{CONTENT_LENGTH, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Extensions, HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body::Body;

use crate::body::PageBody;
use crate::future::Answer;
use crate::outcome::PageOutcome;
use crate::page::Page;
use crate::validator::is_there;

/// What the client wants to be given of a page.
pub(crate) struct Client {
    is_head: bool,
    /// What it has already.
    known: HeaderMap,
}

impl Client {
    /// Takes the conditions off the request: the service inside has to render the page, not to compare it.
    pub(crate) fn of(request: &mut HeaderMap, method: &Method) -> Self {
        let mut known = HeaderMap::new();
        request.get_all(IF_NONE_MATCH).iter().for_each(|value| _ = known.append(IF_NONE_MATCH, value.clone()));
        request.remove(IF_NONE_MATCH);
        request.remove(IF_MODIFIED_SINCE);
        Self { is_head: method == Method::HEAD, known }
    }

    /// The answer that gives a page.
    pub(crate) fn give<B: Body<Data = Bytes>>(&self, entry: &CachedEntry<Page>) -> Answer<B> {
        give(entry, &self.known, self.is_head, Extensions::new())
    }

    /// The answer of the service inside, as far as this client wants it.
    pub(crate) fn pass<B: Body<Data = Bytes>>(&self, answer: Answer<B>) -> Answer<B> {
        if self.is_head { without_body(answer) } else { answer }
    }
}

/// The answer that gives a page to a client who says what he has in `known`. `extensions`: an empty map, which may have room.
pub(crate) fn give<B: Body<Data = Bytes>>(
    entry: &CachedEntry<Page>,
    known: &HeaderMap,
    is_head: bool,
    extensions: Extensions,
) -> Answer<B> {
    let (page, heads) = (&entry.value, entry.value.heads(entry.state()));
    let outcome = match entry.origin {
        Origin::Hit => PageOutcome::Hit,
        Origin::Stale => PageOutcome::Stale,
        _ if entry.state().is_some() => PageOutcome::Rendered,
        _ => PageOutcome::Unkept,
    };
    let has_it = heads.etag.as_ref().is_some_and(|etag| is_there(known, etag));
    let mut answer = Response::new(if has_it || is_head { PageBody::empty() } else { PageBody::whole(page.body()) });
    *answer.extensions_mut() = extensions;
    answer.extensions_mut().insert(outcome);
    *answer.headers_mut() = if has_it { heads.not_modified.clone() } else { heads.whole.clone() };
    if has_it {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    answer
}

pub(crate) fn with<B>(mut answer: Response<B>, outcome: PageOutcome) -> Response<B> {
    answer.extensions_mut().insert(outcome);
    answer
}

/// The answer to `HEAD`, of one to `GET`.
fn without_body<B: Body<Data = Bytes>>(answer: Answer<B>) -> Answer<B> {
    let size = answer.body().size_hint().exact();
    let mut answer = answer.map(|_| PageBody::empty());
    if let Some(size) = size {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    answer
}
