//! The writes that have to be undone between batches.

use benches::Way;

use crate::shop::{NewProduct, Shop};

/// Inserts one row.
pub struct Insert<'a, C>(pub &'a mut C);

impl<C: Shop> Way for Insert<'_, C> {
    fn turn(&mut self) {
        self.0.insert(&NewProduct::numbered(1));
    }

    fn tidy(&mut self) {
        self.0.delete_new();
    }
}

/// Inserts many rows with one statement.
pub struct InsertMany<'a, C> {
    pub conn: &'a mut C,
    pub rows: &'a [NewProduct],
}

impl<C: Shop> Way for InsertMany<'_, C> {
    fn turn(&mut self) {
        self.conn.insert_many(self.rows);
    }

    fn tidy(&mut self) {
        self.conn.delete_new();
    }
}
