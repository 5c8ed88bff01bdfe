//! Tests one shop, in memory: its pages, its forms, its JSON, and what it shows of itself.

use serde_json::{Value, json};

use crate::shop::{Shop, statements, tile};

const LAMP: &str = "title=Night+%3Clamp%3E&description=%22Dim%22+%26+warm&category_id=3&price=19.9&stock=4";

#[test]
fn a_page_shows_what_was_done_for_it() {
    let mut shop = Shop::start(&[]);
    let first = shop.get("/products/3");
    assert_eq!(first.status, 200);
    assert!(first.body.contains("<h1>"), "{}", first.body);
    let of = |page: &str| ["Hit", "Missed", "Added", "Ended"].map(|name| tile(page, name));
    // The page, the product, its category's products and figures, and the categories.
    assert_eq!((of(&first.body), statements(&first.body)), ([0, 5, 5, 0], 3));
    let second = shop.get("/products/3");
    assert_eq!((of(&second.body), statements(&second.body)), ([1, 0, 0, 0], 0));
    // Another one of the same category: three of its reads are cached.
    let third = shop.get("/products/9");
    assert_eq!((of(&third.body), statements(&third.body)), ([3, 2, 2, 0], 1));
    assert!(shop.line().contains("GET /products/3 => generated"));
    let line = shop.line();
    assert!(line.contains("page hit | cache hit 0, miss 0, add 0, invalidate 0 | 0 statements"), "{line}");
}

#[test]
fn a_product_is_created_changed_and_deleted_by_forms() {
    let mut shop = Shop::start(&[]);
    assert!(shop.get("/?q=night").body.contains("0 found"));
    let page = shop.post_and_follow("/products", LAMP).body;
    assert!(page.contains("<h1>Night &lt;lamp&gt;</h1>"), "{page}");
    assert!(page.contains("&quot;Dim&quot; &amp; warm") && page.contains("€ 19.90"), "{page}");
    assert_eq!(tile(&page, "Ended"), 1);
    assert!(page.contains("INSERT INTO") && page.contains("What shows products"), "{page}");
    assert!(shop.get("/?q=night").body.contains("1 found"));
    assert!(shop.get("/?q=%25").body.contains("0 found"), "a pattern is a text");

    let id = id_in(&page);
    let form = shop.get(&format!("/products/{id}/edit")).body;
    assert!(form.contains("value=\"Night &lt;lamp&gt;\"") && form.contains("value=\"19.90\""), "{form}");
    let page = shop.post_and_follow(&format!("/products/{id}"), &LAMP.replace("Night", "Day")).body;
    assert!(page.contains("<h1>Day &lt;lamp&gt;</h1>"), "{page}");
    assert!(shop.get("/?q=night").body.contains("0 found"));

    let page = shop.post_and_follow(&format!("/products/{id}/delete"), "").body;
    assert!(page.contains("60 found"), "{page}");
    assert_eq!(shop.get(&format!("/products/{id}")).status, 404);
    assert_eq!(shop.post(&format!("/products/{id}/delete"), "").status, 404);
}

fn id_in(page: &str) -> i32 {
    let (_, rest) = page.split_once("<a class=\"button\" href=\"/products/").unwrap();
    rest.split_once('/').unwrap().0.parse().unwrap()
}

#[test]
fn a_form_that_is_not_right_says_where() {
    let mut shop = Shop::start(&[]);
    let answer = shop.post("/products", "title=+&description=&category_id=77&price=much&stock=-1");
    assert_eq!(answer.status, 422);
    for field in ["title", "category_id", "price", "stock"] {
        assert!(answer.body.contains(&format!("id=\"{field}-wrong\"")), "{field}: {}", answer.body);
    }
    shop.set_headers("Sec-Fetch-Site: cross-site\r\n");
    assert_eq!(shop.post("/products", LAMP).status, 403);
}

#[test]
fn json_has_the_same_products() {
    let mut shop = Shop::start(&[]);
    let list: Value = serde_json::from_str(&shop.get("/api/products?category=3&page=1").body).unwrap();
    assert_eq!((list["total"].as_i64(), list["products"].as_array().unwrap().len()), (Some(10), 10));
    let lamp = json!({"title": "Lamp", "description": "", "category_id": 3, "price_cents": 990, "stock": 1});
    let made = shop.send_json("POST", "/api/products", &lamp.to_string());
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").unwrap().to_owned();
    let mut expected = lamp.clone();
    expected["id"] = serde_json::from_str::<Value>(&made.body).unwrap()["id"].clone();
    assert_eq!(serde_json::from_str::<Value>(&shop.get(&path).body).unwrap(), expected);

    let etag = shop.get(&path).header("etag").unwrap().to_owned();
    shop.set_headers(&format!("If-None-Match: {etag}\r\n"));
    let known = shop.get(&path);
    assert_eq!((known.status, &*known.body), (304, ""));
    expected["title"] = json!("Torch");
    assert_eq!(shop.send_json("PUT", &path, &expected.to_string()).status, 200);
    let changed = shop.get(&path);
    assert_eq!(serde_json::from_str::<Value>(&changed.body).unwrap(), expected);
    assert_ne!(changed.header("etag"), Some(&*etag));
    shop.set_headers("");

    let wrong = shop.send_json("POST", "/api/products", &lamp.to_string().replace("990", "-990"));
    assert_eq!((wrong.status, wrong.body.contains("price")), (422, true));
    assert_eq!(shop.send_json("DELETE", &path, "").status, 204);
    assert_eq!(shop.get(&path).status, 404);
}

#[test]
fn without_the_panel_pages_are_given_as_they_are_kept() {
    let mut shop = Shop::start(&[]);
    let answer = shop.post("/panel", "shown=no&back=%2F%2Felsewhere");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert!(answer.header("set-cookie").unwrap().starts_with("panel=off"));
    shop.hide_panel();
    let first = shop.get("/");
    assert!(!first.body.contains("This request"));
    let etag = first.header("etag").unwrap().to_owned();
    assert_eq!(shop.head("/").header("etag"), Some(&*etag));
    shop.set_headers(&format!("Cookie: panel=off\r\nIf-None-Match: {etag}\r\n"));
    assert_eq!(shop.get("/").status, 304);
    assert_eq!(shop.post("/products/1", LAMP).status, 303);
    assert_eq!(shop.get("/").status, 200);
    // A cookie of which nothing is known.
    shop.set_headers("Cookie: panel=off; user=7\r\n");
    let personal = shop.get("/");
    assert_eq!((personal.status, personal.header("etag")), (200, None));
}

#[test]
fn statistics_name_what_was_read_and_ended() {
    let mut shop = Shop::start(&[]);
    for _ in 0..3 {
        shop.get("/products/1");
    }
    shop.post("/products/1", LAMP);
    let page = shop.get("/statistics").body;
    for part in [
        "Hit ratio",
        "Latency",
        "<svg",
        "Managers, functions and pages",
        "fn figures(",
        "/products/{id}",
        "Product",
        "pages",
        "products",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!shop.get("/statistics/live").body.contains("<!doctype"));
    for path in ["/assets/shop.css", "/assets/shop.js"] {
        let answer = shop.get(path);
        assert!(answer.status == 200 && answer.header("etag").is_some(), "{answer:?}");
    }
    assert_eq!(shop.get("/nothing").status, 404);
}

#[test]
fn the_load_ends_with_a_table() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_shop")).args(["load", "--seconds", "2"]).output().unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{printed} {:?}", String::from_utf8(run.stderr));
    for row in ["requests a second", "p50", "p99", "statements a second", "hit ratio", "up to"] {
        assert!(printed.contains(row), "{row}: {printed}");
    }
}

#[test]
fn the_load_compares_watched_turns_with_others() {
    let load = ["load", "--seconds", "2", "--watched"];
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_shop")).args(load).output().unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{printed} {:?}", String::from_utf8(run.stderr));
    for row in ["not watched", "ratio", "median", "compared"] {
        assert!(printed.contains(row), "{row}: {printed}");
    }
}
