//! A cache whose tables lie in shards of a cluster: what every store keeps to, and what spans shards.

use std::sync::Arc;

use conformance::redis_server::{RedisCluster, Several, Sharded};

fn hands() -> Several<Sharded> {
    Several(Arc::new(Sharded::over(RedisCluster::steady())))
}

#[test]
fn a_cache_in_shards_keeps_the_contract() {
    let hands = hands();
    conformance::store_contract_holds!(hands.subject());
    conformance::slot_contract_holds!(hands.subject());
    conformance::shared_store_contract_holds!(hands.subject());
}
