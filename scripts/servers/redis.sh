# shellcheck shell=bash disable=SC2034 # the names are composed
# How is a Redis server made, run and reached?

redis_variable=CACHE_DIESEL_REDIS_URL
redis_stop_signal=TERM

redis_prepare() { :; }

# The data is thrown away: nothing is written down.
redis_run() {
    become "$1" "$(find_program redis-server valkey-server)" --bind 127.0.0.1 --port "$2" --dir "$1" --save '' --appendonly no \
        --maxclients 4000
}

redis_answers() { grep -q 'Ready to accept connections' "$1.log"; }

redis_url() { echo "redis://127.0.0.1:$1"; }
