//! Puts fragments into templates of askama: they are HTML, and not escaped again.

use askama::filters::HtmlSafe;

use crate::fragment::Fragment;

impl HtmlSafe for Fragment {}
