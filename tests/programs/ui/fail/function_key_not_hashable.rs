use cache_diesel::cached_fn;

#[derive(Clone, Debug)]
struct Filter;

#[cached_fn(depends_on_nothing)]
fn shelf(filter: Filter) -> Result<i32, cache_diesel::Error> {
    let _ = filter;
    Ok(1)
}

fn main() {
    let _ = shelf(Filter);
}
