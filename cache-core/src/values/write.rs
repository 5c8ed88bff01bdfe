//! Writes values.

use std::sync::Arc;

use serde::Serialize;

use crate::cache::Cache;
use crate::entry::Life;
use crate::error::Result;
use crate::name::key::{CacheKey, Kind};
use crate::name::tag::{Tag, Token};
use crate::observe::event::Event;
use crate::observe::statistics::Counter;
use crate::setting::policy::Timeout;
use crate::store::{Body, Expiry, Replacement};
use crate::values::form::{Cacheable, EncodedValue, Form};
use crate::values::slots::{Glance, SlotStep};
use crate::values::timeout::IntoTimeout;

impl Cache {
    /// Sets the value under `key`, whatever was there.
    ///
    /// It lives for `timeout`: a `Duration`, a [`Timeout`], or `()` for the cache's own of five minutes
    /// ([`value_timeout`](crate::CacheBuilder::value_timeout)). Zero removes what was there. A value that is too large
    /// for the store, or is refused, is not kept, and what was there is gone.
    ///
    /// # Consistency
    ///
    /// Once it has returned, no [`get`](Self::get) in any process gives what was there before, and no
    /// [`get_or_set`](Self::get_or_set) that began before it stores anything.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`](crate::ErrorKind::Codec) for a value that could not be read again, and of
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused. It may then be set all the same, or be set
    /// later unless somebody else changes the key first.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cache_core::{Cache, Timeout};
    ///
    /// let cache = Cache::memory();
    /// cache.set("visits", &7_i64, Duration::from_secs(60))?;
    /// cache.set("motto", "less", Timeout::NEVER)?;
    /// assert_eq!(cache.get::<i64>("visits")?, Some(7));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn set<T>(&self, key: impl AsRef<str>, value: &T, timeout: impl IntoTimeout) -> Result<()>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Cacheable,
    {
        let parcel = EncodedValue::borrowed(value, self.is_local());
        self.set_parcel(key.as_ref(), parcel, timeout)
    }

    /// Sets a value that is shared already, as [`set`](Self::set) does: in memory it is not cloned.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_arc<T: Cacheable>(&self, key: impl AsRef<str>, value: Arc<T>, timeout: impl IntoTimeout) -> Result<()> {
        self.set_parcel(key.as_ref(), Form::SERDE.pack(value, self.is_local()), timeout)
    }

    /// Sets bytes, as [`set`](Self::set) does. They are kept as they are.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// cache.set_bytes("icon", b"\x89PNG", ())?;
    /// assert_eq!(**cache.get_bytes("icon")?.unwrap(), *b"\x89PNG");
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn set_bytes(&self, key: impl AsRef<str>, value: &[u8], timeout: impl IntoTimeout) -> Result<()> {
        self.set_parcel(key.as_ref(), EncodedValue::binary(value, self.is_local()), timeout)
    }

    /// Sets the value under `key` if there is none; says whether it was stored. Of several who try at once, in any
    /// process, one is told so.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert!(cache.add("leader", "a", ())?);
    /// assert!(!cache.add("leader", "b", ())?);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn add<T>(&self, key: impl AsRef<str>, value: &T, timeout: impl IntoTimeout) -> Result<bool>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Cacheable,
    {
        let parcel = EncodedValue::borrowed(value, self.is_local())?;
        let timeout = self.timeout(timeout);
        if timeout.is_zero() {
            return Ok(false);
        }
        let key = self.1.key(key.as_ref());
        let ((), is_kept) = self.change(&key, Glance::Open, |seen| {
            let replacement = self.replacement(&parcel, timeout, seen.token);
            Ok(if seen.has_value() { SlotStep::Leave(()) } else { SlotStep::Replace(Some(replacement), ()) })
        })?;
        if is_kept {
            self.count_stored(&key);
        }
        Ok(is_kept)
    }

    /// Gives the value under `key` another life, which begins now; says whether there is a value. A life of zero removes
    /// it.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused.
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// assert!(!cache.touch("session", ())?);
    /// cache.set("session", &1, ())?;
    /// assert!(cache.touch("session", cache_core::Timeout::NEVER)?);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn touch(&self, key: impl AsRef<str>, timeout: impl IntoTimeout) -> Result<bool> {
        let timeout = self.timeout(timeout);
        let (is_there, _) = self.change(&self.1.key(key.as_ref()), Glance::Peek, |seen| {
            let token = seen.token;
            let Some((body, _)) = seen.value() else { return Ok(SlotStep::Leave(false)) };
            let life = Life::starting(self.now(), timeout);
            let replacement = (!timeout.is_zero()).then(|| replace(body, life, Expiry::OfLife, token)).transpose()?;
            Ok(SlotStep::Replace(replacement, true))
        })?;
        Ok(is_there)
    }

    /// Removes the value under `key`; says whether there was one.
    ///
    /// # Consistency
    ///
    /// As [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused. The value may then be
    /// gone all the same, or go later unless somebody else changes the key first.
    pub fn delete(&self, key: impl AsRef<str>) -> Result<bool> {
        self.remove_value(&self.1.key(key.as_ref()))
    }

    pub(super) fn timeout(&self, timeout: impl IntoTimeout) -> Timeout {
        timeout.into_timeout(self.policy().value_timeout)
    }

    /// Sets a value. One that is refused is what its caller takes for the present one: nothing older is served after it.
    fn set_parcel(&self, key: &str, parcel: Result<EncodedValue>, timeout: impl IntoTimeout) -> Result<()> {
        let key = self.1.key(key);
        match parcel {
            Ok(parcel) => self.put_value(&key, &parcel, self.timeout(timeout)).map(drop),
            Err(refused) => self.remove_value(&key).and(Err(refused)),
        }
    }

    /// Puts a value, whatever was there; says whether it is kept.
    pub(super) fn put_value(&self, key: &CacheKey, parcel: &EncodedValue, timeout: Timeout) -> Result<bool> {
        if timeout.is_zero() {
            return self.remove_value(key).map(|_| true);
        }
        let put = self.change(key, Glance::Open, |seen| {
            Ok(SlotStep::Replace(Some(self.replacement(parcel, timeout, seen.token)), ()))
        });
        let ((), is_kept) = put?;
        if is_kept {
            self.count_stored(key);
        }
        Ok(is_kept)
    }

    /// Removes whatever is there, a slot that somebody has opened to fill it included: he is not to.
    pub(super) fn remove_value(&self, key: &CacheKey) -> Result<bool> {
        let (was_there, _) = self.change(key, Glance::Peek, |seen| Ok(SlotStep::Replace(None, seen.has_value())))?;
        if was_there {
            self.count_deleted(key);
        }
        Ok(was_there)
    }

    pub(super) fn count_stored(&self, key: &CacheKey) {
        self.0.values.count(Counter::Store);
        self.tell(&Event::Stored { manager: Self::VALUES, kind: Kind::Value, key: key.id });
    }

    pub(super) fn count_deleted(&self, key: &CacheKey) {
        self.0.values.count(Counter::Delete);
        self.tell(&Event::Deleted { manager: Self::VALUES, kind: Kind::Value, key: key.id });
    }
}

/// The same value, with another life.
pub(super) fn replace(body: Body, life: Life, expiry: Expiry, token: Token) -> Result<Replacement> {
    let weight = weight_of(&body)?;
    Ok(Replacement { body, life, expiry, tokens: vec![(Tag::root(), token)], weight })
}

fn weight_of(body: &Body) -> Result<usize> {
    if let Body::Bytes(bytes) = body {
        return Ok(bytes.len());
    }
    let mut bytes = Vec::new();
    body.say(&mut bytes)?;
    Ok(bytes.len())
}
