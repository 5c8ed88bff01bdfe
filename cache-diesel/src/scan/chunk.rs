//! Prints the SQL of a query without its binds, or with short ones only.

use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether what is printed behind the SQL of a query is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Binds {
    Unwanted,
    Wanted,
}

/// Gives `with` the first piece of text that `sql` formats, and stops it there unless the rest is wanted. Gives the
/// rest if it is not too long.
///
/// Diesel prints the SQL of a query as one piece, before its binds: these can be long, and mostly none of our
/// business. `with` is called exactly once, with nothing if nothing was printed. A panic of what prints a bind ends there:
/// without an instrumentation nobody would have printed it.
pub(crate) fn first_chunk(sql: &dyn Display, with: &mut dyn FnMut(&str) -> Binds) -> Option<String> {
    let mut first = FirstChunk { rest: None, is_taken: false, with };
    // An error is how the formatting is stopped. What a panic leaves behind is a text that is not whole.
    let is_whole = catch_unwind(AssertUnwindSafe(|| write!(first, "{sql}"))).is_ok_and(|written| written.is_ok());
    if !first.is_taken {
        (first.with)("");
    }
    first.rest.filter(|_| is_whole).and_then(Bounded::finish)
}

/// A text that takes no more than so many bytes.
#[derive(Debug, Default)]
pub(crate) struct Bounded {
    text: String,
    is_over: bool,
}

impl Bounded {
    const MOST_BYTES: usize = 4096;

    /// The text, if all of it was taken.
    pub(crate) fn finish(self) -> Option<String> {
        (!self.is_over).then_some(self.text)
    }
}

impl Write for Bounded {
    fn write_str(&mut self, chunk: &str) -> fmt::Result {
        self.is_over |= self.text.len() + chunk.len() > Self::MOST_BYTES;
        if self.is_over {
            return Err(fmt::Error);
        }
        self.text.push_str(chunk);
        Ok(())
    }
}

struct FirstChunk<'a> {
    rest: Option<Bounded>,
    is_taken: bool,
    with: &'a mut dyn FnMut(&str) -> Binds,
}

impl Write for FirstChunk<'_> {
    fn write_str(&mut self, chunk: &str) -> fmt::Result {
        // Whoever ignores the error comes again.
        if !self.is_taken {
            self.is_taken = true;
            self.rest = ((self.with)(chunk) == Binds::Wanted).then(Bounded::default);
            return if self.rest.is_some() { Ok(()) } else { Err(fmt::Error) };
        }
        self.rest.as_mut().ok_or(fmt::Error)?.write_str(chunk)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::{Display, Formatter, Result};

    use super::{Binds, Bounded, first_chunk};

    struct Query<'a> {
        binds: &'a Cell<bool>,
        chunks: &'a [&'a str],
    }

    impl Display for Query<'_> {
        fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
            for chunk in self.chunks {
                formatter.write_str(chunk)?;
            }
            self.binds.set(true);
            Ok(())
        }
    }

    fn chunks_of(sql: &dyn Display) -> Vec<String> {
        let mut seen = Vec::new();
        let rest = first_chunk(sql, &mut |chunk| {
            seen.push(chunk.to_owned());
            Binds::Unwanted
        });
        assert_eq!(rest, None);
        seen
    }

    #[test]
    fn binds_are_not_formatted() {
        let binds = Cell::new(false);
        let chunks = &["SELECT 1", " -- binds: [..]"];
        let query = Query { binds: &binds, chunks };

        assert_eq!(chunks_of(&query), ["SELECT 1"]);
        assert!(!binds.get());
    }

    #[test]
    fn nothing_printed_is_an_empty_text() {
        let binds = Cell::new(false);
        let query = Query { binds: &binds, chunks: &[] };

        assert_eq!(chunks_of(&query), [""]);
        assert_eq!(chunks_of(&""), [""]);
    }

    #[test]
    fn a_display_that_ignores_errors_is_heard_once() {
        struct Stubborn;
        impl Display for Stubborn {
            fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
                let _ = formatter.write_str("a");
                let _ = formatter.write_str("b");
                Ok(())
            }
        }

        assert_eq!(chunks_of(&Stubborn), ["a"]);
    }

    #[test]
    fn binds_that_are_wanted_come_whole_or_not_at_all() {
        let rest = |binds: &str| first_chunk(&format_args!("{}{binds}", "UPDATE"), &mut |_| Binds::Wanted);
        assert_eq!(rest(" -- binds: [1]"), Some(" -- binds: [1]".to_owned()));
        assert_eq!(rest(&"a".repeat(Bounded::MOST_BYTES)), Some("a".repeat(Bounded::MOST_BYTES)));
        assert_eq!(rest(&"a".repeat(Bounded::MOST_BYTES + 1)), None);
    }

    #[test]
    fn a_display_that_panics_gives_nothing_more() {
        struct Panicking<'a>(&'a str);
        impl Display for Panicking<'_> {
            fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
                formatter.write_str(self.0)?;
                panic!("printed");
            }
        }

        let mut seen = Vec::new();
        let rest = first_chunk(&Panicking("UPDATE"), &mut |chunk| {
            seen.push(chunk.to_owned());
            Binds::Wanted
        });
        assert_eq!((rest, seen), (None, vec!["UPDATE".to_owned()]));
    }

    #[test]
    fn a_display_that_goes_on_behind_the_limit_gives_nothing() {
        struct Stubborn;
        impl Display for Stubborn {
            fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
                let _ = formatter.write_str("UPDATE");
                let _ = formatter.write_str(&"a".repeat(Bounded::MOST_BYTES + 1));
                let _ = formatter.write_str(", 7]");
                Ok(())
            }
        }

        assert_eq!(first_chunk(&Stubborn, &mut |_| Binds::Wanted), None);
    }
}
