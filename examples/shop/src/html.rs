//! Writes HTML in which everything is escaped that is not HTML itself.

use std::fmt::{self, Display, Formatter, Write};

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

pub(crate) mod form;
pub(crate) mod layout;
pub(crate) mod panel;
pub(crate) mod shelf;

/// Text that is HTML.
#[derive(Clone, Debug, Default)]
pub(crate) struct Html(pub(crate) String);

/// What can be written into HTML.
pub(crate) trait Shown {
    fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result;
}

impl Shown for str {
    fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for letter in self.chars() {
            match letter {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                letter => formatter.write_char(letter)?,
            }
        }
        Ok(())
    }
}

impl Shown for String {
    fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.as_str().show(formatter)
    }
}

impl Shown for Html {
    fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<T: Shown + ?Sized> Shown for &T {
    fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        (**self).show(formatter)
    }
}

impl<T: Shown> Shown for Option<T> {
    fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |shown| shown.show(formatter))
    }
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl Shown for $number {
            fn show(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                Display::fmt(self, formatter)
            }
        }
    )* };
}

numbers! { i32 i64 u16 u64 usize }

/// Writes a value as [`Shown`] says.
pub(crate) struct Written<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Shown + ?Sized> Display for Written<'_, T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.0.show(formatter)
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(parts: I) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "text/html; charset=utf-8")], self.0).into_response()
    }
}

/// `format!` for HTML: whatever is put in is escaped, unless it is HTML.
macro_rules! html {
    ($text:literal $(, $value:expr)* $(,)?) => {
        $crate::html::Html(format!($text $(, $crate::html::Written(&$value))*))
    };
}

pub(crate) use html;
