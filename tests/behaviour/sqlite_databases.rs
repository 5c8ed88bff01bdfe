//! Databases of SQLite under several names, and in memory.

use diesel::connection::SimpleConnection;

use crate::harness::Shop;
use crate::line::prelude::*;
use crate::transactions::{retitle, title};

#[test]
fn databases_in_memory_are_each_their_own() {
    let shop = Shop::new();
    let open = || {
        let mut conn = shop.conn_to(":memory:");
        conn.batch_execute(&crate::schema::schema()).unwrap();
        conn
    };
    let (mut one, mut two) = (open(), open());
    retitle(&mut one, 1, "One").unwrap();
    for expected in [1, 0] {
        assert_eq!(title(&shop, &mut one, 1), (expected, "One".into()));
        assert_eq!(title(&shop, &mut two, 1), (expected, "Lamp".into()));
    }
    retitle(&mut two, 1, "Two").unwrap();
    assert_eq!(title(&shop, &mut one, 1), (0, "One".into()));
    assert_eq!(title(&shop, &mut two, 1), (1, "Two".into()));
    shop.read_everything(&mut one);
    drop(one);
    assert_eq!(title(&shop, &mut open(), 1), (1, "Lamp".into()), "a new one is not the one that is gone");
}

#[test]
fn a_database_in_memory_that_connections_share_is_one() {
    let shop = Shop::new();
    let url = format!("file:{}?mode=memory&cache=shared", shop.name.replace(' ', "_"));
    let (mut one, mut two) = (SqliteConnection::establish(&url).unwrap(), SqliteConnection::establish(&url).unwrap());
    one.batch_execute(&crate::schema::schema()).unwrap();
    assert_eq!(shop.products().get(1).first(&mut one).unwrap().title, "Lamp");
    assert!(shop.products().get(1).entry(&mut two).unwrap().is_hit());
    retitle(&mut two, 1, "New").unwrap();
    assert_eq!(shop.products().get(1).first(&mut one).unwrap().title, "New");
}

#[test]
fn one_file_under_several_addresses_is_one_database() {
    let shop = Shop::new();
    let path = std::path::PathBuf::from(shop.url()).canonicalize().unwrap();
    let (folder, name) = (path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap());
    let urls = [
        format!("file:{}", path.display()),
        format!("file://{}?mode=rwc", path.display()),
        format!("{}/./{name}", folder.display()),
        format!("{}/../{}/{name}", folder.display(), folder.file_name().unwrap().to_str().unwrap()),
    ];
    for url in urls {
        let (mut here, mut there) = (shop.warm(), shop.conn_to(&url));
        retitle(&mut there, 1, &url).unwrap();
        assert_eq!(title(&shop, &mut here, 1), (1, url.clone()));
        let back = format!("back from {url}");
        shop.read_everything(&mut there);
        retitle(&mut here, 1, &back).unwrap();
        assert_eq!(title(&shop, &mut there, 1), (1, back));
        shop.read_everything(&mut there);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_is_the_file() {
    let shop = Shop::new();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(shop.url(), &link).unwrap();
    let (mut here, mut there) = (shop.warm(), shop.conn_to(link.to_str().unwrap()));
    retitle(&mut there, 1, "Through the link").unwrap();
    assert_eq!(title(&shop, &mut here, 1).1, "Through the link");
}

#[test]
fn a_file_that_is_made_by_the_connection_is_one_database_from_the_start() {
    let shop = Shop::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let (mut one, mut two) = (shop.conn_to(path.to_str().unwrap()), shop.conn_to(path.to_str().unwrap()));
    one.batch_execute(&crate::schema::schema()).unwrap();
    shop.read_everything(&mut two);
    retitle(&mut one, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut two, 1).1, "New");
    shop.read_everything(&mut two);
}

#[test]
fn a_session_that_sees_things_its_own_way_bypasses_and_hides_nothing() {
    for pragma in ["PRAGMA case_sensitive_like = ON", "CREATE TEMP TABLE products AS SELECT * FROM main.products"] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        conn.batch_execute(pragma).unwrap();
        shop.read_everything(&mut other);
        assert_eq!(shop.row_cost(&mut conn, 1), 1, "{pragma}");
        conn.batch_execute("UPDATE products SET title = 'Mine' WHERE id = 1").unwrap();
        shop.read_everything(&mut conn);
        shop.read_everything(&mut other);
        conn.batch_execute("UPDATE main.products SET title = 'New' WHERE id = 1").unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "New");
        shop.read_everything(&mut other);
    }
}
