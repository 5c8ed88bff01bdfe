use cache_diesel::cached_fn;

#[cached_fn(depends_on_nothing, in_background, relevance_timeout = "1 minute", ticks = 3)]
async fn shelf(id: i32) -> Result<i32, cache_diesel::Error> {
    Ok(id)
}

fn main() {
    drop(shelf(1));
}
