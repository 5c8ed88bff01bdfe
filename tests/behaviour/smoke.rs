use diesel::prelude::*;

use crate::harness::{Product, Shop, products};

#[test]
fn everything_once() {
    let shop = Shop::new();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    let manager = shop.products();
    shop.cache.listen("log", |event| println!("{event:?}"));
    let plain = products::table.load::<Product>(&mut conn).unwrap();
    let (n, all) = shop.counted(|| manager.all((), ()).load(&mut conn).unwrap());
    assert_eq!((n, &*all), (1, &plain));
    let (n, all) = shop.counted(|| manager.every().load(&mut other).unwrap());
    assert_eq!((n, &*all), (0, &plain));
    let (n, one) = shop.counted(|| manager.get(1).first(&mut conn).unwrap());
    assert_eq!((n, &*one), (1, &plain[0]));
    let (n, one) = shop.counted(|| manager.get(1).first(&mut conn).unwrap());
    assert_eq!((n, &*one), (0, &plain[0]));
    let (n, one) = shop.counted(|| manager.get_by_slug("lamp").first(&mut conn).unwrap());
    assert_eq!((n, &*one), (1, &plain[0]));
    let (n, one) = shop.counted(|| manager.get_by_slug("lamp").first(&mut conn).unwrap());
    assert_eq!((n, &*one), (0, &plain[0]));
    let (n, shelf) = shop.counted(|| manager.all_by_category_id(7).load(&mut conn).unwrap());
    assert_eq!((n, shelf.len()), (1, 2));
    let (n, shelf) = shop.counted(|| manager.all_by_category_id(7).load(&mut conn).unwrap());
    assert_eq!((n, shelf.len()), (0, 2));
    let (n, rows) = shop.counted(|| manager.get_many([3, 1, 9, 3]).load(&mut conn).unwrap());
    assert_eq!((n, rows.iter().map(|row| row.as_ref().map(|row| row.id)).collect::<Vec<_>>()), (1, vec![Some(3), Some(1), None, Some(3)]));
    let (n, rows) = shop.counted(|| manager.get_many([3, 1, 9, 3]).load(&mut conn).unwrap());
    assert_eq!((n, rows.len()), (0, 4));
    let active = || manager.all("active", products::is_active.eq(true));
    assert_eq!(active().count(&mut conn).unwrap(), 2);
    assert_eq!(shop.counted(|| active().count(&mut conn).unwrap()), (0, 2));
    assert!(active().exists(&mut conn).unwrap());
    let (n, first) = shop.counted(|| active().order_by(products::id.desc()).limit(5).first(&mut conn).unwrap());
    assert_eq!((n, first.id), (1, 3));

    diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn).unwrap();
    assert_eq!(manager.get(1).first(&mut other).unwrap().title, "New");
    assert_eq!(manager.every().load(&mut other).unwrap()[0].title, "New");
    assert_eq!(manager.get_by_slug("lamp").first(&mut other).unwrap().title, "New");
    let row = Product { id: 10, category_id: 7, slug: "x".into(), title: "X".into(), price_cents: 1, is_active: true };
    assert_eq!(manager.all_by_category_id(7).load(&mut other).unwrap().len(), 2);
    let inserted = manager.insert(&row).get_result(&mut conn).unwrap();
    assert_eq!(inserted, row);
    assert_eq!(manager.all_by_category_id(7).load(&mut other).unwrap().len(), 3);
    let (n, _) = shop.counted(|| manager.get(1).first(&mut other).unwrap());
    assert_eq!(n, 0);
    let saved = manager.save(&Product { title: "Y".into(), ..row.clone() }).get_result(&mut conn).unwrap();
    assert_eq!(saved.title, "Y");
    assert_eq!(manager.get(10).first(&mut other).unwrap().title, "Y");
    assert_eq!(manager.delete(10).execute(&mut conn).unwrap(), 1);
    assert!(manager.get(10).first(&mut other).optional().unwrap().is_none());
    manager.write(diesel::update(products::table).set(products::price_cents.eq(5))).execute(&mut conn).unwrap();
    assert_eq!(manager.get(1).first(&mut other).unwrap().price_cents, 5);
    println!("{:#?}", shop.statistics());
}
