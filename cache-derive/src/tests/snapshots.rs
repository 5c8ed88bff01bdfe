//! The whole code of three models, as a review reads it: `snapshots/*.snap`.
//!
//! `INSTA_UPDATE=always cargo test -p cache-derive snapshots` writes the files anew: read the difference. Neither the
//! compiler nor rustfmt has a part in them.

use super::{derive, errors};

/// Compares the code with the file of this name.
#[track_caller]
fn assert_code(name: &str, source: &str) {
    let tokens = derive(source);
    assert_eq!(errors(tokens.clone()), Vec::<String>::new(), "{source}");
    let code = prettyplease::unparse(&syn::parse2(tokens).expect("generated code is made of items"));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, code));
}

#[test]
fn plain() {
    assert_code("plain", "pub struct Product { id: i32, title: String }");
}

#[test]
fn every_option() {
    assert_code(
        "every_option",
        "#[diesel(table_name = shop::products, primary_key(shop_id, number))]
         #[cached(key = \"item\", cache = \"items\", key_version = 2, max_rows = 1000, on_stale = \"bypass\", jitter = \"10%\", error = ShopError)]
         #[cached(list_timeout = \"1 hour\", detail_timeout = 30, negative_timeout = \"1 second\", expires_at = ends)]
         #[cached(relevance_timeout = 10, list_relevance_timeout = \"1 minute\", base_query = visible)]
         #[cached(depends_on(Shop, stock), cascaded_by(Maker, makers), order_by = (title.asc(), shop_id))]
         #[cached(unique(slug, with = str::to_lowercase), unique(shop_id, r#type), fixed(slug), exact(slug))]
         #[cached(scope(shop_id), scope(shelf, with = crate::lower), after_save = saved, after_save = crate::told, after_delete = deleted)]
         pub(crate) struct Product {
             shop_id: i32,
             number: i32,
             #[diesel(column_name = title, deserialize_as = RawTitle)]
             _title: String,
             #[cached(with = as_text)]
             slug: String,
             shelf: Option<String>,
             ends: Option<SystemTime>,
             r#type: String,
             #[diesel(embed)]
             names: Names,
         }",
    );
}

#[test]
fn view() {
    assert_code(
        "view",
        "#[cached(memory_only, scope(shelf))]
         #[cached(view(
             ProductPage,
             key = \"page\",
             detail_timeout = 30,
             derive(Debug),
             select_related(maker: Maker, packer: Option<Packer>),
             prefetch_related(
                 reviews: Review order_by(reviews::stars.desc(), reviews::id),
                 prizes: Prize of maker,
                 tags: Tag through ProductTag,
                 pairs: (Tag, ProductTag),
             ),
             prefetch_for_list = false,
         ))]
         pub struct Product { id: i32, shelf: i32 }",
    );
}
