use cache_diesel::prelude::*;

#[derive(Cached)]
#[cached(view(Page, select_related(category: Category)))]
enum Product {
    One,
}

fn main() {
    let _ = Page::cached();
}
