//! Functions with every option, blocking and awaited, in modules of their own visibility.

use std::time::Duration;

use cache_diesel::prelude::*;
use cache_diesel::{Error, Timeout};

pub mod settings {
    use std::time::Duration;

    pub fn hour() -> Duration {
        Duration::from_secs(3600)
    }
}

#[cached_fn(
    cache = "default",
    depends_on_nothing,
    in_background,
    key = key_of,
    label = "every option",
    lag = "5 seconds",
    negative_timeout = 10,
    relevance_timeout = "10 minutes",
    tick = "100 milliseconds",
    ticks = 20,
    timeout = settings::hour
)]
pub(crate) fn everything(#[cached_fn(skip)] times: u64, id: i32, name: String) -> Result<Option<String>, Error> {
    Ok(Some(format!("{name} {id} {times}")))
}

fn key_of(id: &i32, name: &String) -> (i32, usize) {
    (*id, name.len())
}

#[cached_fn(depends_on_nothing, wait = "2 seconds", timeout = "never")]
async fn awaited(id: i32) -> Result<i32, Error> {
    Ok(id)
}

fn main() -> Result<(), Error> {
    assert_eq!(everything(1, 2, "a".into())?.as_deref(), Some("a 2 1"), "without a cache it is as it was typed");
    cache_diesel::install(Cache::memory())?;
    assert_eq!(everything(1, 2, "b".into())?.as_deref(), Some("b 2 1"));
    assert_eq!(everything(9, 2, "c".into())?.as_deref(), Some("b 2 1"), "a name of one letter");
    everything::invalidate(2, "x".into())?;
    everything::prime(2, "x".into(), None);
    assert_eq!(*everything::entry(1, 2, "d".into())?, None);
    everything::invalidate_all()?;
    awaited::invalidate(1)?;
    drop(awaited(1));
    let told = caches::functions();
    let labels: Vec<&str> = told.iter().map(|function| function.label).collect();
    assert_eq!(labels, ["all", "awaited", "awaited", "borrowed", "every option", "within"]);
    let told: Vec<_> = ["awaited", "every option"].iter().filter_map(|label| told.iter().find(|it| it.label == *label)).collect();
    names::check()?;
    assert_eq!(told[1].timeout, Some(Timeout::after(Duration::from_secs(3600))));
    assert_eq!((told[1].lag, told[0].timeout), (Some(Timeout::from_secs(5)), Some(Timeout::NEVER)));
    Ok(())
}

/// Arguments may have the names that are used inside, and a function may stand in another one.
mod names {
    use super::*;

    #[cached_fn(depends_on_nothing)]
    #[cfg(any())]
    pub fn left_out(id: i32) -> Result<i32, Missing> {
        Ok(id)
    }

    #[cached_fn(depends_on_nothing)]
    pub fn all(cache: i32, computation: u8, value: u16, body: u32, entry: u64, task: &str) -> Result<String, Error> {
        Ok(format!("{cache} {computation} {value} {body} {entry} {task}"))
    }

    #[cached_fn(depends_on_nothing, in_background = spawned, relevance_timeout = "1 minute")]
    pub async fn awaited(cache: i32, computation: u8, value: u16) -> Result<i32, Error> {
        Ok(cache + i32::from(computation) + i32::from(value))
    }

    fn spawned(task: cache_diesel::RefreshTask) {
        drop(task);
    }

    #[cached_fn(depends_on_nothing)]
    pub fn borrowed<'a>(#[cached_fn(skip)] mut tail: &'a str, head: &'a str, more: impl AsRef<str> + core::fmt::Debug + core::hash::Hash) -> Result<String, Error>
    {
        tail = tail.trim();
        Ok(format!("{head}{tail}{}", more.as_ref()))
    }

    pub fn check() -> Result<(), Error> {
        #[cached_fn(label = "within", depends_on_nothing)]
        fn r#match(id: i32) -> Result<i32, Error> {
            Ok(id * 2)
        }

        assert_eq!((r#match(4)?, *r#match::entry(4)?, r#match::entry(4)?.is_hit()), (8, 8, true));
        assert_eq!(all(1, 2, 3, 4, 5, "6")?, "1 2 3 4 5 6");
        all::prime(1, 2, 3, 4, 5, "6", "primed".into());
        assert_eq!(all(1, 2, 3, 4, 5, "6")?, "primed");
        drop(awaited(1, 2, 3));
        awaited::prime(1, 2, 3, 7);
        assert_eq!((borrowed(" b ", "a", "c")?, borrowed("d", "a", "c")?), ("abc".into(), "abc".into()));
        Ok(())
    }
}
