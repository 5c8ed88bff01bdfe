//! From when on entries are stale: what models say, what caches say, and what shortens it.

use super::*;

diesel::table! {
    notes (id) {
        id -> Integer,
        text -> Text,
        ends -> Nullable<BigInt>,
    }
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "ageing note", detail_timeout = 100, list_timeout = 200, negative_timeout = 30, expires_at = ends)]
#[cached(relevance_timeout = 50, list_relevance_timeout = 150)]
struct Ageing {
    id: i32,
    text: String,
    ends: Option<i64>,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "plain note", detail_timeout = 5, jitter = "10%")]
struct Plain {
    id: i32,
    text: String,
    ends: Option<i64>,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes)]
#[cached(key = "fresh note", relevance_timeout = "never")]
struct Fresh {
    id: i32,
    text: String,
    ends: Option<i64>,
}

/// When the clocks of tests begin, in seconds.
const BEGIN: i64 = 86_400;

fn desk(builder: CacheBuilder) -> Shop {
    let shop = Shop::with(builder);
    let schema = format!(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, ends BIGINT);
         INSERT INTO notes VALUES (1, 'a', NULL), (2, 'b', {}), (3, 'c', {});",
        BEGIN + 20,
        BEGIN + 70,
    );
    shop.conn().batch_execute(&schema).unwrap();
    shop
}

/// How long an entry is fresh, and how long it lives, in seconds.
fn lives<T>(entry: &cache_diesel::CachedEntry<T>) -> (Option<f64>, f64) {
    let since =
        |deadline: std::time::SystemTime| deadline.duration_since(entry.created_at().unwrap()).unwrap().as_secs_f64();
    (entry.soft_deadline().map(since), since(entry.hard_deadline().unwrap()))
}

#[test]
fn a_model_says_from_when_on_its_entries_are_stale() {
    let shop = desk(cache_at(&ManualClock::new()).relevance_timeout(Duration::from_secs(1)));
    let conn = &mut shop.conn();
    let notes = Ageing::cached_in(&shop.name);
    assert_eq!(lives(&notes.get(1).entry(conn).unwrap()), (Some(50.0), 100.0));
    assert_eq!(lives(&notes.get(2).entry(conn).unwrap()), (None, 20.0), "it ends before it is stale");
    assert_eq!(lives(&notes.get(3).entry(conn).unwrap()), (Some(50.0), 70.0));
    assert_eq!(lives(&notes.all((), notes::id.eq(1)).entry(conn).unwrap()), (Some(150.0), 200.0));
    let short = notes.get(1).timeout(Duration::from_secs(40)).refresh().entry(conn).unwrap();
    assert_eq!(lives(&short), (None, 40.0));
    assert_eq!(lives(&Fresh::cached_in(&shop.name).get(1).entry(conn).unwrap()), (None, 60.0));
}

#[test]
fn o5_a_cache_says_it_for_those_that_say_nothing_and_live_long_enough() {
    let builder = cache_at(&ManualClock::new());
    let shop = desk(builder.detail_relevance_timeout(Duration::from_secs(6)).list_relevance_timeout(SOFT));
    let conn = &mut shop.conn();
    let notes = Plain::cached_in(&shop.name);
    let (soft, hard) = lives(&notes.get(1).entry(conn).unwrap());
    assert!(soft.is_none() && hard <= 5.0, "rows live for five seconds: {soft:?} {hard}");
    let (soft, hard) = lives(&notes.every().entry(conn).unwrap());
    let (soft, share) = (soft.unwrap(), hard / 86_400.0);
    assert!((0.9..=1.0).contains(&share) && (soft - share * 10.0).abs() < 0.001, "{soft} {hard}");
}

#[test]
fn a_cache_says_how_long_entries_live_of_models_that_do_not() {
    let builder = cache_at(&ManualClock::new()).detail_timeout(Duration::from_secs(90));
    let shop = desk(builder.list_timeout(Duration::from_secs(300)));
    let conn = &mut shop.conn();
    let notes = Fresh::cached_in(&shop.name);
    assert_eq!(lives(&notes.get(1).entry(conn).unwrap()).1, 90.0);
    assert_eq!(lives(&notes.every().entry(conn).unwrap()).1, 300.0);
    assert_eq!(lives(&notes.get(3).timeout(Duration::from_secs(40)).entry(conn).unwrap()).1, 40.0);
    let notes = Ageing::cached_in(&shop.name);
    assert_eq!(lives(&notes.get(1).entry(conn).unwrap()).1, 100.0);
    assert_eq!(lives(&notes.all((), notes::id.eq(1)).entry(conn).unwrap()).1, 200.0);
    // Its rows live for five seconds by itself, its lists as long as the cache says.
    let hard = lives(&Plain::cached_in(&shop.name).every().entry(conn).unwrap()).1;
    assert!((270.0..=300.0).contains(&hard), "{hard}");
}

#[test]
fn what_is_known_to_be_absent_is_never_stale() {
    let clock = ManualClock::new();
    let shop = desk(cache_at(&clock).relevance_timeout(Duration::from_secs(1)));
    let conn = &mut shop.conn();
    let none = |conn: &mut Conn| shop.products().get(99).first(conn).optional().unwrap();
    none(conn);
    clock.advance(Duration::from_secs(29));
    assert_eq!(shop.counted(|| none(conn)), (0, None));
    assert_eq!(shop.counts("product", Kind::Detail).stale_hit_count, 0);
    clock.advance(Duration::from_secs(1));
    assert_eq!(shop.counted(|| none(conn)), (1, None));
}

#[test]
fn past_the_hard_deadline_nothing_is_served() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing(&clock);
        let conn = &mut shop.conn();
        read(&shop, conn);
        change_unseen(&shop);
        clock.advance(Duration::from_secs(86_400));
        assert_eq!(read(&shop, conn), "Unseen");
    }
}

#[test]
fn an_entry_says_that_it_is_stale() {
    let clock = ManualClock::new();
    let shop = ageing(&clock);
    let conn = &mut shop.conn();
    let entry = |conn: &mut Conn| shop.products().every().entry(conn).unwrap();
    assert_eq!((entry(conn).is_stale(), entry(conn).origin), (false, Origin::Hit));
    clock.advance(SOFT);
    shop.cache.set_mode(Mode::ReadOnly);
    let stale = entry(conn);
    assert_eq!((stale.is_stale(), stale.is_hit(), stale.origin.to_string().as_str()), (true, true, "stale"));
}
