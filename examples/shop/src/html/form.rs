//! Writes the form of a product.

use crate::html::{Html, html, layout};
use crate::models::Category;
use crate::products::Draft;

/// What is wrong with each field.
pub(crate) type Wrong = Vec<(&'static str, &'static str)>;

/// The form; `id` of the product that it changes.
pub(crate) fn form(id: Option<i32>, draft: &Draft, categories: &[Category], wrong: &Wrong) -> Html {
    let (title, action, back) = match id {
        Some(id) => ("Change the product", format!("/products/{id}"), format!("/products/{id}")),
        None => ("Add a product", "/products".to_owned(), "/".to_owned()),
    };
    let input = |name: &'static str, label: &str, value: &str, more: &str| {
        html!(
            "<label>{}<input name=\"{}\" value=\"{}\" {}{}></label>{}",
            label,
            name,
            value,
            Html(more.to_owned()),
            described(name, wrong),
            message(name, wrong)
        )
    };
    let options: Html = categories
        .iter()
        .map(|category| {
            let chosen = Html(if draft.category_id == category.id.to_string() { " selected" } else { "" }.to_owned());
            html!("<option value=\"{}\"{}>{}</option>", category.id, chosen, category.name)
        })
        .collect();
    let alert =
        (!wrong.is_empty()).then(|| html!("<p class=\"alert\" role=\"alert\">Some fields are not right yet.</p>"));
    let main = html!(
        r#"<h1>{}</h1>{}
<form class="sheet" method="post" action="{}" novalidate>
{}
<label>Category<select name="category_id"{}>{}</select></label>{}
<div class="pair"><div>{}</div><div>{}</div></div>
<label>Description<textarea name="description" rows="5" maxlength="2000"{}>{}</textarea></label>{}
<p class="line"><button>Save</button><a href="{}">Cancel</a></p>
</form>"#,
        title,
        alert,
        action,
        input("title", "Title", &draft.title, "required maxlength=\"80\""),
        described("category_id", wrong),
        options,
        message("category_id", wrong),
        input("price", "Price in €", &draft.price, "required inputmode=\"decimal\""),
        input("stock", "In stock", &draft.stock, "required inputmode=\"numeric\""),
        described("description", wrong),
        draft.description,
        message("description", wrong),
        back
    );
    layout::page(title, if id.is_none() { "/products/new" } else { "" }, &main)
}

fn described(name: &str, wrong: &Wrong) -> Option<Html> {
    let is_wrong = wrong.iter().any(|(field, _)| *field == name);
    is_wrong.then(|| html!(" aria-invalid=\"true\" aria-describedby=\"{}-wrong\"", name))
}

fn message(name: &str, wrong: &Wrong) -> Option<Html> {
    let (_, text) = wrong.iter().find(|(field, _)| *field == name)?;
    Some(html!("<p class=\"wrong\" id=\"{}-wrong\">{}</p>", name, text))
}
