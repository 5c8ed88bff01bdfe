# shellcheck shell=bash
# Which processes were started, where do they work, and how do they end?

# Each is a process group of its own: an interrupt at the terminal reaches this script, which ends them in order.
groups=()
stop_signals=()

# Prints a new directory that belongs to the servers' user.
new_directory() {
    local directory base="${TMPDIR:-/tmp}"
    if [[ $EUID -eq 0 ]]; then
        base=/tmp
    fi
    directory="$(mktemp -d "$base/cache-diesel.XXXXXX")"
    if [[ $EUID -eq 0 ]]; then
        chown nobody "$directory"
    fi
    echo "$directory"
}

# Becomes a program that is not run by root, in the directory that is named first.
become() {
    cd "$1" || exit
    shift
    if [[ $EUID -eq 0 ]]; then
        exec setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups "$@"
    fi
    exec "$@"
}

# Starts a process group: its signal to stop, the file of its output, the function and its arguments.
start_group() {
    local stop_signal="$1" output="$2"
    shift 2
    set -m
    "$@" </dev/null >"$output" 2>&1 &
    set +m
    groups+=("$!")
    stop_signals+=("$stop_signal")
}

# Prepares every server at the same time.
prepare_all() {
    local directory="$1" server group failed=false
    shift
    for server in "$@"; do
        as_owner mkdir "$directory/$server"
        start_group KILL "$directory/$server.prepared" "${server}_prepare" "$directory/$server"
    done
    for group in "${groups[@]}"; do
        wait "$group" || failed=true
    done
    if $failed; then
        tail -n 50 "$directory"/*.prepared >&2
        exit 1
    fi
    groups=()
    stop_signals=()
}

as_owner() { (become / "$@"); }

# Starts a server on a free port and sets its variable. Somebody else may take the port first, hence the attempts.
start() {
    local server="$1" directory="$2" port variable signal
    variable="${server}_variable" signal="${server}_stop_signal"
    for _ in 1 2 3 4 5; do
        port="$(free_port)"
        : >"$directory.log"
        start_group "${!signal}" "$directory.log" "${server}_run" "$directory" "$port"
        if await_answer "$server" "$directory" "$!"; then
            export "${!variable}=$("${server}_url" "$port")"
            echo "$server: $("${server}_url" "$port")" >&2
            return
        fi
    done
    tail -n 50 "$directory.log" >&2
    exit 1
}

await_answer() {
    local server="$1" directory="$2" process="$3"
    for _ in {1..600}; do
        kill -0 "$process" 2>/dev/null || return 1
        if "${server}_answers" "$directory"; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}

free_port() {
    local port
    while
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
    do :; done
    echo "$port"
}

# Runs the command as the last group, so that it is stopped before its servers.
run_command() {
    if [[ -t 0 ]]; then
        exec </dev/null
    fi
    set -m
    "$@" &
    set +m
    groups+=("$!")
    stop_signals+=(INT)
    wait "$!"
}

# Stops every group, the last one first.
stop_everything() {
    local index
    for ((index = ${#groups[@]} - 1; index >= 0; index--)); do
        stop_group "${groups[$index]}" "${stop_signals[$index]}"
    done
}

stop_group() {
    local group="$1" signal="$2"
    kill -s "$signal" -- "-$group" 2>/dev/null || return 0
    for _ in {1..100}; do
        kill -0 -- "-$group" 2>/dev/null || break
        sleep 0.1
    done
    kill -s KILL -- "-$group" 2>/dev/null || true
    wait "$group" 2>/dev/null || true
}
