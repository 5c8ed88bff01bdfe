use cache_diesel::cached_fn;

#[cached_fn(lable = "shelf", timeout = "1 huor", in_background)]
fn shelf<T>(#[cached_fn(skp)] conn: &mut T, id: i32) {
    let _ = (conn, id);
}

fn main() {}
