//! Makes programs.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::database;
use crate::models::{Change, Code, Folder, Label, Note, Product, Review, Stock, Tally};
use crate::probe::Moment;
use crate::program::{Action, Block, Checked, Clear, Conn, End, NotesClear, Op, Part, Program, Step};
use crate::raw;
use crate::reads::Read;
use crate::rows::{Row, Verb};
use crate::writes::{Way, Which, Write};

pub const SLUGS: &[&str] = &["a", "b", "c", "d", "e"];
pub const NAMES: &[&str] = &["a", "b", "A", "B", "c", "C", "d"];
pub const COLOURS: &[&str] = &["red", "Red", "blue", "BLUE"];
const KINDS: &[&str] = &["s", "t"];
/// No product has them when a program begins.
const FREE_SLUGS: &[&str] = &["d", "e", "f", "g", "h"];
const TITLES: &[&str] = &["x", "y", "X"];

pub fn id() -> std::ops::RangeInclusive<i32> {
    1..=5
}

pub fn program() -> BoxedStrategy<Program> {
    let is_small = prop_oneof![9 => Just(false), 1 => Just(true)];
    (is_small, any::<bool>(), vec(read(), 1..6), vec(step(), 0..22))
        .prop_map(|(is_small, is_warm, reads, steps)| Program { is_small, is_warm, reads, steps })
        .boxed()
}

fn read() -> BoxedStrategy<Read> {
    prop_oneof![5 => product_row(), 5 => product_list(), 3 => alike(), 4 => reached(), 2 => stocks(), 2 => notes()]
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

fn step() -> BoxedStrategy<Step> {
    let conn = prop_oneof![3 => Just(Conn::A), 3 => Just(Conn::B), 1 => Just(Conn::Two)];
    let checked = prop_oneof![3 => Just(Checked::Everything), 1 => any::<u16>().prop_map(Checked::Some)];
    (conn, action(), checked).prop_map(|(conn, action, checked)| Step { conn, action, checked }).boxed()
}

fn action() -> BoxedStrategy<Action> {
    let moment = select(&[Moment::Start, Moment::Finish]);
    let unseen = (id(), select(KINDS), 0..3, select(NOTES_CLEARS));
    prop_oneof![
        24 => write().prop_map(Action::Write),
        4 => raw::control().prop_map(Action::Write),
        3 => block().prop_map(Action::Transaction),
        2 => Just(Action::Begin),
        1 => Just(Action::BeginOtherwise),
        3 => Just(Action::Commit),
        1 => Just(Action::Rollback),
        2 => clear().prop_map(Action::Clear),
        3 => unseen.prop_map(|(id, kind, which, clear)| Action::Unseen(database::unseen_sql(id, kind, which), id, clear)),
        2 => (0..3_usize).prop_map(Action::Evict),
        2 => select(&[1_u64, 11, 31, 61, 100_000]).prop_map(Action::Advance),
        1 => Just(Action::Reopen),
        4 => (moment, op(), op()).prop_map(|(moment, outer, inner)| Action::Amid(moment, outer, inner)),
    ]
    .boxed()
}

const NOTES_CLEARS: &[NotesClear] =
    &[NotesClear::DetailAndSuffixes, NotesClear::DetailAndLists, NotesClear::Manager, NotesClear::Cache];

fn op() -> BoxedStrategy<Op> {
    prop_oneof![(0..5_usize).prop_map(Op::Read), write().prop_map(Op::Write)].boxed()
}

fn block() -> BoxedStrategy<Block> {
    let leaf = write().prop_map(Part::Write);
    let part = leaf.prop_recursive(2, 6, 3, |part| parts(part).prop_map(Part::Block));
    parts(part.boxed()).boxed()
}

fn parts(part: BoxedStrategy<Part>) -> impl Strategy<Value = Block> {
    let end = select(&[End::Commits, End::CommitsUnlessFailed, End::RollsBack]);
    (any::<bool>(), vec(part, 1..4), end).prop_map(|(is_immediate, body, end)| Block { is_immediate, body, end })
}

fn clear() -> BoxedStrategy<Clear> {
    prop_oneof![
        id().prop_map(Clear::Detail),
        select(KINDS).prop_map(Clear::List),
        Just(Clear::Lists),
        Just(Clear::Manager),
        Just(Clear::Cache),
    ]
    .boxed()
}

fn write() -> BoxedStrategy<Write> {
    let ways = || select(&[Way::Diesel, Way::Manager, Way::Returning]);
    prop_oneof![
        8 => (select(VERBS), row()).prop_map(|(verb, row)| Write::Row(verb, row)),
        1 => (select(VERBS), product()).prop_map(|(verb, product)| Write::Name(verb, product)),
        1 => (ways(), vec(product(), 1..4)).prop_map(|(way, rows)| Write::Products(way, rows)),
        2 => (select(database::TARGETS), product()).prop_map(|(t, row)| Write::Upsert(t, row)),
        3 => (ways(), which(), change()).prop_map(|(way, which, change)| Write::Update(way, which, change)),
        1 => (id(), id()).prop_map(|(old, new)| Write::UpdateKey(old, new)),
        1 => (ways(), which()).prop_map(|(way, which)| Write::Delete(way, which)),
        8 => raw::write(),
    ]
    .boxed()
}

const VERBS: &[Verb] = &[
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
