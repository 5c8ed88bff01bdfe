//! Tests two shops with one database and one server of Redis.

use crate::shop::{Pair, tile};

#[test]
fn what_one_shop_writes_the_other_shows() {
    let Some(mut shops) = Pair::start() else { return };
    let (one, two) = (&mut shops.one, &mut shops.two);
    let form = |title: &str| format!("title={title}&description=&category_id=1&price=5&stock=2");
    one.get("/products/1");
    // What the one has rendered, the other finds.
    let page = two.get("/products/1").body;
    assert_eq!(tile(&page, "Hit"), 1, "{page}");
    for number in 0..20 {
        let title = format!("Chair{number}");
        let (writer, reader) = if number % 2 == 0 { (&mut *one, &mut *two) } else { (&mut *two, &mut *one) };
        assert!(!reader.get("/products/1").body.contains(&title));
        let written = writer.post_and_follow("/products/1", &form(&title)).body;
        assert!(written.contains(&title) && tile(&written, "Ended") == 1, "{written}");
        assert!(reader.get("/products/1").body.contains(&title));
        assert!(reader.get(&format!("/?q={title}")).body.contains("1 found"));
        assert!(reader.get("/api/products/1").body.contains(&title));
    }
}
