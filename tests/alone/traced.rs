//! Loads are spans of `tracing`, and messages are its events: a subscriber hears of both.

use core::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use diesel::prelude::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::harness::{Shop, products};

/// Keeps what it hears, a line for each span that is entered for the first time and for each event.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Heard {
    fn note(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        if metadata.target() == "cache_diesel" {
            let mut line = Line(format!("{} {}", metadata.level(), metadata.name()));
            record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
    }

    pub fn take(&self) -> Vec<String> {
        core::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(span.metadata(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Line(String::new());
        event.record(&mut message);
        if event.metadata().target() == "cache_diesel" {
            self.0.lock().unwrap().push(format!("{} event{}", event.metadata().level(), message.0));
        }
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[test]
fn a_subscriber_hears_of_loads_and_messages() {
    let _alone = crate::alone();
    let (shop, heard) = (Shop::new(), Heard::default());
    let mut conn = shop.conn();
    tracing::subscriber::with_default(heard.clone(), || {
        shop.products().get(1).first(&mut conn).unwrap();
        let cache = &shop.name;
        let span = |key: &str, reason: &str| {
            format!("INFO cache load cache=\"{cache}\" manager=\"product\" kind=detail key={key} reason={reason}")
        };
        assert_eq!(heard.take(), [span("1", "there is no entry")]);
        shop.products().get(1).first(&mut conn).unwrap();
        assert!(heard.take().is_empty(), "a hit is no span");
        shop.products().get_many([1, 3]).load(&mut conn).unwrap();
        assert_eq!(heard.take(), [span("3", "there is no entry")]);
        diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn).unwrap();
        shop.products().get(1).first(&mut conn).unwrap();
        assert_eq!(heard.take().len(), 1);
        cache_core::report::warn(format_args!("something has to be mended"));
        assert_eq!(heard.take(), ["WARN event message=something has to be mended"]);
    });
}
