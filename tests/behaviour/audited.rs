//! What is stored is compared with the database: on demand, by the auditor, in shadow mode. It finds what is wrong, and
//! nothing else.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{AuditCounts, AuditSettings, Bypass, ExplainedAnswer, Kind, OnStale, Verdict};
use diesel::connection::SimpleConnection;

use crate::database::{Conn, Database};
use crate::harness::{Shop, new_product, products};
use crate::kept;
use crate::line::prelude::*;
use crate::transactions::retitle;

mod shadow;
mod wrong;

use wrong::{Defect, WrongStore};

/// Writes take less than this between their effect and their release.
const GRACE: Duration = Duration::from_millis(60);

type Read = fn(&Shop, &mut Conn);

/// Each kind of read.
const READS: [Read; 9] = [
    |shop, conn| drop(shop.products().get(1).first(conn)),
    |shop, conn| drop(shop.products().get(1).filter(products::price_cents.gt(0)).first(conn)),
    |shop, conn| drop(shop.products().get_by_slug("lamp").first(conn)),
    |shop, conn| drop(shop.products().get_many([1, 2]).load(conn)),
    |shop, conn| drop(shop.products().every().order_by(products::id).load(conn)),
    |shop, conn| drop(shop.products().all_by_category_id(7).load(conn)),
    |shop, conn| drop(shop.products().every().order_by(products::title).first(conn)),
    |shop, conn| drop(shop.products().all((), products::is_active.eq(true)).count(conn)),
    |shop, conn| drop(shop.products().all((), products::category_id.eq(8)).exists(conn)),
];

fn read_all(shop: &Shop, conn: &mut Conn) {
    READS.iter().for_each(|read| read(shop, conn));
    // It is remembered that there is none.
    drop(shop.products().get(9).first(conn));
}

/// A shop of which every hit is compared, over connections of the auditor's own.
fn audited(shop: Shop, settings: AuditSettings) -> Shop {
    shop.cache.set_audit(Some(settings.grace(GRACE)));
    let url = shop.url();
    cache_diesel::audit_with(move || Conn::establish(&url).map(Box::new)).unwrap();
    shop
}

fn total(shop: &Shop) -> AuditCounts {
    shop.cache.audit_counts().into_values().fold(AuditCounts::default(), AuditCounts::and)
}

/// Reads until the auditor has found something stale, for ten seconds at most.
fn is_found(shop: &Shop, conn: &mut Conn) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        read_all(shop, conn);
        if total(shop).stale_count > 0 {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

type Untold = (&'static str, fn(&Shop));

/// What a program does wrong, and nobody tells the cache.
const UNTOLD: [Untold; 5] = [
    ("a row is changed on an untracked connection", |shop| drop(retitle(&mut shop.untracked(), 1, "Unseen"))),
    ("a row is inserted on an untracked connection", |shop| {
        drop(diesel::insert_into(products::table).values(new_product(9, 7, "unseen")).execute(&mut shop.untracked()));
    }),
    ("a row is deleted on an untracked connection", |shop| {
        drop(diesel::delete(products::table.find(1)).execute(&mut shop.untracked()));
    }),
    ("a row moves to another scope on an untracked connection", |shop| {
        let moved = diesel::update(products::table.find(1)).set(products::category_id.eq(8));
        drop(moved.execute(&mut shop.untracked()));
    }),
    ("a statement by filter on an untracked connection", |shop| {
        drop(diesel::update(products::table).set(products::is_active.eq(false)).execute(&mut shop.untracked()));
    }),
];

#[test]
fn what_nobody_is_told_of_is_found() {
    for (name, write) in UNTOLD {
        let shop = audited(Shop::with(kept::cache()), AuditSettings::one_in(1));
        let mut conn = shop.conn();
        read_all(&shop, &mut conn);
        write(&shop);
        assert!(is_found(&shop, &mut conn), "{name}: {:?}", shop.cache.audit_counts());
    }
}

#[test]
fn what_the_library_does_wrong_is_found() {
    let mut missed = Vec::new();
    for defect in Defect::ALL {
        let shop = audited(Shop::with(Cache::builder().store(WrongStore::new(defect))), AuditSettings::one_in(1));
        let mut conn = shop.conn();
        read_all(&shop, &mut conn);
        defect.write(&mut conn);
        if !is_found(&shop, &mut conn) {
            missed.push(defect);
        }
    }
    assert_eq!(missed, []);
}

/// Writers and readers for a while: what is overtaken is no finding.
#[test]
fn nothing_is_found_while_others_write() {
    let shop = audited(Shop::with(kept::cache()), AuditSettings::one_in(1));
    let until = Instant::now() + Duration::from_millis(1_500);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut conn = shop.conn();
            for turn in 0.. {
                if Instant::now() >= until {
                    break;
                }
                _ = retitle(&mut conn, 1 + turn % 3, &format!("Title {turn}"));
                thread::sleep(Duration::from_millis(1));
            }
        });
        scope.spawn(|| {
            let mut conn = shop.conn();
            while Instant::now() < until {
                read_all(&shop, &mut conn);
            }
        });
    });
    let counts = total(&shop);
    assert!(counts.compared_count > 20, "{counts:?}");
    assert_eq!(counts.stale_count, 0, "{}", cache_diesel::audit_report());
}

#[test]
fn a_manager_bypasses_by_itself_until_it_is_trusted_again() {
    let shop = audited(Shop::with(kept::cache()), AuditSettings::one_in(1).on_stale(OnStale::Bypass));
    let mut conn = shop.conn();
    let differed = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&differed);
    shop.cache.listen("differed", move |event| {
        if let cache_diesel::Event::Differed { manager, kind, key } = event {
            heard.lock().unwrap().push(format!("{manager} {kind} {key}"));
        }
    });
    shop.products().get(1).first(&mut conn).unwrap();
    retitle(&mut shop.untracked(), 1, "Unseen").unwrap();
    while shop.cache.distrusted().is_empty() {
        shop.products().get(1).first(&mut conn).unwrap();
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(shop.cache.distrusted(), ["product"]);
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "Unseen");
    let explained = shop.products().get(1).explain(&mut conn).unwrap();
    assert_eq!(explained.answer, ExplainedAnswer::Bypass(Bypass::Distrusted));
    assert!(shop.cache.statistics().bypass_count("product", Kind::Detail, Bypass::Distrusted) > 0);
    assert_eq!(*differed.lock().unwrap(), ["product detail 1"], "once for each entry");
    let finding = cache_diesel::audit_report().findings.into_iter().find(|finding| finding.cache == shop.name).unwrap();
    assert_eq!((finding.manager.as_str(), finding.kind, finding.key.as_str()), ("product", Kind::Detail, "1"));
    assert!(finding.explanation.unwrap().to_string().contains("row"));

    // Other managers are trusted.
    shop.categories().get(7).first(&mut conn).unwrap();
    assert!(shop.categories().get(7).entry(&mut conn).unwrap().is_hit());

    shop.products().clear().unwrap();
    assert!(shop.cache.trust_again("product"));
    shop.products().get(1).first(&mut conn).unwrap();
    assert!(shop.products().get(1).entry(&mut conn).unwrap().is_hit());
}

/// What a model says of itself is before what the cache was told.
#[test]
fn a_model_says_itself_what_follows() {
    let settings = AuditSettings::one_in(1);
    for (settings, distrusted) in [(settings, "strict"), (settings.on_stale(OnStale::Bypass), "product strict")] {
        let shop = audited(Shop::with(kept::cache()), settings);
        let mut conn = shop.conn();
        let (strict, lenient) = (Strict::cached_in(&shop.name), Lenient::cached_in(&shop.name));
        let until = Instant::now() + Duration::from_secs(10);
        let mut read = || {
            shop.products().get(1).first(&mut conn).unwrap();
            strict.get(1).first(&mut conn).unwrap();
            lenient.get(1).first(&mut conn).unwrap();
        };
        read();
        retitle(&mut shop.untracked(), 1, "Unseen").unwrap();
        while total(&shop).stale_count < 3 || shop.cache.distrusted().join(" ") != distrusted {
            read();
            assert!(Instant::now() < until, "{:?} {:?}", shop.cache.audit_counts(), shop.cache.distrusted());
            thread::sleep(Duration::from_millis(5));
        }
        assert!(lenient.get(1).entry(&mut conn).unwrap().is_hit());
    }
}

#[derive(Cached, Debug, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "strict", on_stale = "bypass")]
struct Strict {
    id: i32,
    title: String,
}

#[derive(Cached, Debug, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "lenient", on_stale = "report")]
struct Lenient {
    id: i32,
    title: String,
}

#[test]
fn hits_without_a_connection_are_compared_too() {
    let database = Database::fresh();
    let url = database.url();
    let shop = audited(Shop::at(database, kept::cache().database(url)), AuditSettings::one_in(1));
    shop.products().get_many([1, 2]).load(&mut shop.conn()).unwrap();
    let no_connection = || -> QueryResult<Conn> { panic!("it is a hit") };
    let until = Instant::now() + Duration::from_secs(10);
    while total(&shop).compared_count < 4 {
        assert_eq!(shop.products().get(1).first_with(no_connection).unwrap().title, "Lamp");
        assert_eq!(shop.products().get_many([1, 2]).load_with(no_connection).unwrap().len(), 2);
        assert!(Instant::now() < until, "nothing was compared");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_read_is_verified() {
    let shop = Shop::with(kept::cache());
    shop.cache.set_audit(Some(AuditSettings::one_in(1_000_000).grace(GRACE)));
    let (mut conn, products) = (shop.conn(), shop.products());
    let list = || products.every().order_by(products::id);
    assert_eq!(products.get(1).verify(&mut conn).unwrap(), Verdict::NotStored);
    products.get(1).first(&mut conn).unwrap();
    products.get_by_slug("lamp").first(&mut conn).unwrap();
    list().load(&mut conn).unwrap();
    assert_eq!(products.get(1).verify(&mut conn).unwrap(), Verdict::Same);
    assert_eq!(products.get_by_slug("lamp").verify(&mut conn).unwrap(), Verdict::Same);
    assert_eq!(list().verify(&mut conn).unwrap(), Verdict::Same);
    let inside = conn.transaction(|conn| products.get(1).verify(conn)).unwrap();
    assert_eq!(inside, Verdict::Bypassed(Bypass::Transaction));

    retitle(&mut shop.untracked(), 1, "Unseen").unwrap();
    assert_eq!(products.get(1).verify(&mut conn).unwrap(), Verdict::Stale);
    assert_eq!(products.get_by_slug("lamp").verify(&mut conn).unwrap(), Verdict::Stale);
    assert_eq!(list().verify(&mut conn).unwrap(), Verdict::Stale);
    assert_eq!(products.get(2).verify(&mut conn).unwrap(), Verdict::NotStored);
}

#[test]
fn the_rows_of_a_manager_are_verified() {
    let shop = Shop::with(kept::cache());
    shop.cache.set_audit(Some(AuditSettings::one_in(1_000_000).grace(GRACE)));
    let (mut conn, products) = (shop.conn(), shop.products());
    products.get_many([1, 2]).load(&mut conn).unwrap();
    let report = products.verify_all(&mut conn).unwrap();
    assert_eq!((report.looked_count, report.compared_count, report.is_clean()), (3, 2, true), "{report}");
    assert_eq!(report.to_string(), "3 rows looked for, 2 compared, 0 stale");

    retitle(&mut shop.untracked(), 2, "Unseen").unwrap();
    // Those that the database has no more are looked for by their keys.
    shop.untracked().batch_execute("DELETE FROM products WHERE id = 1").unwrap();
    let report = products.verify_all(&mut conn).unwrap();
    assert_eq!(report.stale.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["2"], "{report}");
    let report = products.verify_rows([1, 2, 3], &mut conn).unwrap();
    assert_eq!(report.stale.len(), 2, "{report}");
}

/// A clock that stands still is no matter: what is confirmed has to be the same entry.
#[test]
fn a_right_entry_beside_a_clock_that_stands_still_is_the_same() {
    let shop = Shop::with(kept::cache_at(&ManualClock::new()));
    let (mut conn, products) = (shop.conn(), shop.products());
    products.get(1).first(&mut conn).unwrap();
    retitle(&mut conn, 1, "New").unwrap();
    products.get(1).first(&mut conn).unwrap();
    assert_eq!(products.get(1).verify(&mut conn).unwrap(), Verdict::Same);
}
