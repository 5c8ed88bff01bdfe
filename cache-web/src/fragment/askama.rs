//! Puts fragments into templates of askama: they are HTML, and not escaped again.

use askama::Error;
use askama::filters::HtmlSafe;

use crate::fragment::Fragment;

impl HtmlSafe for Fragment {}

/// A fragment within itself is an error of its template.
pub(super) fn tell_circles() {
    cache_core::tell_circles_by(|circle| Error::Custom(Box::new(circle)));
}
