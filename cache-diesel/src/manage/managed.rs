//! Does what commands ask of one manager, whatever its model's type.

use core::fmt::Debug;

use cache_core::{Kind, Life};
use diesel::connection::LoadConnection;
use diesel::query_dsl::methods::FilterDsl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::audit::VerifyReport;
use crate::audit::verify::all_keys;
use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::manage::failure::Failure;
use crate::manager::Manager;
use crate::read::builder::options::Options;
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::drive::gate::gate;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadPages};
use crate::read::task::query::IntoTask;
use crate::read::task::{Head, Task};
use crate::read::terminal::explain::{Explanation, explain, site_of};

/// A manager that commands can name; its rows are read on connections of the type `C`.
pub(super) trait Managed<C>: Send + Sync {
    /// The manager's name in the cache.
    fn name(&self) -> &'static str;

    /// The name of its cache.
    fn cache(&self) -> &'static str;

    /// What is stored of the row with the key `key`: nothing is loaded.
    fn show(&self, key: &str, conn: &mut C) -> Result<Shown, Failure>;

    /// Clears rows, in every manager of their table.
    fn clear_rows(&self, keys: &[String], conn: &mut C) -> Result<(), Failure>;

    /// Clears the lists of one suffix, or all of them.
    fn clear_lists(&self, suffix: Option<&str>) -> Result<(), Failure>;

    /// Clears everything of the manager.
    fn clear(&self) -> Result<(), Failure>;

    /// The keys of all rows of the database.
    fn keys(&self, conn: &mut C) -> Result<Vec<String>, Failure>;

    /// The key that is said by `key`, as [`keys`](Self::keys) would say it.
    fn key_as_json(&self, key: &str) -> Result<String, Failure>;

    /// Loads rows into the cache; gives how many there are.
    fn warm(&self, keys: &[String], conn: &mut C) -> Result<usize, Failure>;

    /// Compares the entries of rows with the database.
    fn verify(&self, keys: &[String], conn: &mut C) -> Result<VerifyReport, Failure>;
}

/// What is stored of a row.
pub(super) struct Shown {
    pub(super) explanation: Explanation,
    /// The row; `None`: there is none, or it is known to be absent.
    pub(super) row: Option<String>,
}

/// A manager, and what it takes to read its rows.
pub(super) struct Registered<P>(pub(super) Manager<P>);

impl<C, P> Managed<C> for Registered<P>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: LoadMany<C> + LoadPages<C> + Debug,
    P: CachedView<Source: FilterDsl<P::ByKey> + LoadModel<'static, C, P::Joined>>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
    KeyOf<P>: Serialize + DeserializeOwned,
{
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn cache(&self) -> &'static str {
        self.0.state.cache_name()
    }

    fn show(&self, key: &str, conn: &mut C) -> Result<Shown, Failure> {
        let mut task = IntoTask::<'static, C>::into_task(self.0.get(self.key(key)?))?;
        let explanation = at_once(explain::<C, _>(&mut task, conn))?;
        let site = site_of(task.head(), at_once(gate::<C>(conn)));
        let found: Option<(Option<_>, Life)> = site.ok().and_then(|site| task.look_up(&site).ok());
        let row = found.and_then(|(row, _)| row).map(|row| format!("{row:#?}"));
        Ok(Shown { explanation, row })
    }

    fn clear_rows(&self, keys: &[String], conn: &mut C) -> Result<(), Failure> {
        // A row is cleared in the databases that are known.
        at_once(gate::<C>(conn)).map_err(|reason| Failure::database(reason.to_string()))?;
        keys.iter().try_for_each(|key| Ok(self.0.clear_detail(self.key(key)?).map(drop)?))
    }

    fn clear_lists(&self, suffix: Option<&str>) -> Result<(), Failure> {
        let cleared = match suffix {
            Some(suffix) => self.0.clear_list(suffix),
            None => self.0.clear_lists(),
        };
        Ok(cleared.map(drop)?)
    }

    fn clear(&self) -> Result<(), Failure> {
        Ok(self.0.clear().map(drop)?)
    }

    fn keys(&self, conn: &mut C) -> Result<Vec<String>, Failure> {
        at_once(all_keys::<C, P>(conn))?.iter().map(json).collect()
    }

    fn key_as_json(&self, key: &str) -> Result<String, Failure> {
        json(&self.key(key)?)
    }

    fn warm(&self, keys: &[String], conn: &mut C) -> Result<usize, Failure> {
        let keys = keys.iter().map(|key| self.key(key)).collect::<Result<_, _>>()?;
        let head = Head { state: self.0.state, kind: Kind::Detail, options: Options::new() };
        let rows = KeyBatch::<P, C>::read(head, keys, conn)?;
        Ok(rows.iter().flatten().count())
    }

    fn verify(&self, keys: &[String], conn: &mut C) -> Result<VerifyReport, Failure> {
        let keys = keys.iter().map(|key| self.key(key)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.0.verify_rows(keys, conn)?)
    }
}

impl<P: CachedView> Registered<P>
where
    KeyOf<P>: DeserializeOwned,
{
    fn key(&self, text: &str) -> Result<KeyOf<P>, Failure> {
        key_of(text).ok_or_else(|| Failure::usage(format!("`{text}` is no key of `{}`", self.0.name())))
    }
}

/// The key that `text` says: as JSON, as a text, or as the columns of a key with a comma between.
fn key_of<Key: DeserializeOwned>(text: &str) -> Option<Key> {
    let parts: Vec<&str> = text.split(',').collect();
    // Whether `42` is a number or a text is for its column to say.
    let reading = |texts: u32| -> Value {
        let part = |(at, part): (usize, &&str)| if texts >> at & 1 == 1 { Value::from(*part) } else { value_of(part) };
        parts.iter().enumerate().map(part).collect()
    };
    let mut readings = (0..1 << parts.len().min(MOST_COLUMNS)).map(reading);
    let whole = serde_json::from_str(text).or_else(|_| serde_json::from_value(Value::from(text)));
    whole.ok().or_else(|| readings.find_map(|reading| serde_json::from_value(reading).ok()))
}

/// Of a longer key the further columns are read as JSON where they can be.
const MOST_COLUMNS: usize = 8;

fn json(key: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(key).map_err(|error| Failure::usage(error.to_string()))
}

fn value_of(part: &str) -> Value {
    serde_json::from_str(part).unwrap_or_else(|_| Value::from(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_its_columns_are() {
        assert_eq!(key_of("-7"), Some(-7));
        assert_eq!(key_of::<i32>("lamp"), None);
        for text in ["lamp", "42", "007", "null", "a,b"] {
            assert_eq!(key_of(text), Some(text.to_owned()));
        }
        assert_eq!(key_of("\"42\""), Some("42".to_owned()));
        let pair = |number, text: &str| Some((number, text.to_owned()));
        for (text, key) in [("7,lamp", pair(7, "lamp")), ("7,42", pair(7, "42")), ("[7, \"a,b\"]", pair(7, "a,b"))] {
            assert_eq!(key_of(text), key, "{text}");
        }
        assert_eq!(key_of("1,2,3"), Some(("1".to_owned(), 2, "3".to_owned())));
        assert_eq!(key_of::<(i32, String)>("lamp,7"), None);
    }
}
