//! Makes reads.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{COLOURS, KINDS, NAMES, SLUGS, TITLES, id, state};
use crate::jobs::JobRead;
use crate::pages::PageRead;
use crate::people::PersonRead;
use crate::reads::Read;

pub fn read() -> BoxedStrategy<Read> {
    prop_oneof![
        5 => product_row(),
        5 => product_list(),
        3 => alike(),
        4 => reached(),
        2 => stocks(),
        2 => notes(),
        3 => job().prop_map(Read::Job),
        3 => page().prop_map(Read::Page),
        3 => person().prop_map(Read::Person),
    ]
    .boxed()
}

fn product_row() -> BoxedStrategy<Read> {
    prop_oneof![
        3 => id().prop_map(Read::Product),
        1 => id().prop_map(Read::ProductEntry),
        1 => id().prop_map(Read::ProductRefreshed),
        1 => id().prop_map(Read::ProductIfCheap),
        1 => id().prop_map(Read::ProductIfReviewed),
        2 => vec(id(), 0..5).prop_map(Read::Products),
        4 => select(SLUGS).prop_map(Read::ProductBySlug),
        1 => id().prop_map(Read::Name),
        2 => select(SLUGS).prop_map(Read::NameBySlug),
    ]
    .boxed()
}

fn product_list() -> BoxedStrategy<Read> {
    prop_oneof![
        Just(Read::EveryProduct),
        Just(Read::EveryProductRefreshed),
        Just(Read::EveryName),
        Just(Read::CheapProducts),
        (select(KINDS), 10..40).prop_map(|(suffix, price)| Read::ProductsUnder(suffix, price)),
        (1..4_i64, 0..3_i64).prop_map(|(limit, offset)| Read::SlicedProducts(limit, offset)),
        (0..40).prop_map(Read::FirstProduct),
        Just(Read::ReviewedProducts),
        id().prop_map(Read::ProductsOf),
        id().prop_map(Read::CheapProductsOf),
        id().prop_map(Read::FirstProductOf),
        of(id()).prop_map(Read::ProductsOfOwner),
        select(TITLES).prop_map(Read::ProductsByTitle),
        Just(Read::ProductCount),
        id().prop_map(Read::ProductCountOf),
        Just(Read::AnyCheapProduct),
        of(id()).prop_map(Read::AnyProductOfOwner),
    ]
    .boxed()
}

/// Of the tables whose texts are compared without regard to case.
fn alike() -> BoxedStrategy<Read> {
    prop_oneof![
        id().prop_map(Read::Label),
        select(NAMES).prop_map(Read::LabelByName),
        select(COLOURS).prop_map(Read::LabelsByColour),
        Just(Read::LabelCount),
        select(NAMES).prop_map(Read::Code),
        vec(select(NAMES), 1..4).prop_map(Read::Codes),
        Just(Read::EveryCode),
    ]
    .boxed()
}

fn reached() -> BoxedStrategy<Read> {
    prop_oneof![
        id().prop_map(Read::Folder),
        of(id()).prop_map(Read::FoldersIn),
        Just(Read::FolderCount),
        id().prop_map(Read::Review),
        (id(), id()).prop_map(|(product, author)| Read::ReviewBy(product, author)),
        id().prop_map(Read::ReviewsOf),
        Just(Read::ReviewsOfCheapProducts),
        id().prop_map(Read::Tally),
        Just(Read::EveryTally),
    ]
    .boxed()
}

fn stocks() -> BoxedStrategy<Read> {
    prop_oneof![
        (1..=2, 1..=3).prop_map(|(shop, product)| Read::Stock(shop, product)),
        vec((1..=2, 1..=3), 1..4).prop_map(Read::Stocks),
        (1..=3).prop_map(Read::StocksOf),
        (1..=2, 1..=3).prop_map(|(shop, product)| Read::AmpleStock(shop, product)),
    ]
    .boxed()
}

fn notes() -> BoxedStrategy<Read> {
    prop_oneof![
        2 => id().prop_map(Read::Note),
        1 => select(KINDS).prop_map(Read::NotesOfKind),
        1 => select(KINDS).prop_map(Read::NoteCountOfKind),
    ]
    .boxed()
}

pub fn job() -> BoxedStrategy<JobRead> {
    prop_oneof![
        3 => id().prop_map(JobRead::Job),
        1 => vec(id(), 1..4).prop_map(JobRead::Some),
        1 => (id(), state()).prop_map(|(id, state)| JobRead::IfState(id, state)),
        2 => select(NAMES).prop_map(JobRead::OfOwner),
        2 => state().prop_map(JobRead::InState),
        1 => state().prop_map(JobRead::Count),
        1 => Just(JobRead::Every),
    ]
    .boxed()
}

fn person() -> BoxedStrategy<PersonRead> {
    prop_oneof![
        3 => id().prop_map(PersonRead::Person),
        1 => vec(id(), 1..4).prop_map(PersonRead::Some),
        1 => id().prop_map(PersonRead::IfOld),
        2 => select(NAMES).prop_map(PersonRead::OfHandle),
        2 => select(TITLES).prop_map(PersonRead::InCity),
        1 => select(TITLES).prop_map(PersonRead::Count),
        1 => id().prop_map(PersonRead::OfTeam),
        1 => Just(PersonRead::Every),
        2 => select(NAMES).prop_map(PersonRead::Place),
        1 => vec(select(NAMES), 1..4).prop_map(PersonRead::Places),
        2 => (id(), select(NAMES)).prop_map(|(person, name)| PersonRead::Seat(person, name)),
        1 => id().prop_map(PersonRead::SeatsOf),
    ]
    .boxed()
}

fn page() -> BoxedStrategy<PageRead> {
    prop_oneof![
        2 => id().prop_map(PageRead::Product),
        1 => id().prop_map(PageRead::ProductsOf),
        1 => Just(PageRead::EveryProduct),
        2 => id().prop_map(PageRead::Review),
        1 => vec(id(), 1..4).prop_map(PageRead::Reviews),
        1 => id().prop_map(PageRead::ReviewsOf),
        1 => Just(PageRead::CountOfReviews),
    ]
    .boxed()
}
