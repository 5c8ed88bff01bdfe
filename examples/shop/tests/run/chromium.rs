//! Looks at the pages with a browser, if there is one.

use std::process::Command;

use crate::shop::Shop;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The page as the browser has it once its scripts have run for two seconds, and what its console says.
fn look(browser: &str, url: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let profile = format!("--user-data-dir={}", folder.path().display());
    let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", &profile];
    let run =
        Command::new(browser).args(arguments).args(["--virtual-time-budget=2000", "--dump-dom", url]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    let console: String = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    (String::from_utf8(run.stdout).unwrap(), console)
}

#[test]
fn a_browser_finds_nothing_wrong() {
    let is_there = |browser: &&str| Command::new(browser).arg("--version").output().is_ok();
    let Some(browser) = BROWSERS.iter().copied().find(is_there) else {
        eprintln!(
            "skipped: there is no chromium here, and to install one takes longer than all other tests of the shop"
        );
        return;
    };
    let mut shop = Shop::start(&[]);
    shop.get("/products/3");
    let address = shop.address.clone();
    for path in ["/", "/products/3", "/products/new", "/statistics", "/?q=%3Cscript%3Ethrow+1%3C%2Fscript%3E"] {
        let (page, console) = look(browser, &format!("{address}{path}"));
        assert_eq!(console, "", "{path}");
        assert!(page.contains("<h1>") && page.contains("This request"), "{path}: {page}");
    }
    let (page, _) = look(browser, &format!("{address}/products/3"));
    assert!(page.contains("<dt>Hit</dt><dd>1</dd>") && page.contains("0 statements"), "{page}");
    // Its script has run: the button to pause is there, and the numbers were asked for anew.
    let (page, _) = look(browser, &format!("{address}/statistics"));
    let (_, button) = page.split_once("id=\"pause\"").unwrap();
    assert!(!button.split_once('>').unwrap().0.contains("hidden"), "{page}");
    assert!(page.contains("/statistics/live"), "{page}");
}
