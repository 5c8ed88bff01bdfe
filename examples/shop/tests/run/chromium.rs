//! Tests the pages as a person has them: with a browser, its mouse and its keys.

use serde_json::{Value, json};

use crate::browser::{Browser, Tab};
use crate::shop::{Pair, Shop};

const PLACES: [&str; 7] = [
    "/",
    "/products/3",
    "/products/new",
    "/products/3/edit",
    "/statistics",
    "/nothing",
    "/?q=%3Cscript%3Ethrow+1%3C%2Fscript%3E",
];

/// What a category's name is chosen by, key by key.
fn choose(browser: &mut Browser, tab: &Tab, letters: [&str; 2]) {
    tab.ask(browser, "document.querySelector('[name=category_id]').focus()");
    letters.into_iter().for_each(|letter| tab.press(browser, letter));
}

#[test]
fn a_product_is_created_changed_and_deleted_by_clicks_and_both_shops_show_it() {
    let Some(mut browser) = Browser::start() else { return };
    let Some(shops) = Pair::start() else { return };
    let (one, two) = (browser.tab(), browser.tab());
    let [first, second] = [&shops.one.address, &shops.two.address];
    let browser = &mut browser;
    one.go(browser, &format!("{first}/"));
    two.go(browser, &format!("{second}/"));
    assert_eq!(one.tile(browser, "Missed"), 4);
    assert!(two.text(browser, ".panel").contains("0 statements"), "what the one has read, the other finds");

    one.follow(browser, "nav a[href='/products/new']");
    for (name, text) in
        [("title", "Aster <lamp>"), ("price", "19,90"), ("stock", "4"), ("description", "\"Dim\" & warm")]
    {
        one.fill(browser, name, text);
    }
    choose(browser, &one, ["l", "a"]);
    one.follow(browser, "main form button");
    let shown = one.text(browser, "main");
    assert!(
        ["Aster <lamp>", "Lamps", "€ 19.90", "4 in stock", "\"Dim\" & warm"].iter().all(|part| shown.contains(part)),
        "{shown}"
    );
    assert_eq!(one.tile(browser, "Ended"), 1);
    assert!(one.text(browser, ".panel").contains("INSERT INTO"));
    two.follow(browser, "nav a[href='/']");
    assert!(two.text(browser, "main").contains("61 found"));
    assert!(two.tile(browser, "Missed") > 0);

    // The other one changes it.
    two.follow(browser, ".pages li:last-child a");
    two.follow(browser, "nav a[href='/']");
    two.click(browser, "[name=q]");
    two.write(browser, "aster");
    two.follow(browser, ".filter button");
    two.follow(browser, ".card a");
    assert!(two.text(browser, ".panel").contains("0 statements"), "what the one has read, the other finds");
    two.follow(browser, "a.button");
    two.fill(browser, "title", "Aster torch");
    two.follow(browser, "main form button");
    assert_eq!(two.tile(browser, "Ended"), 1);
    one.reload(browser);
    assert_eq!(one.text(browser, "h1"), "Aster torch");

    // The first one deletes it: not by the first click.
    one.click(browser, ".ask summary");
    one.follow(browser, ".ask button");
    assert!(one.text(browser, "main").contains("60 found"));
    two.reload(browser);
    assert_eq!(two.text(browser, "h1"), "There is no such product");
    two.follow(browser, "main a[href='/']");
    assert!(two.text(browser, "main").contains("60 found"));
    // The address of what is not there any more was asked for.
    let console: Vec<_> = browser.console().iter().filter(|said| !said.contains("404")).collect();
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn the_numbers_move_while_they_are_looked_at() {
    let Some(mut browser) = Browser::start() else { return };
    let shop = Shop::start(&[]);
    let (reader, watcher) = (browser.tab(), browser.tab());
    let browser = &mut browser;
    watcher.go(browser, &format!("{}/statistics", shop.address));
    let number = |row: &str, column: u8| {
        format!(
            "Number([...document.querySelectorAll('#live tr')].find(row => row.cells[0].innerText === '{row}')?.cells[{column}].innerText ?? 0)"
        )
    };
    reader.go(browser, &format!("{}/products/3", shop.address));
    watcher.until(browser, &format!("{} === 1", number("/products/{id}", 1)));
    for _ in 0..2 {
        reader.reload(browser);
    }
    watcher.until(browser, &format!("{} === 3", number("/products/{id}", 1)));
    watcher.until(browser, &format!("{} === 2", number("pages", 2)));
    watcher.until(browser, "document.querySelectorAll('.curve').length === 6");
    // Whoever wants to read them in peace says so.
    watcher.click(browser, "#pause");
    assert_eq!(watcher.text(browser, "#pause"), "Go on");
    reader.reload(browser);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(watcher.ask(browser, &number("/products/{id}", 1)), 3);
    watcher.click(browser, "#pause");
    watcher.until(browser, &format!("{} === 4", number("/products/{id}", 1)));
    assert!(browser.console().is_empty(), "{:?}", browser.console());
}

/// What of a page does not fit, cannot be read, or has no name.
const FAULTS: &str = "(() => {
    const faults = [];
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) faults.push(`wider than the window by ${wide}`);
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = numbers(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    for (const element of document.body.querySelectorAll('*')) {
        const has = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        const isField = element.matches('input:not([type=hidden]), select, textarea');
        if (!(has || isField) || !element.checkVisibility()) continue;
        const style = getComputedStyle(element);
        const [ink, paper] = [light(numbers(style.color)), light(ground(element))];
        const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        if (contrast < 4.5) faults.push(`${element.outerHTML.slice(0, 80)}: contrast ${contrast.toFixed(2)}`);
        if (element.matches('a, button, input, select, textarea, summary') && !element.matches('main p a, .card a, .skip')) {
            const box = element.getBoundingClientRect();
            if (box.height < 24) faults.push(`${element.outerHTML.slice(0, 80)}: ${box.height} high`);
        }
    }
    const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
    if (new Set(ids).size < ids.length) faults.push('an id twice');
    if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
    const levels = [...document.querySelectorAll('h1, h2, h3')].map(head => Number(head.tagName[1]));
    levels.reduce((last, level) => { if (level > last + 1) faults.push(`h${level} under h${last}`); return level; }, 0);
    return faults;
})()";

#[test]
fn pages_can_be_read_on_small_screens_and_large_ones_by_day_and_by_night() {
    let Some(mut browser) = Browser::start() else { return };
    let shop = Shop::start(&[]);
    let tab = browser.tab();
    let browser = &mut browser;
    for (width, scheme) in [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")] {
        tab.resize(browser, width, 800);
        tab.set_scheme(browser, scheme);
        for place in PLACES {
            tab.go(browser, &format!("{}{place}", shop.address));
            assert_eq!(tab.ask(browser, FAULTS), json!([]), "{place} at {width}, {scheme}");
        }
        tab.go(browser, &format!("{}/products/new", shop.address));
        tab.follow(browser, "main form button");
        assert_eq!(tab.ask(browser, FAULTS), json!([]), "a form that is not right, at {width}, {scheme}");
    }
    // A form that is not right, and an address without a page, are told in the console.
    let console: Vec<_> =
        browser.console().iter().filter(|said| !said.contains("404") && !said.contains("422")).collect();
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn a_screen_reader_is_told_what_everything_is() {
    let Some(mut browser) = Browser::start() else { return };
    let shop = Shop::start(&[]);
    let tab = browser.tab();
    let browser = &mut browser;
    for place in PLACES {
        tab.go(browser, &format!("{}{place}", shop.address));
        let tree = tab.order(browser, "Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let nodes = || nodes.iter().filter(|node| node["ignored"] != true);
        let role = |node: &Value| node["role"]["value"].as_str().unwrap_or_default().to_owned();
        for landmark in ["banner", "navigation", "main", "complementary"] {
            assert!(nodes().any(|node| role(node) == landmark), "{place}: no {landmark}");
        }
        let named = [
            "button",
            "combobox",
            "image",
            "link",
            "navigation",
            "region",
            "searchbox",
            "spinbutton",
            "table",
            "textbox",
        ];
        for node in nodes().filter(|node| named.contains(&&*role(node))) {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.trim().is_empty(), "{place}: {node}");
        }
    }
    // What is wrong with a field is said with the field.
    tab.go(browser, &format!("{}/products/new", shop.address));
    tab.follow(browser, "main form button");
    let tree = tab.order(browser, "Accessibility.getFullAXTree", json!({}));
    let title = tree["nodes"].as_array().unwrap().iter().find(|node| node["role"]["value"] == "textbox").unwrap();
    assert_eq!(title["description"]["value"], "Between one and eighty characters.", "{title}");
    assert!(title["properties"].to_string().contains("invalid"), "{title}");
}

#[test]
fn keys_are_enough() {
    let Some(mut browser) = Browser::start() else { return };
    let mut shop = Shop::start(&[]);
    let tab = browser.tab();
    let browser = &mut browser;
    let at = |browser: &mut Browser| {
        let script = "[document.activeElement.name, document.activeElement.innerText].find(Boolean)";
        tab.ask(browser, script).as_str().unwrap_or_default().to_owned()
    };
    tab.go(browser, &format!("{}/", shop.address));
    let head = ["Skip to the content", "Shop", "Products", "Add", "Statistics", "q", "category", "Search"];
    for expected in head {
        tab.press(browser, "Tab");
        assert_eq!(at(browser), expected);
        let outline = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
        assert_eq!(tab.ask(browser, outline), true, "{expected}: nobody sees where he is");
    }
    // Past the places at once.
    tab.go(browser, &format!("{}/products/new", shop.address));
    tab.press(browser, "Tab");
    tab.press(browser, "Enter");
    for (name, text) in
        [("title", "Zinnia rug"), ("category_id", ""), ("price", "5"), ("stock", "2"), ("description", "")]
    {
        tab.press(browser, "Tab");
        assert_eq!(at(browser), name);
        tab.write(browser, text);
    }
    tab.press(browser, "Tab");
    assert_eq!(at(browser), "Save");
    tab.lead(browser, |tab, browser| tab.press(browser, "Enter"));
    assert_eq!(tab.text(browser, "h1"), "Zinnia rug");
    assert!(shop.get("/?q=zinnia").body.contains("1 found"));
    // To delete it takes two keys.
    for _ in 0..40 {
        if at(browser) == "Delete" {
            break;
        }
        tab.press(browser, "Tab");
    }
    tab.press(browser, "Enter");
    tab.press(browser, "Tab");
    assert_eq!(at(browser), "Delete it for good");
    tab.lead(browser, |tab, browser| tab.press(browser, "Enter"));
    assert!(shop.get("/?q=zinnia").body.contains("0 found"));
    assert!(browser.console().is_empty(), "{:?}", browser.console());
}
