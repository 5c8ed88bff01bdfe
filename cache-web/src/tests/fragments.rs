//! Tests which blocks of templates are kept, for whom, and which are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cache_core::{Cache, Error, Kind};
use minijinja::{Environment, Value, context};

use crate::Fragments;

/// An environment whose `next` counts how often a block was run.
fn environment(fragments: &Fragments) -> Environment<'static> {
    let mut environment = Environment::new();
    let count = AtomicUsize::new(0);
    environment.add_function("next", move || count.fetch_add(1, Ordering::SeqCst) + 1);
    fragments.add_to(&mut environment);
    environment
}

fn kept() -> Fragments {
    Fragments::new(&Cache::memory(), "fragments").depends_on_nothing()
}

fn rendered(environment: &Environment<'_>, template: &str) -> Result<String, String> {
    let known = context! { user => "ada", ids => vec![1, 2], more => context! { a => 1 } };
    environment.render_named_str("page.html", template, known).map_err(|error| error.to_string())
}

fn block(arguments: &str) -> String {
    format!("{{% call cached({arguments}) %}}{{{{ next() }}}}{{% endcall %}}")
}

#[test]
fn a_block_is_run_once_for_each_of_its_arguments() {
    let environment = environment(&kept());
    let arguments =
        ["'a'", "'b'", "'a', 1", "'a', '1'", "'a', 1, 2", "'a', [1, 2]", "'a', none", "'a', true", "'a', 'true'"];
    for round in 0..2 {
        for (index, arguments) in arguments.iter().enumerate() {
            assert_eq!(rendered(&environment, &block(arguments)), Ok((index + 1).to_string()), "{round} {arguments}");
        }
    }
    assert_eq!(rendered(&environment, &block("'a', ids")), rendered(&environment, &block("'a', [1, 2]")));
}

#[test]
fn a_block_is_html_and_what_it_shows_is_escaped_once() {
    let environment = environment(&kept());
    let template = "{% call cached('a') %}<b>{{ '<' }}</b>{% endcall %}";
    for _ in 0..2 {
        assert_eq!(rendered(&environment, template).as_deref(), Ok("<b>&lt;</b>"));
    }
}

#[test]
fn what_is_not_escaped_in_one_place_is_not_given_to_another() {
    let environment = environment(&kept());
    let shown = |name: &str, template: &str, text: Value| {
        environment.render_named_str(name, template, context! { text }).unwrap()
    };
    let block = "{% call cached('a', text) %}{{ text }}{% endcall %}";
    let (text, html) = (|| Value::from("<b>"), || Value::from_safe_string("<b>".to_owned()));
    for _ in 0..2 {
        assert_eq!(shown("mail.txt", block, text()), "<b>");
        assert_eq!(shown("page.html", block, html()), "<b>");
        assert_eq!(shown("page.html", block, text()), "&lt;b&gt;");
        let unescaped = format!("{{% autoescape false %}}{block}{{% endautoescape %}}");
        assert_eq!(shown("page.html", &unescaped, text()), "<b>");
    }
}

#[test]
fn bytes_that_are_no_text_are_told_apart() {
    let environment = environment(&kept());
    let shown = |text: &[u8]| {
        environment.render_str(&block("'a', bytes"), context! { bytes => Value::from_bytes(text.to_vec()) }).unwrap()
    };
    assert_eq!((shown(b"\xfe"), shown(b"\xff"), shown(b"\xfe")), ("1".into(), "2".into(), "1".into()));
}

#[test]
fn blocks_stand_in_blocks() {
    let environment = environment(&kept());
    let template = "{% call cached('out') %}{{ next() }}{% call cached('in') %}{{ next() }}{% endcall %}{% endcall %}";
    for _ in 0..2 {
        assert_eq!(rendered(&environment, template).as_deref(), Ok("12"));
    }
    assert_eq!(rendered(&environment, &block("'in'")).as_deref(), Ok("2"));
}

#[test]
fn mistakes_are_named() {
    let environment = environment(&kept());
    for (template, mistake) in [
        (block(""), "`cached`: its first argument is a name"),
        (block("7"), "`cached`: its first argument is a name"),
        (block("'a', nobody"), "`cached`: one of its arguments is undefined"),
        (block("'a', [nobody]"), "`cached`: one of its arguments is undefined"),
        (block("'a', more"), "`cached`: a map cannot be a part of its key"),
        (block("'a', tiemout=3"), "tiemout"),
        (block("'a', timeout='soon'"), "`cached`: its `timeout` is a number of seconds"),
        ("{{ cached('a') }}".to_owned(), "`cached`: it stands around a block"),
    ] {
        let error = rendered(&environment, &template).unwrap_err();
        assert!(error.contains(mistake), "{template}: {error}");
    }
    // What failed was not kept.
    assert_eq!(rendered(&environment, &block("'a'")).as_deref(), Ok("1"));
}

#[test]
fn a_block_that_fails_is_run_again() {
    let environment = environment(&kept());
    let template = "{% call cached('a') %}{{ next() }}{{ 1 // 0 }}{% endcall %}";
    assert!(rendered(&environment, template).is_err());
    assert_eq!(rendered(&environment, &block("'a'")).as_deref(), Ok("2"));
}

#[test]
fn fragments_end_together_and_are_counted() {
    let cache = Cache::memory();
    let fragments = Fragments::new(&cache, "fragments").depends_on_nothing();
    let count = Arc::new(AtomicUsize::new(0));
    let render = |name: &str| {
        let number = || Ok::<_, Error>((count.fetch_add(1, Ordering::SeqCst) + 1).to_string());
        fragments.render(name, &(), number).unwrap().to_string()
    };
    assert_eq!(["a", "b", "a"].map(render), ["1", "2", "1"]);
    assert_eq!(cache.statistics().of("fragments", Kind::Computed).hit_count, 1);
    fragments.invalidate_all().unwrap();
    assert_eq!(["a", "b", "a"].map(render), ["3", "4", "3"]);
}

#[tokio::test]
async fn what_is_awaited_is_the_same_fragment() {
    let fragments = kept();
    let awaited = fragments.render_async("a", &1, async || Ok::<_, Error>("text".to_owned())).await.unwrap();
    let found = fragments.render("a", &1, || Err::<String, _>("nobody asks")).unwrap();
    assert_eq!(awaited, found);
}

#[test]
fn a_block_within_itself_is_an_error_of_its_template() {
    let environment = environment(&kept());
    let template =
        "{% call cached('a') %}{% call cached('b') %}{% call cached('a') %}{% endcall %}{% endcall %}{% endcall %}";
    let error = rendered(&environment, template).unwrap_err();
    assert!(error.contains("`cached` stands in a block that waits for it"), "{error}");
    assert_eq!(rendered(&environment, &block("'a'")).as_deref(), Ok("1"), "nothing is left of it");
}

#[cfg(feature = "askama")]
#[test]
fn a_fragment_within_itself_is_an_error_of_askama_too() {
    let fragments = kept();
    let given =
        fragments.render("a", &(), || fragments.render("a", &(), || Ok(String::new())).map(|text| text.to_string()));
    let error: askama::Error = given.unwrap_err();
    assert!(error.to_string().contains("loading `a` waits for itself"), "{error}");
}
