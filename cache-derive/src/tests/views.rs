//! What is generated for views, and what is said about mistakes in them.

use super::{derive, errors};

fn compact(code: &str) -> String {
    code.split_whitespace().collect()
}

fn assert_view_errors(view: &str, expected: &[&str]) {
    let source = format!("#[cached(view({view}))] struct Product {{ id: i32 }}");
    assert_eq!(errors(derive(&source)), expected, "{source}");
}

#[test]
fn a_view_has_a_struct_a_manager_and_a_type_for_each_prefetched_field() {
    let tokens = derive(
        "#[cached(scope(shop_id), view(Page, derive(Debug, serde::Serialize), list_timeout = 5, key = \"page\",
             select_related(category: Category, maker: Option<x::Maker>),
             prefetch_related(reviews: Review of maker, tags: (Tag, ProductTag) order_by(tags::name.desc(), tags::id))))]
         pub(crate) struct Product { id: i32, shop_id: i32 }",
    );
    assert_eq!(errors(tokens.clone()), Vec::<String>::new());
    let code = compact(&tokens.to_string());
    let parts = [
        "#[derive(Debug, serde::Serialize)] pub(crate) struct Page",
        "pub(crate) product: Product,",
        "pub(crate) category: Category,",
        "pub(crate) maker: ::core::option::Option<x::Maker>,",
        "pub(crate) reviews: ::std::sync::Arc<::std::vec::Vec<Review>>,",
        "pub(crate) tags: ::std::vec::Vec<(Tag, ProductTag)>,",
        "type Joined = (Product, Category, ::core::option::Option<x::Maker>);",
        "type Listed = Page;",
        ".key(\"page\").list_timeout(::cache_diesel::__private::Timeout::from_millis(5000u64))",
        "impl ::cache_diesel::__private::Relation for __CachedPageReviews",
        "<Review as ::cache_diesel::__private::ChildOf<x::Maker>>::ForeignKey;",
        "<ProductTag as ::cache_diesel::__private::ChildOf<Product>>::ForeignKey;",
        "diesel::dsl::Desc<tags::name>, tags::id,)>",
        "pub(crate) struct PageManager(::cache_diesel::__private::ViewManager<Page>);",
        "fn all_by_shop_id(self,",
        "::cache_diesel::__private::ScopeRead<Page, __CachedProductAllByShopId>",
    ];
    for part in parts {
        assert!(code.contains(&compact(part)), "`{part}` is not in {code}");
    }
}

#[test]
fn lists_may_go_without_what_is_prefetched() {
    let tokens = derive(
        "#[cached(view(Page, prefetch_related(reviews: Review), prefetch_for_list = false))] struct Product { id: i32 }",
    );
    let code = compact(&tokens.to_string());
    assert!(code.contains("typeListed=PageRow;") && code.contains("structPageRow{"), "{code}");
    assert!(code.contains("typeJoined=Product;"), "{code}");
}

#[test]
fn mistakes_in_views_are_reported_where_they_were_typed() {
    let options = "derive, detail_relevance_timeout, detail_timeout, key, list_relevance_timeout, list_timeout, \
                   negative_timeout, prefetch_for_list, prefetch_related, relevance_timeout, select_related";
    let unknown =
        format!("unknown option `select_relatd` of a view, expected one of: {options}; did you mean `select_related`?");
    let nothing = "a view needs `select_related(..)` or `prefetch_related(..)`";
    let row = "a joined field is one row: write `Model`, or `Option<Model>` for a left join";
    let rows = "a prefetched field is written with the model of its rows: it will be a `Vec` of them";
    let pair = "a pair holds a row and the one that links it, as in `tags: (Tag, ProductTag)`";
    let clauses = "expected `,` or one of: of, order_by, through";
    let column = "expected a column, as in `tags::name` or `tags::name.desc()`";
    let twice = "`B` cannot be joined twice, Diesel has no `Selectable` for an alias: keep one, and read the other row \
                 with `get`";
    let itself = "`Product` cannot be joined to itself, Diesel has no `Selectable` for an alias: read the other row \
                  with `get`";
    let table: [(&str, &[&str]); 21] = [
        ("Page", &[nothing]),
        ("3", &["expected the name of the struct to generate, as in `view(ProductPage, ..)`"]),
        ("Page, select_relatd(a: B)", &[&unknown]),
        ("Page, select_related", &["expected `select_related(field: Model, ..)`"]),
        ("Page, select_related(a B)", &["expected a field and its model, as in `category: Category`"]),
        ("Page, select_related(a: Vec<B>)", &[row]),
        ("Page, select_related(a: B, a: C)", &["the field `a` is given twice, name one of them otherwise"]),
        ("Page, select_related(product: B)", &["the field `product` holds the row itself, name this one otherwise"]),
        ("Page, select_related(a: B, b: Option<B>, c: x::B)", &[twice]),
        ("Page, select_related(a: Option<Product>)", &[itself]),
        ("Page, prefetch_related(a: Vec<B>)", &[rows]),
        ("Page, prefetch_related(a: (B, C, D))", &[pair]),
        ("Page, prefetch_related(a: B by c)", &[&format!("unknown `by`, {clauses}")]),
        ("Page, prefetch_related(a: B 3)", &[clauses]),
        ("Page, prefetch_related(a: B order_by(b::c + 1))", &[column]),
        ("Page, prefetch_related(a: (B, C) through C)", &["the pair names the link already: leave `through` out"]),
        ("Page, prefetch_related(a: B of c)", &["`of c` needs a joined row: add `select_related(c: ..)`"]),
        (
            "Page, prefetch_related(a: B of citegory), select_related(category: C)",
            &["no joined field `citegory`, expected one of: category; did you mean `category`?"],
        ),
        (
            "Page, select_related(a: B), prefetch_for_list = false",
            &["`prefetch_for_list` is about `prefetch_related(..)`, and there is none: leave it out"],
        ),
        ("Product, select_related(a: B)", &["the name `Product` is taken, a view is a struct of its own"]),
        ("Page, select_related(a: B), key = \"a\", key = \"b\"", &["option `key` is given twice, keep one of them"]),
    ];
    for (view, expected) in table {
        assert_view_errors(view, expected);
    }
}
