//! Finds settings of models and caches that contradict each other.

use std::collections::BTreeMap;

use cache_core::{Error, ErrorKind, Result, registry};

use crate::function::{self, CachedFunction};
use crate::model::declaration::{DeclaredModel, declared};
use crate::model::relevance;
use crate::setup::contradiction::contradictions;
use crate::setup::install::watch;
use crate::warning::{DEFAULT_REPLACED, relevance_too_long, same_name};

/// Looks for settings that contradict each other, over all models of the program and the caches that are configured.
///
/// For the start of a program, after [`install`](crate::install) and [`configure`](crate::caches::configure), or for a
/// test. Without it, what is found here is reported in a message when it first matters, and never fails a query.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`] that names all of it:
///
/// * two models under one name in one cache: their entries are apart, and their numbers in statistics are not;
/// * two functions with one label in one cache: likewise, and what ends the values of one by hand ends those of the other;
/// * a model in a cache that is not configured;
/// * a cache's `relevance_timeout` that is longer than a model's timeout;
/// * an `exact(..)` that a database has [contradicted](crate::contradictions) by now;
/// * a default instrumentation that was set after [`install`](crate::install), so that new connections are not tracked.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use diesel::prelude::*;
/// # diesel::table! { sessions (id) { id -> Integer, } }
///
/// #[derive(Cached, Queryable, Selectable)]
/// #[cached(cache = "sessions")]
/// struct Session { id: i32 }
///
/// let error = cache_diesel::check_settings().unwrap_err();
/// assert!(error.to_string().contains("the cache named `sessions`, which is not configured"));
/// ```
pub fn check_settings() -> Result<()> {
    let mut mistakes = mistakes_of(&declared());
    mistakes.extend(same_labels(&function::all()));
    if watch::is_replaced() {
        mistakes.push(DEFAULT_REPLACED.to_owned());
    }
    mistakes.extend(contradictions().iter().map(ToString::to_string));
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration, mistakes.join("; ")))
}

fn mistakes_of(models: &[DeclaredModel]) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut named: BTreeMap<[&str; 2], &DeclaredModel> = BTreeMap::new();
    for model in models {
        let cache = model.definition.own_cache();
        match named.get(&[cache, model.manager.as_str()]) {
            Some(other) if other.model != model.model => {
                mistakes.push(same_name(&model.manager, cache, [&other.path(), &model.path()]));
            }
            Some(_) => {}
            None => drop(named.insert([cache, model.manager.as_str()], model)),
        }
        match registry::get(cache) {
            Err(error) if error.kind() == ErrorKind::NotConfigured => {
                mistakes.push(format!("`{}` is in the cache named `{cache}`, which is not configured", model.path()));
            }
            Err(_) => {}
            Ok(configured) => {
                let (_, refused) =
                    relevance::resolved(&model.definition.answered().timeouts, configured.policy().lives());
                mistakes.extend(refused.iter().map(|names| relevance_too_long(&model.manager, cache, names)));
            }
        }
    }
    mistakes
}

/// Functions are sorted by their labels.
fn same_labels(functions: &[CachedFunction]) -> Vec<String> {
    let is_same = |pair: &&[CachedFunction]| pair[0].label == pair[1].label && pair[0].cache == pair[1].cache;
    let said = |pair: &[CachedFunction]| {
        let CachedFunction { label, cache, module, .. } = &pair[0];
        format!(
            "two functions have the label `{label}` in the cache named `{cache}`, in `{module}` and in `{}`: their values \
             are apart, but they are counted and ended by hand together; give one of them a `label` of its own",
            pair[1].module
        )
    };
    functions.windows(2).filter(is_same).map(said).collect()
}

#[cfg(test)]
mod tests {
    use core::any::TypeId;

    use super::*;
    use crate::model::Definition;

    fn model<T: 'static>(manager: &str, module: &'static str, cache: &'static str) -> DeclaredModel {
        let definition = Definition::new("Product", module, "id=id:i32").cache(cache);
        DeclaredModel { definition, manager: manager.to_owned(), model: TypeId::of::<T>() }
    }

    #[test]
    fn k10_two_models_of_one_name_in_one_cache_are_named() {
        registry::configure([("k10 a", cache_core::Cache::memory()), ("k10 b", cache_core::Cache::memory())]).unwrap();
        let models = [
            model::<i8>("product", "shop", "k10 a"),
            model::<i16>("product", "stock", "k10 a"),
            model::<i32>("product", "shop", "k10 b"),
            model::<i64>("other", "shop", "k10 a"),
        ];
        let mistakes = mistakes_of(&models);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        for part in ["`product`", "`k10 a`", "`shop::Product`", "`stock::Product`", "`key`"] {
            assert!(mistakes[0].contains(part), "{part}: {}", mistakes[0]);
        }
        assert_eq!(mistakes_of(&models[2..]), Vec::<String>::new());
        assert_eq!(mistakes_of(&[model::<i8>("a", "m", "k10 a"), model::<i8>("a", "m", "k10 a")]).len(), 0);
    }

    #[test]
    fn o5_caches_that_are_not_there_and_lives_that_are_too_short_are_named() {
        let long = core::time::Duration::from_secs(100);
        registry::configure([("o5", cache_core::Cache::builder().relevance_timeout(long))]).unwrap();
        let mistakes = mistakes_of(&[model::<i8>("a", "shop", "o5"), model::<i16>("b", "shop", "o5 none")]);
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert!(mistakes[0].contains("`detail_relevance_timeout` of the cache named `o5`"), "{}", mistakes[0]);
        assert!(mistakes[1].contains("`o5 none`, which is not configured"), "{}", mistakes[1]);
    }
}
