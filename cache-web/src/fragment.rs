//! Keeps parts of pages: each ends when a row is written that was read for it.

#[cfg(feature = "askama")]
mod askama;
#[cfg(feature = "minijinja")]
mod minijinja;

use core::fmt;
use core::hash::Hash;
use core::ops::Deref;
use core::time::Duration;
use std::sync::Arc;

use cache_core::{Cache, Computation, IntoTimeout, KeyBytes, Labelled, Result as CacheResult, Timeout};
use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::terms::Terms;

/// Parts of pages that are kept, counted and told under one label. Clones share what was said of them.
///
/// # Examples
///
/// ```
/// use cache_core::{Cache, Error};
/// use cache_web::Fragments;
///
/// let fragments = Fragments::new(&Cache::memory(), "fragments").depends_on_nothing();
/// let greeting = |user: &str, text: &str| fragments.render("greeting", user, || Ok::<_, Error>(text.to_owned()));
/// assert_eq!(&*greeting("ada", "<b>Ada</b>")?, "<b>Ada</b>");
/// assert_eq!(&*greeting("ada", "nobody asks for this")?, "<b>Ada</b>");
/// assert_eq!(&*greeting("bob", "<b>Bob</b>")?, "<b>Bob</b>");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fragments {
    kept: Arc<Labelled>,
    terms: Terms,
}

impl Fragments {
    /// Parts of pages in `cache`. Processes that share them share the label.
    #[must_use]
    pub fn new(cache: &Cache, label: &'static str) -> Self {
        #[cfg(feature = "askama")]
        askama::tell_circles();
        #[cfg(feature = "minijinja")]
        minijinja::tell_circles();
        Self { kept: Arc::new(cache.labelled(label)), terms: Terms::default() }
    }

    /// How long a fragment lives if nothing is written before; the cache's `value_timeout` if not said.
    #[must_use]
    pub fn timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.terms.timeout = Some(timeout.into_timeout(Timeout::NEVER));
        self
    }

    /// From when on a fragment is stale: the first who asks for it renders it anew, and the others are given what is there.
    #[must_use]
    pub fn relevance_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.terms.relevance = Some(timeout.into_timeout(Timeout::NEVER));
        self
    }

    /// How far a fragment may lag behind writes, as [`PageCache::lag`](crate::PageCache::lag).
    #[must_use]
    pub fn lag(mut self, lag: Duration) -> Self {
        self.terms.lag = Some(lag);
        self
    }

    /// Fragments are kept though nothing is read for them: they end by their timeout, or by hand.
    #[must_use]
    pub fn depends_on_nothing(mut self) -> Self {
        self.terms.is_independent = true;
        self
    }

    /// The fragment called `name` for this `by`: a user, a language, a page number, or a tuple of them; `()` if it is the same
    /// for all. If it is not kept, what `render` gives.
    ///
    /// It depends on what `render` reads. What is shown of rows that were read before is not followed: it belongs into `by`.
    ///
    /// # Errors
    ///
    /// Those of `render`; nothing is kept then. A fragment that would wait for itself fails as [`Cache::compute`] says, with an
    /// error of the templates too.
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub fn render<E: 'static>(
        &self,
        name: &str,
        by: &(impl Hash + ?Sized),
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<Fragment, E> {
        self.computation(&name, by).value(|| render().map(Fragment::from))
    }

    /// The same for a task.
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render).
    ///
    /// # Panics
    ///
    /// As [`Cache::compute`].
    pub async fn render_async<E: 'static>(
        &self,
        name: &str,
        by: &(impl Hash + ?Sized),
        render: impl AsyncFnOnce() -> Result<String, E>,
    ) -> Result<Fragment, E> {
        self.computation(&name, by).value_async(async || render().await.map(Fragment::from)).await
    }

    /// Ends every fragment of this label.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](cache_core::ErrorKind::Store) if the store refused.
    pub fn invalidate_all(&self) -> CacheResult<()> {
        self.kept.invalidate_all()
    }

    fn computation<'a>(&'a self, name: &'a &str, by: &(impl Hash + ?Sized)) -> Computation<'a> {
        self.terms.of(self.kept.computation(KeyBytes::of_recent(&(name, KeyBytes::of(by))), name))
    }
}

/// A part of a page, as it was rendered. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment(Arc<str>);

impl Deref for Fragment {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

impl From<String> for Fragment {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Serialize for Fragment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Fragment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
