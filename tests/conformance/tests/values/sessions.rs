//! Sessions of other systems, line by line, in one process and seen from another.

use std::collections::HashMap;
use std::time::Duration;

use cache_core::{Error, ErrorKind, Timeout};

use crate::kit::each;

#[test]
fn a_value_is_created_got_updated_and_deleted_by_processes_of_one_host() {
    each(|kit| {
        let (one, other) = (&kit.cache, &kit.peer);
        let get = |cache: &cache_core::Cache| cache.get::<String>("key").unwrap();
        assert!(one.add("key", "created", Duration::from_secs(30)).unwrap());
        assert!(!other.add("key", "created again", Duration::from_secs(30)).unwrap());
        assert_eq!(get(one).as_deref(), Some("created"));
        assert_eq!(get(other).as_deref(), Some("created"));
        other.set("key", "updated", Duration::from_secs(30)).unwrap();
        assert_eq!(get(one).as_deref(), Some("updated"));
        assert_eq!(get(other).as_deref(), Some("updated"));
        assert!(one.delete("key").unwrap());
        assert_eq!(get(other), None);
        assert!(!other.delete("key").unwrap());
    });
}

#[test]
fn the_session_of_the_cache_framework() {
    each(|kit| {
        let (cache, other) = (&kit.cache, &kit.peer);
        let text = |key: &str| other.get::<String>(key).unwrap();
        cache.set("my_key", "hello, world!", Duration::from_secs(30)).unwrap();
        assert_eq!(text("my_key").as_deref(), Some("hello, world!"));
        kit.pass(30);
        assert_eq!(text("my_key"), None);
        assert_eq!(other.get_or("my_key", "has expired".to_owned()).unwrap(), "has expired");
        cache.set("my_key", &None::<String>, ()).unwrap();
        assert_eq!(other.get::<Option<String>>("my_key").unwrap(), Some(None), "it is there");

        cache.set("add_key", "Initial value", ()).unwrap();
        assert!(!other.add("add_key", "New value", ()).unwrap());
        assert_eq!(text("add_key").as_deref(), Some("Initial value"));
        let load = || Ok::<_, Error>("my new value".to_owned());
        assert_eq!(other.get_or_set("my_new_key", Duration::from_secs(100), load).unwrap(), "my new value");
        assert_eq!(cache.get::<String>("my_new_key").unwrap().as_deref(), Some("my new value"));

        assert!(cache.set_many(&[("a", 1), ("b", 2), ("c", 3)], ()).unwrap().is_empty());
        let all =
            HashMap::from(["a", "b", "c"].map(str::to_owned).map(|key| (key.clone(), key.as_bytes()[0] as i32 - 96)));
        assert_eq!(other.get_many::<i32>(&["a", "b", "c"]).unwrap(), all);
        assert!(other.delete("a").unwrap());
        assert_eq!(cache.delete_many(&["a", "b", "c"]).unwrap(), 2);
        assert!(other.get_many::<i32>(&["a", "b", "c"]).unwrap().is_empty());

        cache.set("num", &1, ()).unwrap();
        assert_eq!(other.incr("num", 1).unwrap(), 2);
        assert_eq!(cache.incr("num", 10).unwrap(), 12);
        assert_eq!(other.decr("num", 1).unwrap(), 11);
        assert_eq!(cache.decr("num", 5).unwrap(), 6);
        assert_eq!(other.incr("nothing", 1).unwrap_err().kind(), ErrorKind::Absent);

        cache.set("touched", &1, Duration::from_secs(10)).unwrap();
        assert!(other.touch("touched", Timeout::from_secs(100)).unwrap());
        kit.pass(50);
        assert_eq!(cache.get::<i32>("touched").unwrap(), Some(1));

        cache.with_version(2).set("my_key", "hello world!", ()).unwrap();
        assert_eq!(other.get::<Option<String>>("my_key").unwrap(), Some(None));
        assert_eq!(other.with_version(2).get::<String>("my_key").unwrap().as_deref(), Some("hello world!"));
        assert_eq!(other.with_version(2).incr_version("my_key").unwrap(), 3);
        assert_eq!(cache.with_version(2).get::<String>("my_key").unwrap(), None);
        assert_eq!(cache.with_version(3).get::<String>("my_key").unwrap().as_deref(), Some("hello world!"));

        other.clear().unwrap();
        assert_eq!(cache.get::<i32>("num").unwrap(), None);
        assert_eq!(cache.with_version(3).get::<String>("my_key").unwrap(), None);
    });
}
