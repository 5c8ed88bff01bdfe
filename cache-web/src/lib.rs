//! Pages that end when a row is written which they show: a tower layer over cache-diesel.
//!
//! [`PageCache`] keeps the answers of a service. Each depends on what was read through managers while it was rendered, and
//! ends when any of that is written. Nobody lists what that is.
//!
//! ```
//! use cache_core::Cache;
//! use cache_web::{Credential, PageCache};
//! use http::header;
//!
//! let pages = PageCache::new(&Cache::memory(), "pages")
//!     .vary_by_header(header::ACCEPT_LANGUAGE)
//!     .vary_by_user(Credential::cookie("session"), |request| request.extensions.get::<u32>().copied());
//! // axum: Router::new().route("/", get(index)).layer(pages)
//! ```
//!
//! # What is kept
//!
//! | asked | answered from the cache |
//! |---|---|
//! | `GET`, and `HEAD` from the same entry | yes, if everything by which a person can be told is [named](PageCache#what-a-page-varies-by) |
//! | another method, a body, an upgrade, `Range`, `If-Match` and their like, `Cache-Control: no-store` | no: the request is passed on as it is ([`Passed`]) |
//!
//! | the answer | kept |
//! |---|---|
//! | `200` with a body of known size that read something, or was said to depend on nothing | yes |
//! | other states, partial content, `Set-Cookie`, streams, larger ones than [`max_size`](PageCache::max_size), `no-store`, `private` without a user, a `Vary` or an encoding that is not named | no: given as it is ([`Unstored`]) |
//! | something that it read was written meanwhile, or cannot be followed | no: given, and listeners are told (`Event::Unkept`) |
//!
//! # Compression
//!
//! Belongs outside of this layer: in axum, `.layer(pages).layer(compression)`. The page is kept once, as it is, and encoded for
//! whoever asks. Its `ETag` is a weak one, which is right for every encoding. If it stands inside, it gives streams, which are
//! not kept. A layer that encodes bodies of known size is kept inside if `vary_by_header(ACCEPT_ENCODING)` says that each
//! encoding has an entry.
//!
//! # ETags
//!
//! Each kept page has an `ETag` of the tokens that it depends on, and of its body. `If-None-Match` costs one look at the
//! entry and its tokens; nothing is rendered. A page has a new one as soon as anything is written that it read.
//!
//! # Fragments
//!
//! [`Fragments`] keeps parts of pages, in a handler or in a template, and each ends as a page does. A write that ends a
//! fragment ends the pages that contain it.
//!
//! # Features
//!
//! | feature | adds | costs |
//! |---|---|---|
//! | `askama` | [`Fragment`]s are HTML in templates of askama | the crate `askama` without its features |
//! | `axum` | paths of nested routers are told whole; [`Failure`], the errors of reads as responses | the crate `axum` without its features |
//! | `minijinja` | [`Fragments::add_to`]: `{% call cached("name") %}` in templates of minijinja | the crate `minijinja` with `macros` |

mod body;
mod client;
#[cfg(feature = "axum")]
mod failure;
mod fragment;
mod future;
mod layer;
mod outcome;
mod page;
mod request;
mod response;
mod rules;
mod service;
mod terms;
mod unkept;
mod validator;

#[cfg(test)]
mod tests;

pub use body::PageBody;
#[cfg(feature = "axum")]
pub use failure::Failure;
pub use fragment::{Fragment, Fragments};
pub use future::PageFuture;
pub use layer::PageCache;
pub use outcome::{PageOutcome, Passed, Unstored};
pub use rules::Credential;
pub use service::PageService;
