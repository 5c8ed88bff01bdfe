//! Makes programs.

mod reads;
mod values;
mod writes;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::database;
use crate::probe::Moment;
use crate::program::{
    Action, Ageing, AgeingChange, Block, Checked, Clear, Conn, End, NotesClear, Op, Part, Program, Step,
};
use crate::raw;
use crate::reads::Read;
use crate::same::Asked;
use crate::writes::Write;

use self::reads::{job, read};
use self::values::KINDS;
pub use self::values::{COLOURS, NAMES, SLUGS, id};
use self::writes::{VERBS, job_change, job_row, write};

pub fn program() -> BoxedStrategy<Program> {
    let is_small = prop_oneof![9 => Just(false), 1 => Just(true)];
    let is_fresh = prop_oneof![9 => Just(false), 1 => Just(true)];
    let of_all = programs((is_small, is_fresh), vec(read(), 1..6).boxed(), vec(step(action()), 0..22).boxed());
    let reads = vec(job().prop_map(Read::Job), 1..4).boxed();
    let of_jobs = programs((Just(false), Just(true)), reads, vec(step(action_on_jobs()), 1..6).boxed());
    prop_oneof![9 => of_all, database::PROGRAMS_OF_JOBS => of_jobs].boxed()
}

/// Programs of reads that become stale.
pub fn ageing() -> BoxedStrategy<Ageing> {
    let change = prop_oneof![
        3 => raw::statement().prop_map(AgeingChange::Unseen),
        1 => write().prop_map(AgeingChange::Told),
    ];
    (vec(read(), 1..5), vec(change, 1..5)).prop_map(|(reads, changes)| Ageing { reads, changes }).boxed()
}

fn programs(
    modes: (impl Strategy<Value = bool> + 'static, impl Strategy<Value = bool> + 'static),
    reads: BoxedStrategy<Vec<Read>>,
    steps: BoxedStrategy<Vec<Step>>,
) -> BoxedStrategy<Program> {
    ((modes, any::<bool>()), reads, steps)
        .prop_map(|(((is_small, is_fresh), is_warm), reads, steps)| Program {
            is_small,
            is_fresh,
            is_warm,
            computes: false,
            reads,
            steps,
        })
        .boxed()
}

fn step(action: BoxedStrategy<Action>) -> BoxedStrategy<Step> {
    let conn = prop_oneof![3 => Just(Conn::A), 3 => Just(Conn::B), 1 => Just(Conn::Two)];
    let checked = prop_oneof![3 => Just(Checked::Everything), 1 => any::<u16>().prop_map(Checked::Some)];
    (conn, action, checked).prop_map(|(conn, action, checked)| Step { conn, action, checked }).boxed()
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
        4 => unseen_and_asked_for(),
        2 => (0..3_usize).prop_map(Action::Evict),
        2 => select(&[1_u64, 11, 31, 61, 100_000]).prop_map(Action::Advance),
        1 => prop_oneof![3 => Just(Action::Reopen), 1 => Just(Action::ChangePlaces)],
        1 => (asked(), any::<bool>()).prop_map(|(asked, is_empty)| Action::Lag(asked, is_empty)),
        4 => (moment, op(), op()).prop_map(|(moment, outer, inner)| Action::Amid(moment, outer, inner)),
    ]
    .boxed()
}

fn asked() -> impl Strategy<Value = Asked> {
    select(&[Asked::Refresh, Asked::Refresh, Asked::Refresh, Asked::RefreshForNobody, Asked::Plainly])
}

/// A write that nobody is told of, and how the reads learn of it.
fn unseen_and_asked_for() -> BoxedStrategy<Action> {
    (raw::statement(), of(asked()))
        .prop_map(|(sql, asked)| match asked {
            None | Some(Asked::Plainly) => Action::UnseenAged(sql),
            Some(asked) => Action::UnseenRefreshed(sql, asked),
        })
        .boxed()
}

/// A first statement with a type that is looked up, and what others do in the middle of it.
fn action_on_jobs() -> BoxedStrategy<Action> {
    let moment = || select(&[Moment::Start, Moment::Finish]);
    let read = || (0..5_usize).prop_map(Op::Read);
    let write = || prop_oneof![2 => job_change().prop_map(Write::Jobs), 1 => (select(VERBS), job_row()).prop_map(|(verb, row)| Write::Row(verb, row))];
    prop_oneof![
        4 => (moment(), write(), read()).prop_map(|(moment, outer, inner)| Action::Amid(moment, Op::Write(outer), inner)),
        1 => (moment(), read(), write()).prop_map(|(moment, outer, inner)| Action::Amid(moment, outer, Op::Write(inner))),
        2 => write().prop_map(Action::Write),
        1 => action(),
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
