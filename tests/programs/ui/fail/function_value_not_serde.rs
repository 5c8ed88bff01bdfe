use cache_diesel::cached_fn;

#[derive(Clone)]
struct Shelf;

#[cached_fn(depends_on_nothing)]
fn shelf(id: i32) -> Result<Shelf, cache_diesel::Error> {
    let _ = id;
    Ok(Shelf)
}

fn main() {
    let _ = shelf(1);
}
