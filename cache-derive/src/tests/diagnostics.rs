//! Every mistake, and what is said about it.

use super::{derive, errors};

const FIELDS: &str = "{ id: i32, category_id: i32, slug: String, #[diesel(column_name = \"type\")] kind: String, \
                      #[diesel(embed)] identity: Identity }";

fn assert_errors(source: &str, expected: &[&str]) {
    assert_eq!(errors(derive(source)), expected, "{source}");
}

/// Derives with options of `#[cached(..)]`.
fn assert_option_errors(options: &str, expected: &[&str]) {
    assert_errors(&format!("#[cached({options})] struct Product {FIELDS}"), expected);
}

#[test]
fn timeouts_that_contradict_each_other_are_reported() {
    let absent =
        "`negative_timeout` is longer than `list_timeout`: a row would be in the lists and still count as absent";
    let jitter = |name: &str| {
        format!("`jitter` is more than half of `{name}`, write a shorter one or hundredths such as \"10%\"")
    };
    assert_option_errors("negative_timeout = 11, list_timeout = 10", &[absent]);
    assert_option_errors("negative_timeout = \"2 days\"", &[absent]);
    assert_option_errors("jitter = 31", &[&jitter("detail_timeout")]);
    assert_option_errors("jitter = 6, list_timeout = 10", &[&jitter("list_timeout")]);
    assert_option_errors("jitter = 6, negative_timeout = 10", &[&jitter("negative_timeout")]);
    assert_option_errors("jitter = 30, negative_timeout = 60, list_timeout = \"never\"", &[]);
    assert_option_errors("jitter = \"50%\", negative_timeout = \"1 day\"", &[]);
}

#[test]
fn base_queries_are_functions() {
    let no_path = "expected the path of a function without quotes and parentheses, such as `base_query = visible`; a query \
                   belongs in `#[diesel(base_query = ..)]` with `#[derive(HasQuery)]`";
    let no_end = "expected the path of a function, or its type behind it, as in `base_query = visible: Visible`; a query \
                  belongs in `#[diesel(base_query = ..)]` with `#[derive(HasQuery)]`";
    assert_option_errors("base_query = \"visible\"", &[no_path]);
    assert_option_errors("base_query = visible()", &[no_end]);
    assert_option_errors("base_query = products::table.filter(a::b.eq(1)), key = \"a\"", &[no_end]);
    assert_option_errors("base_query, base_query = visible", &["option `base_query` is given twice, keep one of them"]);
    assert_option_errors("base_query = visible::<A>: B", &[no_path]);
    assert_option_errors("base_query = crate::visible: Visible<A, B>, key = \"a\"", &[]);
}

#[test]
fn entries_that_are_gone_before_they_are_stale_are_reported() {
    let message = |relevance: &str, timeout: &str| {
        format!(
            "`{relevance}` is longer than `{timeout}`: entries would be gone before they are stale, write a shorter one"
        )
    };
    let cases = [
        ("relevance_timeout = 60", None),
        ("relevance_timeout = 61", Some(message("relevance_timeout", "detail_timeout"))),
        ("relevance_timeout = 61, detail_timeout = \"2 minutes\"", None),
        ("relevance_timeout = 61, detail_timeout = \"never\"", None),
        ("relevance_timeout = \"never\"", None),
        ("relevance_timeout = 61, detail_relevance_timeout = 60", None),
        ("relevance_timeout = 11, list_timeout = 10", Some(message("relevance_timeout", "list_timeout"))),
        ("detail_relevance_timeout = 61", Some(message("detail_relevance_timeout", "detail_timeout"))),
        ("list_relevance_timeout = \"2 days\"", Some(message("list_relevance_timeout", "list_timeout"))),
        ("relevance_timeout = 0", Some("a timeout cannot be zero, the shortest is \"1 millisecond\"".to_owned())),
    ];
    for (options, expected) in cases {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_option_errors(options, &expected);
    }
    let view =
        |options: &str, in_view: &str| format!("{options}view(Page, prefetch_related(reviews: Review){in_view})");
    let cases = [
        (
            view("relevance_timeout = 10, ", ", detail_timeout = 9"),
            Some(("detail_relevance_timeout", "detail_timeout")),
        ),
        (view("relevance_timeout = 10, ", ", list_timeout = 10"), None),
        (view("", ", relevance_timeout = 61"), Some(("relevance_timeout", "detail_timeout"))),
        (view("", ", list_relevance_timeout = \"2 days\""), Some(("list_relevance_timeout", "list_timeout"))),
        (view("relevance_timeout = 10, ", ", relevance_timeout = \"never\", detail_timeout = 9"), None),
    ];
    for (options, expected) in cases {
        let expected = expected.map(|(relevance, timeout)| message(relevance, timeout));
        assert_option_errors(&options, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let absent =
        "`negative_timeout` is longer than `list_timeout`: a row would be in the lists and still count as absent";
    assert_option_errors(&view("negative_timeout = 10, ", ", list_timeout = 9"), &[absent]);
}

#[test]
fn options_are_checked() {
    let known = "after_delete, after_save, base_query, cache, cascaded_by, crate, depends_on, \
                 detail_relevance_timeout, detail_timeout, error, exact, expires_at, fixed, jitter, \
                 key, key_version, list_relevance_timeout, list_timeout, max_rows, memory_only, negative_timeout, \
                 on_stale, order_by, primary_key, relevance_timeout, scope, unique, view, write_through";
    let unknown = |option: &str, hint: &str| format!("unknown option `{option}`, expected one of: {known}{hint}");
    let table = [
        ("base_query(visible)", "expected `base_query[ = path]`".to_owned()),
        ("base_query =", "expected `base_query[ = path]`".to_owned()),
        ("tiemout = 3", unknown("tiemout", "")),
        ("uniqe(slug)", unknown("uniqe", "; did you mean `unique`?")),
        ("list_tiemout = \"1 day\"", unknown("list_tiemout", "; did you mean `list_timeout`?")),
        ("scope::x", "expected `scope(column, ..)`".to_owned()),
        ("\"key\"", format!("expected one of: {known}")),
        (
            "after_save = told, after_save = sent, after_save = told",
            "`after_save = told` is given twice, keep one of them".to_owned(),
        ),
        ("key", "expected `key = \"name\"`".to_owned()),
        ("on_stale", "expected `on_stale = \"bypass\"`".to_owned()),
        ("on_stale = \"off\"", "expected \"bypass\" or \"report\"".to_owned()),
        ("on_stale = Bypass", "expected \"bypass\" or \"report\"".to_owned()),
        ("key =", "expected `key = \"name\"`".to_owned()),
        ("key(\"a\")", "expected `key = \"name\"`".to_owned()),
        ("key = , ", "expected `key = \"name\"`".to_owned()),
        ("key = product", "expected string literal".to_owned()),
        ("key = \" \"", "`key` cannot be empty, leave it out to use the table's name".to_owned()),
        ("key = \"a\" \"b\"", "expected `,`".to_owned()),
        ("crate = \"cached\"", "expected a path without quotes, such as `schema::products`".to_owned()),
        ("error", "expected `error = Type`".to_owned()),
        ("unique = slug", "expected `unique(column, ..)`".to_owned()),
        ("scope()", "expected `scope(column, ..)`".to_owned()),
        ("cascaded_by()", "expected `cascaded_by(Model, table, ..)`".to_owned()),
        ("depends_on", "expected `depends_on(Model, table, ..)`".to_owned()),
        ("depends_on(\"a\")", "expected a path without quotes, such as `schema::products`".to_owned()),
        ("fixed", "expected `fixed(column, ..)`".to_owned()),
        ("exact", "expected `exact(column, ..)`".to_owned()),
        ("exact = slug", "expected `exact(column, ..)`".to_owned()),
        ("fixed(\"slug\")", "expected a column name without quotes, such as `slug`".to_owned()),
        ("primary_key(identity.id)", "expected `primary_key = identity.id`".to_owned()),
        ("primary_key =", "expected `primary_key = identity.id`".to_owned()),
        ("primary_key = \"identity.id\"", "expected the name of a field, as in `primary_key = identity.id`".to_owned()),
        ("primary_key = identity.0", "expected the name of a field, as in `primary_key = identity.id`".to_owned()),
        ("unique(products::slug)", "expected the column without its table: `slug`".to_owned()),
        ("fixed(crate::schema::products::slug)", "expected the column without its table: `slug`".to_owned()),
        ("scope(\"slug\")", "expected a column name without quotes, such as `slug`".to_owned()),
    ];
    for (options, expected) in table {
        assert_option_errors(options, &[&expected]);
    }
}

#[test]
fn scalar_options_are_given_once() {
    let table = [
        ("key = \"a\", key = \"b\"", "key"),
        ("error = A, error = B<C, D>", "error"),
        ("crate = a, crate = b", "crate"),
        ("list_timeout = 1, list_timeout = 1", "list_timeout"),
        ("detail_timeout = 1, detail_timeout = \"never\"", "detail_timeout"),
        ("negative_timeout = 1, negative_timeout = 2", "negative_timeout"),
    ];
    for (options, name) in table {
        assert_option_errors(options, &[&format!("option `{name}` is given twice, keep one of them")]);
    }
}

#[test]
fn negative_timeouts_end() {
    let expected = "`negative_timeout` cannot be \"never\": a row that is inserted unseen would stay absent, \
                    write an end such as \"10 seconds\"";
    assert_option_errors("negative_timeout = \"never\"", &[expected]);
    assert_option_errors("negative_timeout = 0", &["a timeout cannot be zero, the shortest is \"1 millisecond\""]);
}

#[test]
fn look_ups_name_columns() {
    let columns = "id, category_id, slug, type";
    let table = [
        ("unique(sulg)", format!("no column `sulg`, expected one of: {columns}; did you mean `slug`?")),
        ("scope(price)", format!("no column `price`, expected one of: {columns}")),
        ("scope(kind)", "the field `kind` has the column `type`, name `type` in `scope`".to_owned()),
        (
            "unique(slug, identity)",
            "the field `identity` is embedded and has no column of its own, `unique` needs a plain field".to_owned(),
        ),
        ("unique(id)", "`unique(id)` is the primary key: leave it out, `get` reads by it".to_owned()),
        ("unique(slug, slug)", "`unique` names the column `slug` twice, name it once".to_owned()),
        ("scope(type), scope(r#type)", "`scope(type)` repeats `scope(type)`, keep one of them".to_owned()),
        (
            "unique(slug, type), unique(type, slug)",
            "`unique(type, slug)` repeats `unique(slug, type)`, keep one of them".to_owned(),
        ),
    ];
    for (options, expected) in table {
        assert_option_errors(options, &[&expected]);
    }
}

#[test]
fn exact_names_columns_that_are_compared() {
    let columns = "id, category_id, slug, type";
    let table = [
        ("unique(slug), exact(id, slug, category_id), scope(slug, category_id)", None),
        ("exact(sulg)", Some(format!("no column `sulg`, expected one of: {columns}; did you mean `slug`?"))),
        ("exact(kind)", Some("the field `kind` has the column `type`, name `type` in `exact`".to_owned())),
        (
            "exact(identity)",
            Some(
                "the field `identity` is embedded and has no column of its own, `exact` needs a plain field".to_owned(),
            ),
        ),
        (
            "unique(slug), exact(slug, category_id)",
            Some(
                "`category_id` is in no key, `unique` or `scope`, so that nobody compares it: leave it out".to_owned(),
            ),
        ),
        ("exact(id), exact(id)", Some("`exact` names the column `id` twice, name it once".to_owned())),
    ];
    for (options, expected) in table {
        assert_option_errors(options, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn fixed_names_columns_that_could_change() {
    let columns = "id, category_id, slug, type";
    let table = [
        ("fixed(sulg)", format!("no column `sulg`, expected one of: {columns}; did you mean `slug`?")),
        ("fixed(kind)", "the field `kind` has the column `type`, name `type` in `fixed`".to_owned()),
        (
            "fixed(identity)",
            "the field `identity` is embedded and has no column of its own, `fixed` needs a plain field".to_owned(),
        ),
        ("fixed(slug, id)", "`id` is of the primary key, which is fixed by itself: leave it out".to_owned()),
        ("fixed(slug), fixed(slug)", "`fixed` names the column `slug` twice, name it once".to_owned()),
    ];
    for (options, expected) in table {
        assert_option_errors(options, &[&expected]);
    }
}

#[test]
fn normalisers_are_for_one_column() {
    let table = [
        ("unique(with = lower)", "`with` needs a column: `unique(column, with = path)`"),
        ("scope(slug, type, with = lower)", "`with` is for the value of one column, and `scope` names 2: leave it out"),
        ("unique(slug, with = a, with = b)", "`with` is given twice in `unique`, keep one of them"),
        (
            "unique(slug, with = \"lower\")",
            "expected the path of a function without quotes, such as `str::to_lowercase`",
        ),
        ("unique(slug, with = |x| x)", "expected the path of a function without quotes, such as `str::to_lowercase`"),
        ("unique(slug, with)", "no column `with`, expected one of: id, category_id, slug, type"),
    ];
    for (options, expected) in table {
        assert_option_errors(options, &[expected]);
    }
    assert_errors(
        "#[cached(unique(slug, with = lower))] struct Product { id: i32, #[diesel(deserialize_as = X)] slug: String }",
        &["`with` needs a field that holds what its column does, and `slug` is decoded or selected otherwise"],
    );
}

#[test]
fn keys_in_embedded_structs_are_found() {
    let table = [
        (
            "primary_key = identiy.id",
            "no field `identiy`, expected one of: id, category_id, slug, kind, identity; did you mean `identity`?",
        ),
        (
            "primary_key = slug.id",
            "the field `slug` is not embedded: mark it with `#[diesel(embed)]`, or write `primary_key = slug`",
        ),
        (
            "primary_key = identity",
            "the field `identity` is embedded, name the key's field in it, such as `primary_key = identity.id`",
        ),
        (
            "primary_key = (identity.id, slgu)",
            "no field for the key column `slgu`: add the field, or name one of: id, category_id, slug, type; did you \
             mean `slug`?",
        ),
        ("primary_key = ()", "`primary_key` needs at least one column"),
        ("primary_key = id, primary_key = slug", "option `primary_key` is given twice, keep one of them"),
    ];
    for (options, expected) in table {
        assert_option_errors(options, &[expected]);
    }
}

#[test]
fn look_ups_have_names_of_their_own() {
    let source =
        "#[cached(unique(a, b), unique(a_and_b), scope(a, b))] struct Pair { id: i32, a: i32, b: i32, a_and_b: i32 }";
    assert_errors(source, &["`unique(a_and_b)` and `unique(a, b)` would give methods of one name, keep one of them"]);
}

#[test]
fn keys_are_found() {
    let columns = "id, category_id, slug, type";
    let table = [
        (
            "primary_key(shop_id, slgu)",
            vec![
                format!("no field for the key column `shop_id`: add the field, or name one of: {columns}"),
                format!(
                    "no field for the key column `slgu`: add the field, or name one of: {columns}; did you mean `slug`?"
                ),
            ],
        ),
        (
            "primary_key(identity)",
            vec![
                "the field `identity` is embedded and has no column of its own, the primary key needs a plain field"
                    .to_owned(),
            ],
        ),
        ("primary_key()", vec!["`primary_key` needs at least one column".to_owned()]),
        (
            "primary_key(category_id), table_name = \"x\"",
            vec!["expected the path of a `table!` module, such as `schema::products`".to_owned()],
        ),
    ];
    for (options, expected) in table {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_errors(&format!("#[diesel({options})] struct Product {FIELDS}"), &expected);
    }
    assert_errors(
        "struct Product { slug: String }",
        &["no field for the key column `id`: add the field, or name the primary key with `#[diesel(primary_key(..))]`"],
    );
}

#[test]
fn only_structs_that_own_their_fields_are_cached() {
    let shape = |kind: &str| {
        format!(
            "`Cached` needs a struct with named fields, not {kind}: a cached value is one row, each field one column"
        )
    };
    let table = [
        ("struct Product(i32);", shape("a tuple struct")),
        ("struct Product;", shape("a unit struct")),
        ("enum Product { A }", shape("an enum")),
        ("union Product { id: i32 }", shape("a union")),
        (
            "struct Product<T> { id: T }",
            "a cached model cannot be generic: a cached value is owned and has one type".to_owned(),
        ),
        (
            "struct Product<const N: usize> { id: i32 }",
            "a cached model cannot be generic: a cached value is owned and has one type".to_owned(),
        ),
        (
            "struct Product<'a> { id: &'a str }",
            "a cached model cannot borrow: a cached value is owned and outlives the read".to_owned(),
        ),
    ];
    for (source, expected) in table {
        assert_errors(source, &[&expected]);
    }
}

#[test]
fn fields_have_one_option() {
    let table = [
        ("skip", "`skip` is no option, a field has one option: `with = module`"),
        ("unique", "`unique` belongs on the struct, a field has one option: `with = module`"),
        ("", "expected `with = module`"),
        ("with", "expected `with = module`"),
        ("with(module)", "expected `with = module`"),
        ("with = \"module\"", "expected the path of a module without quotes, such as `crate::color`"),
        ("with = a, with = b", "`with` is given twice, keep one of them"),
    ];
    for (options, expected) in table {
        assert_errors(&format!("struct Product {{ #[cached({options})] id: i32 }}"), &[expected]);
    }
}

#[test]
fn what_is_kept_in_memory_is_not_said_in_bytes() {
    let expected = "`memory_only` stores nothing outside of the process, and the field `slug` says how with `with`: keep \
                    one of them";
    assert_errors("#[cached(memory_only)] struct Product { id: i32, #[cached(with = m)] slug: String }", &[expected]);
    assert_option_errors("memory_only = true", &["expected `memory_only`"]);
    assert_option_errors("memory_only(all)", &["expected `memory_only`"]);
    assert_option_errors("memory_only, memory_only", &["option `memory_only` is given twice, keep one of them"]);
}

#[test]
fn what_a_base_query_may_leave_out_is_not_stored_by_a_write() {
    let expected = "`write_through` stores the row that a write gives back, and nobody knows whether the base query lets \
                    it through: keep one of them";
    assert_option_errors("write_through, base_query = visible", &[expected]);
    assert_errors("#[cached(write_through)] #[diesel(base_query = a.b(c))] struct Product { id: i32 }", &[expected]);
    assert_option_errors("write_through = true", &["expected `write_through`"]);
    assert_option_errors("write_through, write_through", &["option `write_through` is given twice, keep one of them"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let source = "#[cached(ttl, scope(kind), key = \"\")] #[cached(list_timeout = 0, unique(\"a\"), unique(slug))]
                  #[diesel(primary_key(nope))] struct Product { #[cached()] slug: String, #[diesel(column_name = \"a b\")] kind: i32 }";
    let messages = errors(derive(source));
    let starts: Vec<String> =
        messages.iter().map(|message| message.split_whitespace().take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        starts,
        [
            "unknown option `ttl`,",
            "`key` cannot be",
            "a timeout cannot",
            "expected a column",
            "expected `with =",
            "`a b` is",
            "no field for",
        ]
    );
}

#[test]
fn messages_are_lower_case_and_end_without_a_stop() {
    let source = "#[cached(ttl, scope(kind), key = \"\", unique(id), unique(nope), negative_timeout = \"never\")]
                  #[cached(list_timeout = 0, detail_timeout = \"1 x\", unique(\"a\"))] struct Product { id: i32 }";
    for message in errors(derive(source)) {
        assert!(!message.ends_with('.'), "{message}");
        assert!(!message.starts_with(char::is_uppercase), "{message}");
    }
}
