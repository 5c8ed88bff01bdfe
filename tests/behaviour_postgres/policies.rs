//! Row-level security: what policies read of other tables counts for reads of their own.

use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Kind, ManualClock};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;

use crate::database::{Conn, Database};
use crate::harness::{Shop, categories, list_cost, products};
use crate::kept::cache_at;
use crate::transactions::retitle;

/// A shop, two tenants, and who of them may see which shelf.
struct Tenants {
    shop: Shop,
    urls: [String; 2],
    names: [String; 2],
}

/// The tables that tell who sees what, before any policy.
const MEMBERS: &str = "
    CREATE TABLE teams (team INT PRIMARY KEY, who TEXT NOT NULL);
    CREATE TABLE members (who TEXT NOT NULL, category_id INT NOT NULL);
    ALTER TABLE products ENABLE ROW LEVEL SECURITY;";

impl Tenants {
    fn new(policies: &str) -> Self {
        let mut database = Database::fresh();
        let urls = [(); 2].map(|()| database.url_of_another_user());
        let names = urls.each_ref().map(|url| url.split("://").nth(1).unwrap().split(':').next().unwrap().to_owned());
        let shop = Shop::at(database, cache_at(&ManualClock::new()));
        shop.conn().batch_execute(&format!("{MEMBERS} {policies}")).unwrap();
        let grants =
            names.each_ref().map(|name| format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name};")).concat();
        shop.conn().batch_execute(&grants).unwrap();
        let tenants = Self { shop, urls, names };
        tenants.admit(0, 7);
        tenants.admit(1, 8);
        tenants
    }

    fn conn(&self, tenant: usize) -> Conn {
        self.shop.conn_to(&self.urls[tenant])
    }

    /// By the owner, in plain SQL.
    fn run(&self, sql: &str) {
        sql_query(sql).execute(&mut self.shop.conn()).unwrap();
    }

    fn admit(&self, tenant: usize, shelf: i32) {
        self.run(&format!("INSERT INTO members VALUES ('{}', {shelf})", self.names[tenant]));
    }

    fn expel(&self, tenant: usize) {
        self.run(&format!("DELETE FROM members WHERE who = '{}'", self.names[tenant]));
    }

    /// Every kind of read, each compared with the database's answer; gives the statements that the cached ones took.
    #[track_caller]
    fn check(&self, conn: &mut Conn) -> usize {
        let many = self.shop.cost(
            conn,
            |conn| self.shop.products().get_many([1, 2, 3]).load(conn).unwrap().iter().flatten().count(),
            |conn| {
                products::table
                    .filter(products::id.eq_any([1, 2, 3]))
                    .load::<crate::harness::Product>(conn)
                    .unwrap()
                    .len()
            },
        );
        let joined = categories::table.filter(categories::name.eq("Light")).select(categories::id);
        let list = list_cost!(self.shop, conn, self.shop.products().all((), products::category_id.eq_any(joined)));
        self.shop.read_everything(conn) + many + list
    }
}

/// That a number is what it is.
impl crate::plain::Plain for usize {
    type Output = Self;

    fn plain(self) -> Self {
        self
    }
}

/// The policies of tenants whose members are in another table, in all the ways in which that can be said.
const BY_MEMBERS: [(&str, &str); 7] = [
    (
        "a subquery",
        "CREATE POLICY seen ON products USING
             (category_id IN (SELECT category_id FROM members WHERE who = current_user));",
    ),
    (
        "a view",
        "CREATE VIEW mine AS SELECT category_id FROM members WHERE who = current_user;
         CREATE POLICY seen ON products USING (category_id IN (SELECT category_id FROM mine));",
    ),
    (
        "a function in SQL",
        "CREATE FUNCTION is_mine(shelf int) RETURNS boolean STABLE LANGUAGE sql AS
             'SELECT EXISTS (SELECT FROM members WHERE who = current_user AND category_id = shelf)';
         CREATE POLICY seen ON products USING (is_mine(category_id));",
    ),
    (
        "a function whose tables the database knows",
        "CREATE FUNCTION is_mine(shelf int) RETURNS boolean STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT EXISTS (SELECT FROM members WHERE who = current_user AND category_id = shelf); END;
         CREATE POLICY seen ON products USING (is_mine(category_id));",
    ),
    (
        "one function that calls another",
        "CREATE FUNCTION shelves() RETURNS SETOF int STABLE LANGUAGE sql AS
             'SELECT category_id FROM members WHERE who = session_user';
         CREATE FUNCTION is_mine(shelf int) RETURNS boolean STABLE LANGUAGE sql
             BEGIN ATOMIC SELECT shelf IN (SELECT shelves()); END;
         CREATE POLICY seen ON products USING (is_mine(category_id));",
    ),
    (
        "a second policy",
        "CREATE POLICY own ON products FOR SELECT USING (slug = current_user);
         CREATE POLICY seen ON products FOR SELECT USING
             (category_id = ANY (ARRAY(SELECT category_id FROM members WHERE who = current_user)));",
    ),
    (
        "a policy on a partitioned table",
        "ALTER TABLE members RENAME TO old_members;
         CREATE TABLE members (who TEXT NOT NULL, category_id INT NOT NULL) PARTITION BY LIST (category_id);
         CREATE TABLE members_light PARTITION OF members FOR VALUES IN (7);
         CREATE TABLE members_wood PARTITION OF members FOR VALUES IN (8);
         CREATE POLICY seen ON products USING
             (category_id IN (SELECT category_id FROM members WHERE who = current_user));",
    ),
];

#[test]
fn rows_that_a_policy_takes_away_are_gone_from_the_cache() {
    for (way, policies) in BY_MEMBERS {
        let tenants = Tenants::new(policies);
        let (mut light, mut wood) = (tenants.conn(0), tenants.conn(1));
        tenants.check(&mut light);
        tenants.check(&mut wood);
        assert_eq!([tenants.check(&mut light), tenants.check(&mut wood)], [0, 0], "{way}: every read is cached");
        assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 2, "{way}");

        tenants.expel(0);
        assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 0, "{way}");
        tenants.check(&mut light);
        tenants.check(&mut wood);

        tenants.admit(0, 8);
        tenants.check(&mut light);
        tenants.check(&mut wood);
        assert!(tenants.shop.products().get(3).first(&mut light).is_ok(), "{way}");
    }
}

#[test]
fn a_partition_that_is_written_by_its_own_name_counts_for_a_policy_that_reads_the_whole() {
    let tenants = Tenants::new(BY_MEMBERS[6].1);
    let mut light = tenants.conn(0);
    tenants.check(&mut light);
    tenants.run("DELETE FROM members_light");
    tenants.check(&mut light);
    assert_eq!(tenants.check(&mut light), 0);
}

#[test]
fn policies_are_followed_from_table_to_table() {
    let tenants = Tenants::new(
        "ALTER TABLE members ENABLE ROW LEVEL SECURITY;
         CREATE POLICY of_team ON members USING (category_id IN (SELECT team FROM teams WHERE teams.who = current_user));
         CREATE POLICY seen ON products USING
             (category_id IN (SELECT category_id FROM members WHERE who = current_user));",
    );
    let mut light = tenants.conn(0);
    tenants.check(&mut light);
    assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 0);
    tenants.run(&format!("INSERT INTO teams VALUES (7, '{}')", tenants.names[0]));
    assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 2);
    tenants.check(&mut light);
    tenants.run("UPDATE teams SET who = 'nobody'");
    tenants.check(&mut light);
    assert_eq!(tenants.check(&mut light), 0);
}

#[test]
fn other_rows_that_a_policy_reads_of_its_own_table_count() {
    let tenants = Tenants::new(
        "CREATE FUNCTION is_open() RETURNS boolean STABLE SECURITY DEFINER LANGUAGE sql AS
             'SELECT EXISTS (SELECT FROM products WHERE slug = ''lamp'' AND is_active)';
         CREATE POLICY seen ON products USING (is_open());",
    );
    let mut light = tenants.conn(0);
    tenants.check(&mut light);
    assert_eq!(tenants.check(&mut light), 0);
    // Row 1 decides about row 2.
    diesel::update(products::table.find(1))
        .set(products::is_active.eq(false))
        .execute(&mut tenants.shop.conn())
        .unwrap();
    tenants.check(&mut light);
    assert!(tenants.shop.products().get(2).first(&mut light).is_err());
}

#[test]
fn a_policy_that_looks_at_the_row_alone_costs_nothing() {
    let tenants =
        Tenants::new("CREATE POLICY seen ON products USING (category_id::text = current_setting('app.tenant', true));");
    // The tenant is in the URL, so that each has entries of its own.
    let of = |shelf: i32| {
        let url = format!("{}?options=-capp.tenant%3D{shelf}", tenants.urls[0]);
        tenants.shop.conn_to(&url)
    };
    let (mut light, mut wood) = (of(7), of(8));
    tenants.check(&mut light);
    tenants.check(&mut wood);
    assert_eq!([tenants.check(&mut light), tenants.check(&mut wood)], [0, 0]);
    tenants.admit(1, 7);
    assert_eq!([tenants.check(&mut light), tenants.check(&mut wood)], [0, 0], "members are nobody's business");
    retitle(&mut tenants.shop.conn(), 1, "New").unwrap();
    assert_eq!([1, 2].map(|id| tenants.shop.row_cost(&mut light, id)), [1, 0], "writes by key stay exact");
    tenants.check(&mut light);
    tenants.check(&mut wood);
}

#[test]
fn whom_no_policy_concerns_keeps_what_is_cached() {
    let tenants = Tenants::new(BY_MEMBERS[0].1);
    let mut owner = tenants.shop.conn();
    tenants.check(&mut owner);
    tenants.admit(1, 7);
    assert_eq!(tenants.check(&mut owner), 0);
}

#[test]
fn a_policy_that_cannot_be_followed_keeps_its_table_out_of_the_cache() {
    let opaque = [
        "CREATE FUNCTION is_mine(shelf int) RETURNS boolean STABLE LANGUAGE plpgsql AS
             $$ BEGIN RETURN EXISTS (SELECT FROM members WHERE who = current_user AND category_id = shelf); END $$;
         CREATE POLICY seen ON products USING (is_mine(category_id));",
        "CREATE POLICY seen ON products USING (category_id < extract(epoch FROM now()));",
    ];
    for policies in opaque {
        let tenants = Tenants::new(policies);
        let mut light = tenants.conn(0);
        tenants.check(&mut light);
        assert_eq!([(); 2].map(|()| tenants.shop.row_cost(&mut light, 1)), [1, 1], "{policies}");
        let bypasses = tenants.shop.cache.statistics().bypass_count("product", Kind::Detail, Bypass::NotFollowed);
        assert!(bypasses > 0, "{policies}");
        tenants.expel(0);
        tenants.check(&mut light);
        assert_eq!(tenants.shop.category_cost(&mut light), 0, "other tables are cached");
        // Whoever knows better may say so.
        let read = || tenants.shop.products().every().assume_deterministic();
        read().load(&mut light).unwrap();
        assert!(read().entry(&mut light).unwrap().is_hit());
    }
}

#[test]
fn policies_that_come_and_go_are_noticed() {
    let tenants = Tenants::new("");
    let mut light = tenants.conn(0);
    tenants.check(&mut light);
    assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 0);
    tenants.run("ALTER TABLE products DISABLE ROW LEVEL SECURITY");
    tenants.check(&mut light);
    tenants.expel(0);
    assert_eq!(tenants.check(&mut light), 0, "no policy is there");

    tenants.shop.conn().batch_execute(BY_MEMBERS[0].1).unwrap();
    tenants.run("ALTER TABLE products ENABLE ROW LEVEL SECURITY");
    tenants.check(&mut light);
    tenants.admit(0, 7);
    tenants.check(&mut light);
    assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 2);

    tenants.run("CREATE TABLE others (category_id INT)");
    tenants.run(&format!("GRANT SELECT ON others TO {}", tenants.names[0]));
    tenants.run("ALTER POLICY seen ON products USING (category_id IN (SELECT category_id FROM others))");
    tenants.check(&mut light);
    tenants.run("INSERT INTO others VALUES (8)");
    tenants.check(&mut light);
    assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 1);
    assert_eq!(tenants.check(&mut light), 0);
}

#[test]
fn a_policy_that_another_program_made_counts_once_the_cache_was_cleared() {
    let tenants = Tenants::new("");
    let mut light = tenants.conn(0);
    tenants.check(&mut light);
    let mut unseen = tenants.shop.untracked();
    unseen.batch_execute(BY_MEMBERS[0].1).unwrap();
    tenants.shop.cache.clear().unwrap();
    tenants.check(&mut light);
    tenants.expel(0);
    tenants.check(&mut light);
    assert_eq!(tenants.shop.products().every().load(&mut light).unwrap().len(), 0);
}

#[test]
fn a_database_is_asked_once_for_each_user_and_change_of_its_structure() {
    let tenants = Tenants::new(BY_MEMBERS[0].1);
    let (mut one, mut two) = (tenants.conn(0), tenants.conn(0));
    let first = tenants.check(&mut one);
    assert!(first > 0);
    assert_eq!(tenants.check(&mut two), 0, "what is asked is no statement of the program's");
}

// Views and partitions are followed by the same declarations.
mod shown {
    diesel::table! { lights (id) { id -> Integer, title -> Text, } }
    diesel::table! { marks_2024 (id) { id -> Integer, title -> Text, } }
    diesel::table! { marks_all (id) { id -> Integer, title -> Text, } }
}

macro_rules! shown {
    ($model:ident, $table:ident) => {
        #[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = shown::$table)]
        #[cached(negative_timeout = 30)]
        struct $model {
            id: i32,
            title: String,
        }
    };
}

shown!(Light, lights);
shown!(Mark2024, marks_2024);
shown!(MarkOfAll, marks_all);

#[test]
fn a_view_of_the_databases_is_read_with_what_it_shows() {
    let shop = Shop::with_tables(
        "CREATE VIEW light_products AS SELECT p.* FROM products p JOIN categories c ON c.id = category_id AND name = 'Light';
         CREATE VIEW lights AS SELECT id, title FROM light_products;",
    );
    let mut conn = shop.conn();
    let cost = |conn: &mut Conn| {
        shop.cost(
            conn,
            |conn| Light::cached_in(&shop.name).every().load(conn).unwrap(),
            |conn| shown::lights::table.load::<Light>(conn).unwrap(),
        )
    };
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    sql_query("UPDATE categories SET name = 'Dark' WHERE id = 7").execute(&mut conn).unwrap();
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
}

#[test]
fn a_partition_and_the_whole_are_read_with_each_other() {
    let shop = Shop::with_tables(
        "CREATE TABLE marks_all (id INT PRIMARY KEY, title TEXT NOT NULL) PARTITION BY RANGE (id);
         CREATE TABLE marks_2024 PARTITION OF marks_all FOR VALUES FROM (0) TO (100);
         INSERT INTO marks_all VALUES (1, 'one'), (2, 'two');",
    );
    let mut conn = shop.conn();
    let part = |conn: &mut Conn| {
        let cached = |conn: &mut Conn| Mark2024::cached_in(&shop.name).get(1).first(conn);
        shop.cost(conn, cached, |conn| shown::marks_2024::table.find(1).first::<Mark2024>(conn))
    };
    let whole = |conn: &mut Conn| {
        let cached = |conn: &mut Conn| MarkOfAll::cached_in(&shop.name).get(1).first(conn);
        shop.cost(conn, cached, |conn| shown::marks_all::table.find(1).first::<MarkOfAll>(conn))
    };
    for sql in ["UPDATE marks_all SET title = 'whole'", "UPDATE marks_2024 SET title = 'part'", "DELETE FROM marks_all"]
    {
        part(&mut conn);
        whole(&mut conn);
        assert_eq!([part(&mut conn), whole(&mut conn)], [0, 0]);
        sql_query(sql).execute(&mut conn).unwrap();
        assert_eq!([part(&mut conn), whole(&mut conn)], [1, 1], "{sql}");
    }
}
