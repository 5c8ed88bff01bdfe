# shellcheck shell=bash disable=SC2034 # the names are composed
# How is a PostgreSQL server made, run and reached?

postgres_variable=CACHE_DIESEL_POSTGRES_URL
# "Fast": it ends its sessions.
postgres_stop_signal=INT

postgres_prepare() {
    become "$1" "$(find_program initdb)" --pgdata="$1/data" --username=postgres --auth=trust \
        --encoding=UTF8 --locale=C --no-sync
}

# The data is thrown away: nothing has to survive a crash.
postgres_run() {
    local settings=(
        listen_addresses=127.0.0.1 port="$2" unix_socket_directories=
        fsync=off synchronous_commit=off full_page_writes=off wal_level=minimal max_wal_senders=0
        checkpoint_timeout=1h max_wal_size=4GB jit=off
        shared_buffers=32MB max_connections=300 max_prepared_transactions=50
        deadlock_timeout=200ms
    )
    become "$1" "$(find_program postgres)" -D "$1/data" "${settings[@]/#/--}"
}

# The server writes its state into the eighth line.
postgres_answers() { [[ "$(sed -n 8p "$1/data/postmaster.pid" 2>/dev/null)" == ready* ]]; }

postgres_url() { echo "postgres://postgres@127.0.0.1:$1/postgres"; }
