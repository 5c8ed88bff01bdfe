//! Converts the values of `expires_at` columns to moments.

use std::time::{SystemTime, UNIX_EPOCH};

use cache_core::Timestamp;

/// The value of a column that tells when its row ends: `#[cached(expires_at = column)]`.
///
/// Implemented for numbers of seconds since the Unix epoch (`i64`), for `SystemTime`, and with the features `chrono` and
/// `time` for the types of these crates. What has no time zone is in UTC; a day ends with its last moment. A type of a
/// program's own implements it itself.
///
/// # Examples
///
/// ```
/// use cache_diesel::{Moment, Timestamp};
///
/// struct Millis(u64);
///
/// impl Moment for Millis {
///     fn timestamp(&self) -> Option<Timestamp> {
///         Some(Timestamp::from_nanos(self.0.saturating_mul(1_000_000)))
///     }
/// }
/// assert_eq!(Some(Millis(5)).timestamp(), 0_i64.timestamp().map(|epoch| epoch.after(std::time::Duration::from_millis(5))));
/// assert_eq!(None::<Millis>.timestamp(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no moment at which a row can expire",
    label = "expected a moment, or an `Option` of one",
    note = "`i64` (seconds since 1970), `SystemTime`, and the types of `chrono` and `time` with the features of these names; other types implement `cache_diesel::Moment`"
)]
pub trait Moment {
    /// The moment; `None`: it never comes.
    fn timestamp(&self) -> Option<Timestamp>;
}

/// The moment so many nanoseconds after the Unix epoch. What is before it has come, what is too late to count never
/// comes.
#[cfg(any(feature = "chrono", feature = "time"))]
fn from_nanos(nanos: i128) -> Option<Timestamp> {
    u64::try_from(nanos.max(0)).ok().map(Timestamp::from_nanos)
}

impl<T: Moment> Moment for Option<T> {
    fn timestamp(&self) -> Option<Timestamp> {
        self.as_ref()?.timestamp()
    }
}

impl Moment for i64 {
    fn timestamp(&self) -> Option<Timestamp> {
        let seconds = u64::try_from(*self).unwrap_or_default();
        seconds.checked_mul(1_000_000_000).map(Timestamp::from_nanos)
    }
}

impl Moment for SystemTime {
    fn timestamp(&self) -> Option<Timestamp> {
        let nanos = self.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        u64::try_from(nanos).ok().map(Timestamp::from_nanos)
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use cache_core::Timestamp;
    use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

    use super::{Moment, from_nanos};

    impl<Zone: TimeZone> Moment for DateTime<Zone> {
        fn timestamp(&self) -> Option<Timestamp> {
            let nanos = i128::from(self.timestamp_subsec_nanos());
            from_nanos(i128::from(DateTime::timestamp(self)) * 1_000_000_000 + nanos)
        }
    }

    impl Moment for NaiveDateTime {
        fn timestamp(&self) -> Option<Timestamp> {
            Moment::timestamp(&self.and_utc())
        }
    }

    impl Moment for NaiveDate {
        fn timestamp(&self) -> Option<Timestamp> {
            Moment::timestamp(&self.succ_opt()?.and_time(NaiveTime::MIN))
        }
    }
}

#[cfg(feature = "time")]
mod of_time {
    use cache_core::Timestamp;
    use time::{Date, OffsetDateTime, PrimitiveDateTime};

    use super::{Moment, from_nanos};

    impl Moment for OffsetDateTime {
        fn timestamp(&self) -> Option<Timestamp> {
            from_nanos(self.unix_timestamp_nanos())
        }
    }

    impl Moment for PrimitiveDateTime {
        fn timestamp(&self) -> Option<Timestamp> {
            Moment::timestamp(&self.assume_utc())
        }
    }

    impl Moment for Date {
        fn timestamp(&self) -> Option<Timestamp> {
            Moment::timestamp(&self.next_day()?.midnight())
        }
    }
}
