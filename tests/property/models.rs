//! The tables, their models, and the rows that every program begins with.

#![allow(dead_code, reason = "views have more methods than are called")]

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::jobs::{Owner, State};
use crate::people::Id;

/// Generates a model with the derives that all here have.
macro_rules! models {
    ($(
        $(#[$option:meta])*
        $table:ident $key:tt: $Model:ident { $($field:ident: $type:ty => $sql:ty),* $(,)? }
    )*) => {$(
        diesel::table! { $table $key { $($field -> $sql,)* } }

        #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = $table, treat_none_as_null = true)]
        #[cached(negative_timeout = 30)]
        $(#[$option])*
        pub struct $Model { $(pub $field: $type),* }
    )*};
}

models! {
    #[cached(unique(slug), scope(category_id), scope(owner_id), scope(title))]
    #[cached(view(ProductPage, derive(Debug), negative_timeout = 30, prefetch_related(reviews: Review order_by(reviews::id))))]
    products (id): Product {
        id: i32 => Integer, category_id: i32 => Integer, owner_id: Option<i32> => Nullable<Integer>,
        slug: String => Text, title: String => Text, price: i32 => Integer,
    }

    /// Both texts are compared without regard to case.
    #[cached(unique(name), scope(colour))]
    labels (id): Label { id: i32 => Integer, name: String => Text, colour: String => Text }

    /// The key is compared without regard to case.
    #[diesel(primary_key(code))]
    codes (code): Code { code: String => Text, value: i32 => Integer }

    /// Folders go with the folder that they are in.
    #[cached(cascaded_by(Folder), scope(parent_id))]
    folders (id): Folder { id: i32 => Integer, parent_id: Option<i32> => Nullable<Integer> }

    /// Reviews go with their product.
    #[derive(Associations)]
    #[diesel(belongs_to(Product))]
    #[cached(cascaded_by(Product), unique(product_id, author), scope(product_id))]
    #[cached(view(ReviewPage, derive(Debug), negative_timeout = 30, select_related(product: Product)))]
    reviews (id): Review { id: i32 => Integer, product_id: i32 => Integer, author: i32 => Integer, stars: i32 => Integer }

    #[diesel(primary_key(shop_id, product_id))]
    #[cached(scope(shop_id))]
    stocks (shop_id, product_id): Stock { shop_id: i32 => Integer, product_id: i32 => Integer, amount: i32 => Integer }

    /// A trigger counts the reviews of each author.
    #[cached(depends_on(Review))]
    tallies (id): Tally { id: i32 => Integer, number: i32 => Integer }

    /// Also changed by writes that nobody is told of; the lists under a suffix have the notes of that kind, if these are
    /// few.
    #[cached(max_rows = 2)]
    notes (id): Note { id: i32 => Integer, kind: String => Text, body: String => Text }

    /// The key is a UUID, in a type of the program's own; texts are compared byte by byte.
    #[cached(unique(handle), scope(city), scope(team), exact(handle, city))]
    people (id): Person {
        id: Id => crate::database::IdSql, handle: String => Text, city: String => Text, team: Id => crate::database::IdSql,
        age: i32 => Integer,
    }

    #[diesel(primary_key(name))]
    places (name): Place { name: String => Text, size: i32 => Integer }

    #[diesel(primary_key(person, name))]
    #[cached(scope(person))]
    seats (person, name): Seat { person: Id => crate::database::IdSql, name: String => Text, row_: i32 => Integer }

    /// Both the state and the owner are of types that PostgreSQL looks up by their names.
    #[cached(unique(owner), scope(state))]
    jobs (id): Job {
        id: i32 => Integer, state: State => crate::jobs::JobState, owner: Owner => crate::jobs::Alike,
        former: Option<State> => Nullable<crate::jobs::JobState>,
    }
}

diesel::joinable!(reviews -> products (product_id));
diesel::allow_tables_to_appear_in_same_query!(products, reviews);

/// Fewer columns of the same table.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "name", negative_timeout = 30, unique(slug))]
pub struct Name {
    pub id: i32,
    pub slug: String,
}

/// What an update of products sets.
#[derive(AsChangeset, Clone, Debug, Default)]
#[diesel(table_name = products)]
pub struct Change {
    pub category_id: Option<i32>,
    pub owner_id: Option<Option<i32>>,
    pub slug: Option<String>,
    pub title: Option<String>,
    pub price: Option<i32>,
}

pub const ROWS: &str = "
    INSERT INTO products VALUES
        (1, 1, 1, 'a', 'x', 10), (2, 1, NULL, 'b', 'x', 20), (3, 2, 2, 'c', 'y', 30);
    INSERT INTO labels VALUES (1, 'a', 'Red'), (2, 'b', 'red'), (3, 'C', 'blue');
    INSERT INTO codes VALUES ('a', 1), ('B', 2), ('c', 3);
    INSERT INTO folders VALUES (1, NULL), (2, 1), (3, 2), (4, NULL);
    INSERT INTO reviews VALUES (1, 1, 1, 5), (2, 1, 2, 4), (3, 2, 1, 3);
    INSERT INTO stocks VALUES (1, 1, 5), (1, 2, 6), (2, 1, 7);
    INSERT INTO spare VALUES (1, 1, 50), (2, 2, 60);
    INSERT INTO tallies VALUES (1, 2), (2, 1), (3, 0);
    INSERT INTO jobs VALUES (1, 'open', 'a', NULL), (2, 'done', 'B', 'open'), (3, 'open', 'c', NULL);
    INSERT INTO notes VALUES (1, 's', 'one'), (2, 't', 'two'), (3, 's', 'three');";

/// Lets the second database have rows of its own.
pub const OTHER_ROWS: &str = "
    UPDATE products SET price = price + 100; UPDATE labels SET colour = 'green'; UPDATE codes SET value = value + 100;
    UPDATE reviews SET stars = stars + 100; UPDATE stocks SET amount = amount + 100; DELETE FROM folders WHERE id = 4;
    UPDATE tallies SET number = number + 100; UPDATE jobs SET state = 'paused'; UPDATE notes SET body = concat(body, ' of two');
    UPDATE people SET age = age + 100; UPDATE places SET size = size + 100; DELETE FROM seats;";
