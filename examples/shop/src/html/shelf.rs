//! Writes lists of products, and one of them.

use crate::html::{Html, html, layout};
use crate::models::{Category, Product};
use crate::products::{Figures, Filter, Found, PAGE_SIZE, price};

/// The picture of a product: a colour of its own.
fn picture(id: i32) -> Html {
    const HUES: [i32; 6] = [18, 38, 158, 190, 222, 345];
    let hue = HUES[usize::try_from(id).unwrap_or_default() % HUES.len()];
    html!(
        r#"<svg class="picture" viewBox="0 0 120 80" role="presentation" aria-hidden="true" preserveAspectRatio="xMidYMid slice"><rect width="120" height="80" style="fill:hsl({} 32% 76%)"/><circle cx="{}" cy="52" r="26" style="fill:hsl({} 34% 58%)"/><rect x="0" y="64" width="120" height="16" style="fill:hsl({} 24% 40%)"/></svg>"#,
        hue,
        24 + id * 13 % 72,
        (hue + 14) % 360,
        hue
    )
}

fn name_of(categories: &[Category], id: i32) -> &str {
    categories.iter().find(|category| category.id == id).map_or("–", |category| &category.name)
}

fn stock(count: i32) -> Html {
    match count {
        0 => html!("<span class=\"out\">Sold out</span>"),
        count => html!("<span class=\"in\">{} in stock</span>", count),
    }
}

/// A list with its filter and the way to its other pages.
pub(crate) fn list(found: &Found, categories: &[Category], filter: &Filter) -> Html {
    let options: Html = categories
        .iter()
        .map(|category| {
            let chosen = Html(if filter.category() == Some(category.id) { " selected" } else { "" }.to_owned());
            html!("<option value=\"{}\"{}>{}</option>", category.id, chosen, category.name)
        })
        .collect();
    let cards: Html = found
        .rows
        .iter()
        .map(|product| {
            html!(
                r#"<li class="card">{}<div><h2><a href="/products/{}">{}</a></h2><p class="dim">{}</p><p class="line"><b>€ {}</b>{}</p></div></li>"#,
                picture(product.id),
                product.id,
                product.title,
                name_of(categories, product.category_id),
                price(product.price_cents),
                stock(product.stock)
            )
        })
        .collect();
    let cards = if found.rows.is_empty() {
        html!("<p class=\"empty\">Nothing is called so. <a href=\"/\">All products</a></p>")
    } else {
        html!("<ul class=\"cards\">{}</ul>", cards)
    };
    let main = html!(
        r#"<h1>Products</h1>
<form class="filter" action="/" method="get" role="search">
<label>Title<input type="search" name="q" value="{}"></label>
<label>Category<select name="category"><option value="">All</option>{}</select></label>
<button>Search</button>
</form>
<p class="dim" role="status">{} found</p>
{}{}"#,
        filter.q,
        options,
        found.total,
        cards,
        pages(found.total, filter)
    );
    layout::page("Products", "/", &main)
}

/// The links to the other pages of a list.
fn pages(total: i64, filter: &Filter) -> Option<Html> {
    let count = (total + PAGE_SIZE - 1) / PAGE_SIZE;
    let link = |page: i64| {
        let current = Html(if page == filter.page() { " aria-current=\"page\"" } else { "" }.to_owned());
        html!(
            "<li><a href=\"/?q={}&amp;category={}&amp;page={}\" aria-label=\"Page {}\"{}>{}</a></li>",
            encoded(&filter.q),
            filter.category().map(|id| id.to_string()),
            page,
            page,
            current,
            page
        )
    };
    let links: Html = (1..=count).map(link).collect();
    (count > 1).then(|| html!("<nav class=\"pages\" aria-label=\"Pages\"><ul>{}</ul></nav>", links))
}

/// A value of a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// One product.
pub(crate) fn detail(
    product: &Product,
    categories: &[Category],
    others: &[(i32, String)],
    figures: Option<&Figures>,
) -> Html {
    let others: Html =
        others.iter().map(|(id, title)| html!("<li><a href=\"/products/{}\">{}</a></li>", id, title)).collect();
    let main = html!(
        r#"<article class="detail">{}
<div><p class="dim"><a href="/?category={}">{}</a></p><h1>{}</h1>
<p class="price">€ {}</p><p>{}</p><p class="text">{}</p>
<div class="line"><a class="button" href="/products/{}/edit">Change</a>
<details class="ask"><summary>Delete</summary><form method="post" action="/products/{}/delete"><button class="danger">Delete it for good</button></form></details></div>
</div></article>
<section><h2>Others like it</h2>{}<ul class="plain">{}</ul></section>"#,
        picture(product.id),
        product.category_id,
        name_of(categories, product.category_id),
        product.title,
        price(product.price_cents),
        stock(product.stock),
        product.description,
        product.id,
        product.id,
        figures.map(|figures| html!(
            "<p class=\"dim\">{} of them, from € {} to € {}</p>",
            figures.count,
            price(figures.lowest_cents),
            price(figures.highest_cents)
        )),
        others
    );
    layout::page(&product.title, "", &main)
}
