//! Takes the pictures of docs/web.md: `UPDATE_EXPECT=1` puts them there. Otherwise it sees whether they can be taken.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::{Browser, Tab};
use crate::shop::Shop;

#[test]
fn the_pictures_of_the_documentation_are_of_these_pages() {
    let Some(mut browser) = Browser::start() else { return };
    let mut shop = Shop::start(&[]);
    let is_wanted = std::env::var("UPDATE_EXPECT").is_ok_and(|said| said == "1");
    if is_wanted {
        live(&mut shop, Duration::from_secs(60));
    }
    let tab = browser.tab();
    let rows = [
        ("shop-list.png", "/", 1200, 900, "light"),
        ("shop-statistics.png", "/statistics", 1200, 1000, "dark"),
        ("shop-360.png", "/products/3", 360, 900, "light"),
    ];
    for (name, path, width, height, scheme) in rows {
        tab.resize(&mut browser, width, height);
        tab.set_scheme(&mut browser, scheme);
        shop.get(path);
        tab.go(&mut browser, &format!("{}{path}", shop.address));
        let picture = picture(&mut browser, &tab);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images").join(name);
        if is_wanted {
            std::fs::write(&file, &picture).unwrap();
        }
        assert_eq!(size(&picture), [width, height]);
        assert_eq!(size(&std::fs::read(file).unwrap()), [width, height], "{name}");
    }
}

/// Uses the shop for a while, so that there is something to be seen. Its log is read, because a pipe has room for little.
fn live(shop: &mut Shop, time: Duration) {
    let (began, mut number) = (Instant::now(), 0_u32);
    while began.elapsed() < time {
        number += 1;
        let id = number.wrapping_mul(2_654_435_761) >> 16;
        shop.get(&format!("/products/{}", if id % 5 == 0 { id % 60 + 1 } else { id % 12 + 1 }));
        shop.line();
        if number % 3 == 0 {
            shop.get(&format!("/?category={}", id % 6 + 1));
            shop.line();
        }
        if number % 60 == 0 {
            // One product sells; the others stay what they are.
            let sold = format!("title=Yew+lamp&description=&category_id=3&price=9&stock={}", 40 - number / 60 % 40);
            shop.post("/products/60", &sold);
            shop.line();
        }
        std::thread::sleep(Duration::from_millis(u64::from(5 + id % 20)));
    }
}

fn picture(browser: &mut Browser, tab: &Tab) -> Vec<u8> {
    let taken = tab.order(browser, "Page.captureScreenshot", json!({"format": "png"}));
    decoded(taken["data"].as_str().unwrap())
}

/// The bytes that are said in base64.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let groups = text.trim_end_matches('=').as_bytes().chunks(4).flat_map(|group| {
        let bits = group.iter().fold(0_u32, |bits, letter| bits << 6 | u32::from(digit(*letter)));
        let bytes = (bits << (6 * (4 - group.len()) + 8)).to_be_bytes();
        bytes.into_iter().take(group.len() - 1)
    });
    groups.collect()
}

/// What the head of a PNG says of its width and height.
fn size(picture: &[u8]) -> [u32; 2] {
    assert!(picture.starts_with(b"\x89PNG"), "a picture");
    [16, 20].map(|place| u32::from_be_bytes(picture[place..place + 4].try_into().unwrap()))
}
