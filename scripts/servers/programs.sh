# shellcheck shell=bash
# Where is a program that is not in the search path of every user?

# Prints the path of the first program that is found, of the newest version.
find_program() {
    local name path
    for name in "$@"; do
        if path="$(command -v "$name")"; then
            echo "$path"
            return
        fi
        path="$(outside_of_the_search_path "$name" | sort -V | tail -n 1)"
        if [[ -n "$path" ]]; then
            echo "$path"
            return
        fi
    done
    return 1
}

outside_of_the_search_path() {
    local path
    for path in {/usr,/usr/local}/{sbin,libexec}/"$1" {/usr/lib/postgresql/*,/usr/pgsql-*}/bin/"$1"; do
        if [[ -x "$path" ]]; then
            echo "$path"
        fi
    done
}

# Homebrew keeps PostgreSQL out of the search path; programs that are built find its library with `pg_config`.
for directory in {/opt/homebrew,/usr/local}/opt/postgresql@*/bin; do
    if [[ -d "$directory" ]]; then
        PATH="$PATH:$directory"
    fi
done
