//! Writes what all pages have in common.

use crate::html::{Html, html};

/// Where the panel of the request is put in, on its way out.
pub(crate) const PANEL: &str = "<!--panel-->";

/// A whole page. `here`: which of the places in the head it is.
pub(crate) fn page(title: &str, here: &str, main: &Html) -> Html {
    let place = |path: &str, name: &str| {
        let current = Html(if path == here { " aria-current=\"page\"" } else { "" }.to_owned());
        html!("<li><a href=\"{}\"{}>{}</a></li>", path, current, name)
    };
    let places: Html = [("/", "Products"), ("/products/new", "Add"), ("/statistics", "Statistics")]
        .map(|(path, name)| place(path, name))
        .into_iter()
        .collect();
    html!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{} – Shop</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/shop.css">
<script src="/assets/shop.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="head"><a class="name" href="/">Shop</a><nav aria-label="Places"><ul>{}</ul></nav></header>
<div class="columns">
<main id="main" tabindex="-1">{}</main>
{}</div>
</body>
</html>
"##,
        title,
        places,
        main,
        Html(PANEL.to_owned())
    )
}

/// A page that says what is wrong.
pub(crate) fn trouble(title: &str, text: &str) -> Html {
    page(title, "", &html!("<h1>{}</h1><p>{}</p><p><a href=\"/\">All products</a></p>", title, text))
}
