//! Changes counters in place.

use crate::cache::Cache;
use crate::error::{Error, ErrorKind, Result};
use crate::name::tag::Tag;
use crate::store::{Expiry, Replacement};
use crate::values::form::{EncodedValue, Form};
use crate::values::slots::{Glance, SlotState, SlotStep};

impl Cache {
    /// Adds `by` to the whole number under `key`; gives the sum. The number lives as long as it would have.
    ///
    /// # Consistency
    ///
    /// However many do so at once, in any process, the number rises by exactly what they added.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Absent`] if there is no value, of [`ErrorKind::Overflow`] if the sum is no
    /// `i64`, of [`ErrorKind::Codec`] if the value is no `i64`, and of [`ErrorKind::Store`] if the store refused. Only in
    /// the last case the number may have changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::{Cache, ErrorKind};
    ///
    /// let cache = Cache::memory();
    /// assert_eq!(cache.incr("visits", 1).unwrap_err().kind(), ErrorKind::Absent);
    /// cache.add("visits", &0, ())?;
    /// assert_eq!(cache.incr("visits", 1)?, 1);
    /// assert_eq!(cache.decr("visits", 5)?, -4);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn incr(&self, key: impl AsRef<str>, by: i64) -> Result<i64> {
        self.count_up(key.as_ref(), |number| number.checked_add(by))
    }

    /// Takes `by` from the whole number under `key`, as [`incr`](Self::incr) adds; gives what is left, which may be less
    /// than zero.
    ///
    /// # Errors
    ///
    /// As [`incr`](Self::incr).
    pub fn decr(&self, key: impl AsRef<str>, by: i64) -> Result<i64> {
        self.count_up(key.as_ref(), |number| number.checked_sub(by))
    }

    fn count_up(&self, key: &str, work: impl Fn(i64) -> Option<i64>) -> Result<i64> {
        let name = self.1.key(key);
        let (number, is_kept) = self.change(&name, Glance::Peek, |seen| self.counted(key, seen, &work))?;
        if is_kept {
            self.count_stored(&name);
        }
        Ok(number)
    }

    fn counted(&self, key: &str, seen: SlotState, work: &impl Fn(i64) -> Option<i64>) -> Result<SlotStep<i64>> {
        let token = seen.token;
        let Some((body, life)) = seen.value() else { return Err(absent(key)) };
        let number = Form::<i64>::SERDE.unpack(body).ok_or_else(|| {
            Error::new(ErrorKind::Codec, format!("the value of `{}` is no `i64`", key.escape_debug()))
        })?;
        let number = work(*number).ok_or_else(|| Error::new(ErrorKind::Overflow, key.escape_debug().to_string()))?;
        let EncodedValue { body, weight } = EncodedValue::borrowed(&number, self.is_local())?;
        let replacement = Replacement { body, life, expiry: Expiry::Kept, tokens: vec![(Tag::root(), token)], weight };
        Ok(SlotStep::Replace(Some(replacement), number))
    }
}

pub(super) fn absent(key: &str) -> Error {
    Error::new(ErrorKind::Absent, key.escape_debug().to_string())
}
