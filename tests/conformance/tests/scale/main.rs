//! How much caches carry on 1 to 300 nodes with 10 to 10 000 processes: the decisions are the real ones, what an operation
//! costs a node was measured. `cargo test -p conformance --test scale -- --nocapture` prints the tables of docs/scale.md.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod fleet;
mod work;

use fleet::{Caches, Carried, Fleet};
use work::{Mix, Skew};

const NODES: [usize; 5] = [1, 3, 6, 60, 300];
const PROCESSES: [u64; 4] = [10, 100, 1_000, 10_000];

/// A program with many tables, of which none is read more than others by much: 10 of 1 000 operations write.
const EVEN: Mix = Mix { tables: 300, skew: Skew::Even, writes: 10, lists: 100 };

/// A cache for each node.
fn carried(nodes: usize, mix: &Mix, (processes, near): (u64, u64)) -> Carried {
    Fleet { nodes, caches: Caches::Several(nodes), processes, near }.carries(mix)
}

/// One cache in shards.
fn sharded(nodes: usize, mix: &Mix) -> Carried {
    Fleet { nodes, caches: Caches::Sharded, processes: 100, near: 0 }.carries(mix)
}

fn sharded_times_of_one(nodes: usize, mix: &Mix) -> f64 {
    sharded(nodes, mix).operations / sharded(1, mix).operations
}

fn times_of_one(nodes: usize, mix: &Mix) -> f64 {
    let of = |nodes| carried(nodes, mix, (100, 0)).operations;
    of(nodes) / of(1)
}

#[test]
fn six_primaries_carry_at_least_four_times_what_one_does_where_little_is_written() {
    assert!(times_of_one(6, &EVEN) >= 4.0, "{}", times_of_one(6, &EVEN));
}

#[test]
fn every_cache_is_told_of_every_write_so_that_nodes_do_not_carry_more_writes() {
    let only_writes = Mix { writes: 1_000, ..EVEN };
    assert!((times_of_one(300, &only_writes) - 1.0).abs() < 0.01);
    let times = [0, 10, 50, 200].map(|writes| times_of_one(6, &Mix { writes, ..EVEN }));
    assert!(times.is_sorted_by(|more, less| more > less), "{times:?}");
}

#[test]
fn one_cache_carries_what_its_node_does() {
    let of = |nodes| Fleet { nodes, caches: Caches::Several(1), processes: 100, near: 0 }.carries(&EVEN).operations;
    assert!((of(300) - of(1)).abs() < 1.0);
}

#[test]
fn six_primaries_carry_at_least_four_times_as_many_writes_as_one_where_tables_lie_in_shards() {
    for writes in [0, 10, 50, 200, 1_000] {
        let times = sharded_times_of_one(6, &Mix { writes, ..EVEN });
        assert!(times >= 4.0, "{writes}: {times}");
    }
}

#[test]
fn a_hot_table_is_as_fast_as_its_node() {
    let hot = Mix { skew: Skew::Hot(60), ..EVEN };
    assert!(times_of_one(6, &hot) < 1.0 / 0.6 && times_of_one(300, &hot) < 1.0 / 0.6);
}

#[test]
fn pushes_to_many_processes_cost_more_than_the_hits_that_they_save() {
    let of = |processes, near| carried(6, &EVEN, (processes, near)).operations;
    assert!(of(10, 10) > of(10, 0));
    assert!(of(1_000, 1_000) < of(1_000, 0));
    assert!(of(10_000, 10_000) < 1.0, "heartbeats alone take all of the time");
}

/// Prints what docs/scale.md says.
#[test]
fn the_tables_of_the_page() {
    println!("operations a second, by nodes and processes: without near memory / with it in each process");
    for nodes in NODES {
        let of = |processes| {
            let [far, near] = [0, processes].map(|near| carried(nodes, &EVEN, (processes, near)).operations);
            format!("{far:.0} / {near:.0}")
        };
        println!("| {nodes} | {} |", PROCESSES.map(of).join(" | "));
    }
    println!("times what one node carries, by nodes and writes of 1 000 operations; with Zipf's law");
    for nodes in NODES {
        let of = |writes| format!("{:.1}", times_of_one(nodes, &Mix { writes, ..EVEN }));
        let zipf = times_of_one(nodes, &Mix { skew: Skew::Zipf, ..EVEN });
        println!("| {nodes} | {} | {zipf:.1} |", [0, 10, 50, 200].map(of).join(" | "));
    }
    println!("the same of one cache in shards; and operations a second with 10 writes");
    for nodes in NODES {
        let of = |writes| format!("{:.1}", sharded_times_of_one(nodes, &Mix { writes, ..EVEN }));
        let zipf = sharded_times_of_one(nodes, &Mix { skew: Skew::Zipf, ..EVEN });
        let operations = sharded(nodes, &EVEN).operations;
        println!("| {nodes} | {} | {zipf:.1} | {operations:.0} |", [0, 10, 50, 200].map(of).join(" | "));
    }
    println!("of all entries, what a failover ends at most; a clear of everything, microseconds of all nodes");
    for nodes in NODES {
        let carried = carried(nodes, &EVEN, (100, 0));
        println!("| {nodes} | {:.0} % | {:.0} |", 100.0 * carried.lost, carried.clear_micros);
    }
}
