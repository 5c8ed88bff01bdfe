//! Pages and lists of a view past their soft deadline: whichever of their tables has changed.

use super::super::related::{GoodPage, SCHEMA, goods, makers, reviews};
use super::*;

/// What each kind of read sees: the title, the maker's name, the best review's stars.
type ReadPage = fn(&Shop, &mut Conn) -> Seen;
type Seen = (String, String, i32);

const READS: [ReadPage; 3] = [
    |shop, conn| seen(&GoodPage::cached_in(&shop.name).get(10).first(conn).unwrap()),
    |shop, conn| seen(&GoodPage::cached_in(&shop.name).every().order_by(goods::id).load(conn).unwrap()[0]),
    |shop, conn| seen(&GoodPage::cached_in(&shop.name).all_by_shelf(7).order_by(goods::id).load(conn).unwrap()[0]),
];

type Write = fn(&mut Conn) -> usize;

/// A page takes three statements: the row with what is joined, and one for each prefetched field.
const STATEMENTS: usize = 3;

fn seen(page: &GoodPage) -> Seen {
    (page.title.clone(), page.maker.name.clone(), page.reviews[0].stars)
}

fn old() -> Seen {
    ("Lamp".into(), "Ada".into(), 5)
}

fn new() -> Seen {
    ("Unseen".into(), "Unseen".into(), 9)
}

fn ageing_goods(clock: &ManualClock) -> Shop {
    let shop = ageing(clock);
    shop.conn().batch_execute(SCHEMA).unwrap();
    shop
}

/// Changes every table of the page without anybody being told.
fn change_all_unseen(shop: &Shop) {
    let sql = "UPDATE goods SET title = 'Unseen' WHERE id = 10;
               UPDATE makers SET name = 'Unseen' WHERE id = 1;
               UPDATE reviews SET stars = 9 WHERE id = 101;";
    shop.untracked().batch_execute(sql).unwrap();
}

#[test]
fn c18_a_stale_page_is_served_at_once_and_refreshed_once_in_the_background() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing_goods(&clock);
        let (hook, arrives, go) = stopped_at("goods INNER JOIN");
        let pool = Pool::of(&shop, Some(hook));
        let conn = &mut shop.conn();
        assert_eq!(shop.counted(|| read(&shop, conn)), (STATEMENTS, old()));
        let loads = shop.cache.statistics().total().load_count;
        change_all_unseen(&shop);
        clock.advance(SOFT - Duration::from_nanos(1));
        assert_eq!((shop.counted(|| read(&shop, conn)), pool.taken()), ((0, old()), 0), "it is fresh");
        clock.advance(Duration::from_nanos(1));
        assert_eq!(shop.counted(|| read(&shop, conn)), (0, old()));
        arrives.recv().unwrap();
        assert_eq!([(); 3].map(|()| shop.counted(|| read(&shop, conn))), [(); 3].map(|()| (0, old())));
        go.send(()).unwrap();
        wait_for("it is fresh", || shop.counted(|| read(&shop, conn)) == (0, new()));
        let total = shop.cache.statistics().total();
        assert_eq!(total.load_count - loads, 1);
        assert_eq!(pool.statements.load(Ordering::SeqCst), STATEMENTS);
        // A look that was over before the refresh was may take a connection once more, looks again and asks nothing.
        assert!((1..=2).contains(&pool.taken()), "{}", pool.taken());
        assert!(total.stale_hit_count >= 4, "{total:?}");
    }
}

#[test]
fn c18_without_a_pool_one_reader_refreshes_the_page() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing_goods(&clock);
        let conn = &mut shop.conn();
        read(&shop, conn);
        change_all_unseen(&shop);
        clock.advance(SOFT);
        assert_eq!(shop.counted(|| read(&shop, conn)), (STATEMENTS, new()));
        assert_eq!(shop.counted(|| read(&shop, conn)), (0, new()));
    }
}

#[test]
fn c18_a_page_is_never_served_stale_after_a_write_to_any_of_its_tables() {
    let writes: [(Write, Seen); 3] = [
        (
            |conn| diesel::update(goods::table.find(10)).set(goods::title.eq("New")).execute(conn).unwrap(),
            ("New".into(), "Ada".into(), 5),
        ),
        (
            |conn| diesel::update(makers::table.find(1)).set(makers::name.eq("New")).execute(conn).unwrap(),
            ("Lamp".into(), "New".into(), 5),
        ),
        (
            |conn| diesel::update(reviews::table.find(101)).set(reviews::stars.eq(8)).execute(conn).unwrap(),
            ("Lamp".into(), "Ada".into(), 8),
        ),
    ];
    for read in READS {
        for (write, written) in &writes {
            let clock = ManualClock::new();
            let shop = ageing_goods(&clock);
            let (hook, arrives, go) = stopped_at("goods INNER JOIN");
            let _pool = Pool::of(&shop, Some(hook));
            let conn = &mut shop.conn();
            read(&shop, conn);
            clock.advance(SOFT);
            assert_eq!(read(&shop, conn), old());
            // The refresh has asked for the rows, and has stored nothing yet.
            arrives.recv().unwrap();
            assert_eq!(write(&mut shop.conn()), 1);
            assert_eq!(read(&shop, conn), *written, "it was written, and is no stale entry any more");
            go.send(()).unwrap();
            for _ in 0..100 {
                assert_eq!(read(&shop, conn), *written, "what the refresh brought was overtaken");
            }
        }
    }
}
