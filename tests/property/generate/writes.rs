//! Makes writes.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{COLOURS, FREE_SLUGS, KINDS, NAMES, SLUGS, TITLES, id, state};
use crate::database;
use crate::jobs::{JobChange, Owner};
use crate::models::{Change, Code, Folder, Job, Label, Note, Person, Place, Product, Review, Seat, Stock, Tally};
use crate::people::{Id, PersonChange};
use crate::raw;
use crate::rows::{Row, Verb};
use crate::writes::{Way, Which, Write};

pub fn write() -> BoxedStrategy<Write> {
    let ways = || select(&[Way::Diesel, Way::Manager, Way::Returning]);
    prop_oneof![
        8 => (select(VERBS), row()).prop_map(|(verb, row)| Write::Row(verb, row)),
        1 => (select(VERBS), product()).prop_map(|(verb, product)| Write::Name(verb, product)),
        1 => (ways(), vec(product(), 1..4)).prop_map(|(way, rows)| Write::Products(way, rows)),
        2 => (select(database::TARGETS), product()).prop_map(|(t, row)| Write::Upsert(t, row)),
        3 => (ways(), which(), change()).prop_map(|(way, which, change)| Write::Update(way, which, change)),
        1 => (id(), id()).prop_map(|(old, new)| Write::UpdateKey(old, new)),
        1 => (ways(), which()).prop_map(|(way, which)| Write::Delete(way, which)),
        2 => job_change().prop_map(Write::Jobs),
        3 => person_change().prop_map(Write::People),
        8 => raw::write(),
    ]
    .boxed()
}

pub fn job_change() -> BoxedStrategy<JobChange> {
    prop_oneof![
        3 => (id(), state()).prop_map(|(id, state)| JobChange::Set(id, state)),
        1 => (id(), select(NAMES)).prop_map(|(id, name)| JobChange::Give(id, name)),
        1 => (state(), state()).prop_map(|(old, new)| JobChange::Move(old, new)),
        1 => state().prop_map(JobChange::Delete),
    ]
    .boxed()
}

fn person_change() -> BoxedStrategy<PersonChange> {
    let way = || select(&[Way::Diesel, Way::Diesel, Way::Manager]);
    prop_oneof![
        2 => (way(), id(), id()).prop_map(|(way, id, age)| PersonChange::Age(way, id, age)),
        1 => (way(), id()).prop_map(|(way, id)| PersonChange::Leave(way, id)),
        1 => (way(), id(), select(TITLES)).prop_map(|(way, id, city)| PersonChange::Move(way, id, city)),
        1 => (way(), id(), select(NAMES)).prop_map(|(way, id, handle)| PersonChange::Name(way, id, handle)),
        2 => (way(), select(NAMES), id()).prop_map(|(way, name, size)| PersonChange::Resize(way, name, size)),
        1 => (way(), id(), select(NAMES)).prop_map(|(way, id, name)| PersonChange::Rise(way, id, name)),
        2 => (way(), id(), select(NAMES), id()).prop_map(|(way, id, name, row)| PersonChange::Sit(way, id, name, row)),
        1 => (way(), select(NAMES)).prop_map(|(way, name)| PersonChange::Tear(way, name)),
    ]
    .boxed()
}

pub const VERBS: &[Verb] = &[
    Verb::Save,
    Verb::SaveReturning,
    Verb::Insert,
    Verb::InsertReturning,
    Verb::Delete,
    Verb::DieselInsert,
    Verb::DieselInsertOrIgnore,
    Verb::DieselReplace,
    Verb::DieselSave,
    Verb::DieselDelete,
    Verb::WriteReplace,
    Verb::WriteDelete,
];

fn which() -> BoxedStrategy<Which> {
    prop_oneof![
        3 => id().prop_map(Which::Id),
        1 => id().prop_map(Which::Category),
        1 => select(SLUGS).prop_map(Which::Slug),
        1 => Just(Which::All),
    ]
    .boxed()
}

fn change() -> BoxedStrategy<Change> {
    prop_oneof![
        id().prop_map(|price| Change { price: Some(price), ..Change::default() }),
        select(SLUGS).prop_map(|slug| Change { slug: Some(slug.into()), ..Change::default() }),
        id().prop_map(|id| Change { category_id: Some(id), ..Change::default() }),
        of(id()).prop_map(|id| Change { owner_id: Some(id), ..Change::default() }),
        select(TITLES).prop_map(|title| Change { title: Some(title.into()), ..Change::default() }),
    ]
    .boxed()
}

fn row() -> BoxedStrategy<Row> {
    let label = (id(), select(NAMES), select(COLOURS));
    prop_oneof![
        4 => product().prop_map(Row::Product),
        1 => label.prop_map(|(id, name, colour)| Row::Label(Label { id, name: name.into(), colour: colour.into() })),
        1 => (select(NAMES), id()).prop_map(|(code, value)| Row::Code(Code { code: code.into(), value })),
        1 => (id(), of(id())).prop_map(|(id, parent_id)| Row::Folder(Folder { id, parent_id })),
        2 => job_row(),
        2 => (id(), select(NAMES), select(TITLES), id(), id()).prop_map(|(id, handle, city, team, age)| {
            Row::Person(Person { id: Id::of(id), handle: handle.into(), city: city.into(), team: Id::of(team), age })
        }),
        1 => (select(NAMES), id()).prop_map(|(name, size)| Row::Place(Place { name: name.into(), size })),
        1 => (id(), select(NAMES), id())
            .prop_map(|(person, name, row)| Row::Seat(Seat { person: Id::of(person), name: name.into(), row_: row })),
        1 => (id(), id(), id(), id())
            .prop_map(|(id, product_id, author, stars)| Row::Review(Review { id, product_id, author, stars })),
        1 => (1..=2, 1..=3, id())
            .prop_map(|(shop_id, product_id, amount)| Row::Stock(Stock { shop_id, product_id, amount })),
        1 => (id(), id()).prop_map(|(id, number)| Row::Tally(Tally { id, number })),
        1 => (id(), select(KINDS), select(NAMES))
            .prop_map(|(id, kind, body)| Row::Note(Note { id, kind: kind.into(), body: body.into() })),
    ]
    .boxed()
}

pub fn job_row() -> BoxedStrategy<Row> {
    (id(), state(), select(NAMES), of(state()))
        .prop_map(|(id, state, owner, former)| Row::Job(Job { id, state, owner: Owner(owner.into()), former }))
        .boxed()
}

fn product() -> BoxedStrategy<Product> {
    // Many are to be new ones.
    let (id, slug) = (prop_oneof![id(), 4..=9], prop_oneof![select(SLUGS), select(FREE_SLUGS)]);
    (id, 1..=3, of(1..=2), slug, select(TITLES), 0..40)
        .prop_map(|(id, category_id, owner_id, slug, title, price)| {
            let (slug, title) = (slug.into(), title.into());
            Product { id, category_id, owner_id, slug, title, price }
        })
        .boxed()
}
