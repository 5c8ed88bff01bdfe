//! Tests that links between pages lead to files and headings that exist.

use std::path::Path;

use crate::page::Page;

#[test]
fn links_lead_to_pages_and_headings_that_exist() {
    let pages = Page::all();
    let broken: Vec<String> = pages.iter().flat_map(broken_links).collect();
    assert!(pages.len() > 20, "{}", pages.len());
    assert!(broken.is_empty(), "{broken:#?}");
}

fn broken_links(page: &Page) -> Vec<String> {
    let links = page.links().into_iter().filter(|link| !leads_somewhere(page, link));
    links.map(|link| format!("{}: {link}", page.path.display())).collect()
}

fn leads_somewhere(page: &Page, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap_or(Path::new("")).join(file) };
    path.exists() && anchor.is_none_or(|anchor| Page::read(&path).anchors().iter().any(|known| known == anchor))
}
