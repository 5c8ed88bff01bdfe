use cache_diesel::cached_fn;

#[cached_fn(depends_on_nothing)]
fn shelf(id: i32) -> i32 {
    id
}

fn main() {
    let _ = shelf(1);
}
