# shellcheck shell=bash disable=SC2034 # the names are composed
# How is a MariaDB server made, run and reached?

mariadb_variable=CACHE_DIESEL_MYSQL_URL
mariadb_stop_signal=TERM

mariadb_prepare() {
    become "$1" "$(find_program mariadb-install-db)" --no-defaults --datadir="$1/data" \
        --auth-root-authentication-method=normal --skip-name-resolve --skip-test-db
}

# The data is thrown away: nothing has to survive a crash. Tests make thousands of tables: in one file they cost a
# quarter of what they cost in a file each.
mariadb_run() {
    local settings=(
        datadir="$1/data" pid-file="$1/pid" socket="$1/socket" bind-address=127.0.0.1 port="$2"
        skip-log-bin skip-name-resolve skip-slave-start
        innodb-flush-log-at-trx-commit=0 innodb-doublewrite=0 innodb-buffer-pool-size=32M
        loose-innodb-flush-method=nosync loose-innodb-file-per-table=0 loose-debug-no-sync
        max-connections=300 character-set-server=utf8mb4 collation-server=utf8mb4_general_ci
    )
    become "$1" "$(find_program mariadbd)" --no-defaults "${settings[@]/#/--}"
}

mariadb_answers() { grep -q 'ready for connections' "$1.log"; }

mariadb_url() { echo "mysql://root@127.0.0.1:$1/mysql"; }
