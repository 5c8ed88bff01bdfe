//! Builds the layer: which cache keeps pages, what they vary by, and for how long.

use core::fmt;
use core::hash::Hash;
use core::time::Duration;
use std::sync::Arc;

use cache_core::{Cache, Computation, IntoTimeout, KeyBytes, Labelled, Result, Timeout};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Uri};
use tower_layer::Layer;

use crate::rules::{Credential, Rules, User};
use crate::service::PageService;
use crate::terms::Terms;
use crate::unkept::Unkept;

/// A layer that keeps pages. Clones share what was said of it.
///
/// # What a page varies by
///
/// Host, path and query make the page, and what proxies say of them. Of the rest of a request the layer knows nothing: a cookie or an `Authorization` that
/// is not named here is a reason to pass the request on, and a `Vary` that is not named is a reason not to keep the answer.
#[derive(Clone)]
pub struct PageCache(Arc<Said>);

/// What was said of a layer: every request clones it, in one piece.
#[derive(Clone)]
struct Said {
    kept: Arc<Labelled>,
    label: &'static str,
    terms: Terms,
    rules: Rules,
    unkept: Arc<Unkept>,
}

impl PageCache {
    /// A layer that keeps pages in `cache`, counted and told under `label`. Two layers need two labels; processes that share
    /// pages share it.
    #[must_use]
    pub fn new(cache: &Cache, label: &'static str) -> Self {
        Self(Arc::new(Said {
            kept: Arc::new(cache.labelled(label)),
            label,
            terms: Terms::default(),
            rules: Rules::new(),
            unkept: Arc::default(),
        }))
    }

    /// How long a page lives if nothing is written before; the cache's `value_timeout` if not said.
    #[must_use]
    pub fn timeout(self, timeout: impl IntoTimeout) -> Self {
        self.under(|terms| terms.timeout = Some(timeout.into_timeout(Timeout::NEVER)))
    }

    /// From when on a page is stale: the first who asks for it renders it anew, and the others are given what is there.
    #[must_use]
    pub fn relevance_timeout(self, timeout: impl IntoTimeout) -> Self {
        self.under(|terms| terms.relevance = Some(timeout.into_timeout(Timeout::NEVER)))
    }

    /// How far a page may lag behind writes: for so long after its rendering began it is served whatever is written. Not at all
    /// if not said. See [`Computation::lag`].
    #[must_use]
    pub fn lag(self, lag: Duration) -> Self {
        self.under(|terms| terms.lag = Some(lag))
    }

    /// Pages are kept though nothing is read for them: they end by their timeout, or by hand.
    #[must_use]
    pub fn depends_on_nothing(self) -> Self {
        self.under(|terms| terms.is_independent = true)
    }

    /// A page of its own for each value of a header. Naming `Authorization` or `Cookie` is enough for requests to be
    /// answered that have one.
    #[must_use]
    pub fn vary_by_header(self, name: HeaderName) -> Self {
        self.with(|rules| rules.headers.push(name))
    }

    /// A page of its own for each value of a cookie.
    #[must_use]
    pub fn vary_by_cookie(self, name: impl Into<String>) -> Self {
        self.with(|rules| rules.cookies.push(name.into()))
    }

    /// The pages are the same whatever this cookie says: one that only scripts and statistics look at.
    #[must_use]
    pub fn ignore_cookie(self, name: impl Into<String>) -> Self {
        self.with(|rules| rules.ignored_cookies.push(name.into()))
    }

    /// Of the query, only these parameters make a page of its own; the pages are the same whatever the others say. Each counts
    /// if this is not called.
    #[must_use]
    pub fn vary_by_query(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|rules| rules.query.get_or_insert_default().extend(names.into_iter().map(Into::into)))
    }

    /// A page of its own for each user, whom `user` tells of a request: what a layer outside has found out by the
    /// `credential`. Nobody has one too.
    ///
    /// The credential counts as named. A request that has it, and of which `user` gives nobody, is passed on.
    #[must_use]
    pub fn vary_by_user<U: Hash>(
        self,
        credential: Credential,
        user: impl Fn(&Parts) -> Option<U> + Send + Sync + 'static,
    ) -> Self {
        let say = Arc::new(move |request: &Parts| user(request).map(|user| KeyBytes::of(&user)));
        self.with(|rules| rules.user = Some(User { credential, say }))
    }

    /// A page of its own for each of what `by` makes of a request: a tenant, a language that was negotiated.
    #[must_use]
    pub fn vary_by<V: Hash>(self, by: impl Fn(&Parts) -> V + Send + Sync + 'static) -> Self {
        let say = Arc::new(move |request: &Parts| Some(KeyBytes::of(&by(request))));
        self.with(|rules| rules.more.push(say))
    }

    /// The `Cache-Control` of pages that say nothing themselves. If it is not called, browsers ask each time whether their
    /// page is the present one: `no-cache`, with `private` if pages vary by persons.
    #[must_use]
    pub fn cache_control(self, value: HeaderValue) -> Self {
        self.with(|rules| rules.cache_control = Some(value))
    }

    /// How large the body of a page may be that is kept, in bytes; a mebibyte if not said.
    #[must_use]
    pub fn max_size(self, bytes: u64) -> Self {
        self.with(|rules| rules.max_size = bytes)
    }

    /// Ends all pages of this label.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](cache_core::ErrorKind::Store) if the store refused.
    pub fn invalidate_all(&self) -> Result<()> {
        self.0.kept.invalidate_all()
    }

    fn with(mut self, say: impl FnOnce(&mut Rules)) -> Self {
        say(&mut Arc::make_mut(&mut self.0).rules);
        self
    }

    fn under(mut self, say: impl FnOnce(&mut Terms)) -> Self {
        say(&mut Arc::make_mut(&mut self.0).terms);
        self
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(crate) fn unkept(&self) -> &Unkept {
        &self.0.unkept
    }

    /// The computation of one page, which messages call by its address.
    pub(crate) fn computation<'a>(&'a self, page: KeyBytes, address: &'a Uri) -> Computation<'a> {
        self.0.terms.of(self.0.kept.computation(page, address))
    }
}

impl<S> Layer<S> for PageCache {
    type Service = PageService<S>;

    fn layer(&self, inner: S) -> PageService<S> {
        PageService::new(self.clone(), inner)
    }
}

impl fmt::Debug for PageCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PageCache").field("label", &self.0.label).finish_non_exhaustive()
    }
}
