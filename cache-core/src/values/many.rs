//! Reads and writes several values in as many round trips as one.

use std::collections::HashMap;

use serde::Serialize;

use crate::cache::Cache;
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::name::tag::Token;
use crate::protocol::miss::Miss;
use crate::setting::policy::Timeout;
use crate::store::{Content, Exchange, Exchanged, Mark, Slot};
use crate::values::form::{Cacheable, EncodedValue, Form};
use crate::values::timeout::IntoTimeout;

impl Cache {
    /// The values under those of `keys` that have one, by their key.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Examples
    ///
    /// ```
    /// let cache = cache_core::Cache::memory();
    /// cache.set_many(&[("a", 1), ("b", 2)], ())?;
    /// let found = cache.get_many::<i32>(&["a", "b", "c"])?;
    /// assert_eq!((found.len(), found["a"], found["b"]), (2, 1, 2));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn get_many<T: Cacheable + Clone>(&self, keys: &[impl AsRef<str>]) -> Result<HashMap<String, T>> {
        let names: Vec<CacheKey> = keys.iter().map(|key| self.1.key(key.as_ref())).collect();
        let slots = self.peek_many(&names).map_err(|trouble| self.value_trouble(trouble, "reading values"))?;
        let found = names.iter().zip(slots).map(|(name, slot)| (name, self.unpack(name, slot, Form::<T>::SERDE)));
        let found = keys.iter().zip(found).filter_map(|(key, (name, found))| {
            let value = self.count_read(name, found)?;
            Some((key.as_ref().to_owned(), (*value).clone()))
        });
        Ok(found.collect())
    }

    /// Sets each value under its key, as [`set`](Self::set) does; gives the keys under which nothing could be stored:
    /// their value could not be read again, or is too large for the store. What was there is gone.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused; some of the values may be
    /// set.
    pub fn set_many<T: Cacheable + Clone>(
        &self,
        entries: &[(impl AsRef<str>, T)],
        timeout: impl IntoTimeout,
    ) -> Result<Vec<String>> {
        let timeout = self.timeout(timeout);
        if timeout.is_zero() {
            let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_ref()).collect();
            return self.delete_many(&keys).map(|_| Vec::new());
        }
        let (mut parcels, mut left) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            match pack(value, self.is_local()) {
                Ok(parcel) => parcels.push((key.as_ref(), self.1.key(key.as_ref()), parcel)),
                Err(_) => left.push(key.as_ref().to_owned()),
            }
        }
        self.delete_many(&left)?;
        left.extend(self.put_many_values(&parcels, timeout)?);
        Ok(left)
    }

    /// Removes the values under `keys`; gives how many there were.
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete); some of the values may be gone.
    pub fn delete_many(&self, keys: &[impl AsRef<str>]) -> Result<usize> {
        let names: Vec<CacheKey> = keys.iter().map(|key| self.1.key(key.as_ref())).collect();
        let slots = self.peek_many(&names).map_err(|trouble| self.value_trouble(trouble, "reading values"))?;
        let seen: Vec<(CacheKey, Slot)> =
            names.into_iter().zip(slots).filter_map(|(name, slot)| Some((name, slot?))).collect();
        let removals = seen.iter().map(|(key, slot)| Exchange { key: *key, mark: slot.mark, with: None }).collect();
        let exchanged = self.exchange(removals).map_err(|trouble| self.value_trouble(trouble, "changing values"))?;
        let mut count = 0;
        for ((key, slot), exchanged) in seen.iter().zip(exchanged) {
            if exchanged == Exchanged::Changed {
                count += usize::from(self.remove_value(key)?);
            } else if matches!(slot.content, Content::Value(..)) {
                self.count_deleted(key);
                count += 1;
            }
        }
        Ok(count)
    }

    /// The values under `keys`, by their key; `load` is given those that have none, and gives what it finds for them, which
    /// is then set. One round trip finds all of them, one sets what was loaded. What `load` gives under a key that it was not
    /// asked for is given, and not set. A key for which it gives nothing is not among the values.
    ///
    /// Whoever asks for the same at once loads by himself. A store that fails is counted and told, and costs a call of
    /// `load`.
    ///
    /// # Consistency
    ///
    /// As [`get_or_set`](Self::get_or_set): what was loaded is not set under a key that was set or deleted meanwhile, and if
    /// there is another value by then, the caller gets that.
    ///
    /// # Errors
    ///
    /// Those of `load`: then nothing is set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// let cache = cache_core::Cache::memory();
    /// cache.set("a", &1, ())?;
    /// let found = cache.get_or_set_many(&["a", "b"], (), |missing| {
    ///     assert_eq!(missing, ["b"]);
    ///     Ok::<_, cache_core::Error>(HashMap::from([("b".to_owned(), 2)]))
    /// })?;
    /// assert_eq!((found["a"], found["b"], cache.get::<i32>("b")?), (1, 2, Some(2)));
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn get_or_set_many<T: Cacheable + Clone, E>(
        &self,
        keys: &[impl AsRef<str>],
        timeout: impl IntoTimeout,
        load: impl FnOnce(&[&str]) -> core::result::Result<HashMap<String, T>, E>,
    ) -> core::result::Result<HashMap<String, T>, E> {
        let mut names: Vec<(&str, CacheKey)> =
            keys.iter().map(|key| (key.as_ref(), self.1.key(key.as_ref()))).collect();
        names.sort_unstable_by_key(|(key, _)| *key);
        names.dedup_by_key(|(key, _)| *key);
        let (mut found, mut missing, reader) = (HashMap::new(), Vec::new(), self.value_reader());
        let opened = if names.is_empty() { None } else { self.open_all(&names) };
        let (slots, token) = opened.unwrap_or_else(|| (vec![None; names.len()], Token::fresh()));
        for ((key, name), slot) in names.iter().zip(slots) {
            let (mark, body) = match slot {
                Some(Slot { mark, content: Content::Value(body, _) }) => (Some(mark), Some(body)),
                Some(Slot { mark, .. }) => (Some(mark), None),
                None => (None, None),
            };
            match body.and_then(|body| Form::<T>::SERDE.unpack(body)) {
                Some(value) => {
                    reader.hit(|| name.id);
                    found.insert((*key).to_owned(), (*value).clone());
                }
                None => {
                    reader.miss(Miss::Absent, || name.id);
                    missing.push((*key, *name, mark));
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        self.0.values.load();
        let asked: Vec<&str> = missing.iter().map(|(key, ..)| *key).collect();
        let mut loaded = load(&asked).inspect_err(|_| self.0.values.load_failure())?;
        self.keep_loaded(&missing, &mut loaded, (self.timeout(timeout), token));
        found.extend(loaded);
        Ok(found)
    }

    fn open_all(&self, names: &[(&str, CacheKey)]) -> Option<(Vec<Option<Slot>>, Token)> {
        let keys: Vec<CacheKey> = names.iter().map(|(_, name)| *name).collect();
        self.open(&keys).inspect_err(|trouble| self.value_reader().note(trouble)).ok()
    }

    /// Sets what was loaded, where the slot is still what was seen before. Where somebody else has set a value, that is what
    /// was `loaded`.
    fn keep_loaded<T: Cacheable + Clone>(
        &self,
        missing: &[(&str, CacheKey, Option<Mark>)],
        loaded: &mut HashMap<String, T>,
        (timeout, token): (Timeout, Token),
    ) {
        let mut left = Vec::new();
        for (key, name, mark) in missing.iter().filter(|_| !timeout.is_zero()) {
            let parcel = loaded.get(*key).and_then(|value| pack(value, self.is_local()).ok());
            if let Some((parcel, mark)) = parcel.zip(*mark) {
                left.push((*key, Exchange { key: *name, mark, with: Some(self.replacement(&parcel, timeout, token)) }));
            }
        }
        let (keys, exchanges): (Vec<&str>, Vec<Exchange>) = left.into_iter().unzip();
        let names: Vec<CacheKey> = exchanges.iter().map(|exchange| exchange.key).collect();
        let exchanged = match self.exchange(exchanges) {
            Ok(exchanged) => exchanged,
            Err(trouble) => return self.value_reader().note(&trouble),
        };
        for ((key, name), exchanged) in keys.into_iter().zip(names).zip(exchanged) {
            match exchanged {
                Exchanged::Done => self.count_stored(&name),
                Exchanged::Declined => {}
                Exchanged::Changed => {
                    if let Ok(Ok(other)) = self.find::<T>(&name, Form::SERDE) {
                        loaded.insert(key.to_owned(), (*other).clone());
                    }
                }
            }
        }
    }

    /// Puts values; gives the keys of those that are not kept.
    fn put_many_values(&self, parcels: &[(&str, CacheKey, EncodedValue)], timeout: Timeout) -> Result<Vec<String>> {
        if parcels.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<CacheKey> = parcels.iter().map(|(_, name, _)| *name).collect();
        let opened = self.open(&names).map_err(|trouble| self.value_trouble(trouble, "reading values"))?;
        let exchanges = self.exchanges(parcels, opened, timeout);
        let exchanged = self.exchange(exchanges).map_err(|trouble| self.value_trouble(trouble, "changing values"))?;
        let mut left = Vec::new();
        for ((key, name, parcel), exchanged) in parcels.iter().zip(exchanged) {
            let is_kept = match exchanged {
                Exchanged::Changed => self.put_value(name, parcel, timeout)?,
                Exchanged::Declined => false,
                Exchanged::Done => {
                    self.count_stored(name);
                    true
                }
            };
            if !is_kept {
                left.push((*key).to_owned());
            }
        }
        Ok(left)
    }

    fn exchanges(
        &self,
        parcels: &[(&str, CacheKey, EncodedValue)],
        (slots, token): (Vec<Option<Slot>>, Token),
        timeout: Timeout,
    ) -> Vec<Exchange> {
        let exchange = |((_, key, parcel), slot): (&(&str, CacheKey, EncodedValue), Option<Slot>)| {
            let mark = slot.map_or_else(crate::store::Mark::fresh, |slot| slot.mark);
            Exchange { key: *key, mark, with: Some(self.replacement(parcel, timeout, token)) }
        };
        parcels.iter().zip(slots).map(exchange).collect()
    }
}

fn pack<T: Serialize + ToOwned<Owned = T> + Cacheable>(value: &T, is_local: bool) -> Result<EncodedValue> {
    EncodedValue::borrowed(value, is_local)
}
