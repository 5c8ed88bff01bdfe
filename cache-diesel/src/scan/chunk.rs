//! How does a query give its SQL away without its binds?

use std::fmt::{self, Display, Write};

/// Gives `with` the first piece of text that `sql` formats, and stops it there.
///
/// Diesel prints the SQL of a query as one piece, before its binds: these can be long, and none of our
/// business. `with` is called exactly once, with nothing if nothing was printed.
pub(crate) fn first_chunk(sql: &dyn Display, with: &mut dyn FnMut(&str)) {
    let mut first = First { is_taken: false, with };
    // An error is how the formatting is stopped.
    let _ = write!(first, "{sql}");
    if !first.is_taken {
        (first.with)("");
    }
}

struct First<'a> {
    is_taken: bool,
    with: &'a mut dyn FnMut(&str),
}

impl Write for First<'_> {
    fn write_str(&mut self, chunk: &str) -> fmt::Result {
        // Whoever ignores the error comes again.
        if !self.is_taken {
            self.is_taken = true;
            (self.with)(chunk);
        }
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::{Display, Formatter, Result};

    use super::first_chunk;

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
        first_chunk(sql, &mut |chunk| seen.push(chunk.to_owned()));
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
}
