//! Every kind of cached read of the shop, each beside the plain query that it stands for.

use diesel::dsl::exists;

use crate::database::Conn;
use crate::harness::{Category, Product, Shop, categories, list_cost, products};
use crate::line::prelude::*;

const IDS: [i32; 6] = [1, 2, 3, 4, 5, 6];
const SLUGS: [&str; 6] = ["lamp", "torch", "table", "new", "other", "third"];
const SHELVES: [i32; 3] = [7, 8, 9];

impl Shop {
    /// Reads in every way there is; each answer has to be the database's. Gives the statements of the cached reads.
    #[track_caller]
    pub fn read_everything(&self, conn: &mut Conn) -> usize {
        let rows: usize = IDS.map(|id| self.row_cost(conn, id)).iter().sum();
        let slugs: usize = SLUGS.map(|slug| self.slug_cost(conn, slug)).iter().sum();
        let shelves: usize = SHELVES.map(|shelf| self.shelf_cost(conn, shelf)).iter().sum();
        let numbers = self.count_cost(conn) + self.exists_cost(conn);
        rows + slugs + shelves + numbers + self.lists_cost(conn) + self.category_cost(conn)
    }

    /// Fills the cache with every kind of read.
    #[track_caller]
    pub fn warm(&self) -> Conn {
        let mut conn = self.conn();
        self.read_everything(&mut conn);
        assert_eq!(self.read_everything(&mut conn), 0, "every read is cached");
        conn
    }

    #[track_caller]
    pub fn row_cost(&self, conn: &mut Conn, id: i32) -> usize {
        self.cost(
            conn,
            |conn| self.products().get(id).first(conn),
            |conn| products::table.find(id).first::<Product>(conn),
        )
    }

    #[track_caller]
    pub fn slug_cost(&self, conn: &mut Conn, slug: &str) -> usize {
        self.cost(
            conn,
            |conn| self.products().get_by_slug(slug).first(conn),
            |conn| products::table.filter(products::slug.eq(slug)).first::<Product>(conn),
        )
    }

    #[track_caller]
    pub fn shelf_cost(&self, conn: &mut Conn, category_id: i32) -> usize {
        self.cost(
            conn,
            |conn| self.products().all_by_category_id(category_id).load(conn),
            |conn| products::table.filter(products::category_id.eq(category_id)).load::<Product>(conn),
        )
    }

    #[track_caller]
    pub fn every_cost(&self, conn: &mut Conn) -> usize {
        list_cost!(self, conn, self.products().every())
    }

    #[track_caller]
    pub fn count_cost(&self, conn: &mut Conn) -> usize {
        self.cost(
            conn,
            |conn| self.products().all("active", products::is_active.eq(true)).count(conn),
            |conn| products::table.filter(products::is_active.eq(true)).count().get_result::<i64>(conn),
        )
    }

    #[track_caller]
    pub fn exists_cost(&self, conn: &mut Conn) -> usize {
        let is_new = || products::slug.eq("new");
        self.cost(
            conn,
            |conn| self.products().all((), is_new()).exists(conn),
            |conn| diesel::select(exists(products::table.filter(is_new()))).get_result::<bool>(conn),
        )
    }

    #[track_caller]
    fn lists_cost(&self, conn: &mut Conn) -> usize {
        let manager = self.products();
        let light = || categories::table.filter(categories::name.eq("Light")).select(categories::id);
        self.every_cost(conn)
            + list_cost!(self, conn, manager.all("active", products::is_active.eq(true)))
            + list_cost!(self, conn, manager.every().order_by(products::price_cents.desc()).limit(2))
            + list_cost!(self, conn, manager.all((), products::category_id.eq_any(light())))
    }

    #[track_caller]
    pub fn category_cost(&self, conn: &mut Conn) -> usize {
        let row = self.cost(
            conn,
            |conn| self.categories().get(7).first(conn),
            |conn| categories::table.find(7).first::<Category>(conn),
        );
        row + list_cost!(self, conn, self.categories().every())
    }
}
