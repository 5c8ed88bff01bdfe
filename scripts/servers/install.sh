# shellcheck shell=bash
# What do the tests need that is not installed, and which packages have it?

# Installs what is missing of the client libraries, and of the servers that are named.
install_missing() {
    local manager need output needs=() packages=()
    for need in libpq libmysql memcached setpriv $(browser_needed) "$@"; do
        "has_$need" || needs+=("$need")
    done
    [[ ${#needs[@]} -gt 0 ]] || return 0

    manager="$(find_manager)" || refuse "${needs[*]}" "no package manager is known here"
    for need in "${needs[@]}"; do
        # shellcheck disable=SC2207 # names of packages are words
        packages+=($(packages_of "$manager" "$need"))
    done
    echo "installing ${packages[*]} with $manager" >&2
    if ! output="$("install_with_${manager%%-*}" "${packages[@]}" 2>&1)"; then
        echo "$output" >&2
        refuse "${packages[*]}" "$manager could not install them"
    fi
    for need in "${needs[@]}"; do
        "has_$need" || refuse "${packages[*]}" "$need is still missing"
    done
}

refuse() {
    echo "The tests need: $1 ($2). Install them, or run this as root." >&2
    echo "Without servers, \`cargo test\` runs the tests that need none." >&2
    exit 1
}

has_postgres() { find_program initdb >/dev/null && find_program postgres >/dev/null; }

has_mariadb() { find_program mariadbd >/dev/null && find_program mariadb-install-db >/dev/null; }

# Tests that hurt a server start their own: the program is looked for by their user.
has_redis() { command -v redis-server >/dev/null || command -v valkey-server >/dev/null; }

# The same.
has_memcached() { command -v memcached >/dev/null; }

# A browser is looked at if it is there. It is installed where nothing may be skipped.
browser_needed() { [[ "${CACHE_DIESEL_TEST_BROWSER:-}" != required ]] || echo chromium; }

has_chromium() {
    local program
    for program in chromium chromium-browser google-chrome chrome; do
        ! command -v "$program" >/dev/null || return 0
    done
    return 1
}

has_libpq() {
    local program found=true
    program="$(mktemp)"
    echo 'int main(void) { return 0; }' |
        cc -x c - -L"$(pg_config --libdir 2>/dev/null || echo /usr/lib)" -lpq -o "$program" 2>/dev/null || found=false
    rm -f "$program"
    $found
}

has_libmysql() {
    pkg-config --exists mysqlclient 2>/dev/null || pkg-config --exists libmariadb 2>/dev/null ||
        command -v mysql_config >/dev/null
}

# Servers do not run as root.
has_setpriv() { [[ $EUID -ne 0 ]] || setpriv --clear-groups --reuid=0 true 2>/dev/null; }

find_manager() {
    local manager
    for manager in apt-get dnf apk pacman brew; do
        if command -v "$manager" >/dev/null; then
            echo "$manager"
            return
        fi
    done
    return 1
}

packages_of() {
    case "$1 $2" in
    "apt-get postgres") echo postgresql ;;
    "apt-get libpq") echo libpq-dev ;;
    # The program alone, where it is a package: no service comes with it.
    "apt-get mariadb") echo mariadb-server-core mariadb-client-core ;;
    "apt-get libmysql") echo libmariadb-dev pkg-config ;;
    "apt-get redis") echo redis-server ;;
    *" memcached") echo memcached ;;
    "apt-get chromium") echo chromium fonts-dejavu-core ;;
    *" chromium") echo chromium ;;
    "dnf postgres") echo postgresql-server ;;
    "dnf libpq") echo libpq-devel ;;
    "dnf mariadb") echo mariadb-server ;;
    "dnf libmysql") echo mariadb-connector-c-devel pkgconf-pkg-config ;;
    # Newer releases have Valkey only.
    "dnf redis") if dnf --quiet list redis >/dev/null 2>&1; then echo redis; else echo valkey; fi ;;
    "apk postgres") echo postgresql ;;
    "apk libpq") echo libpq-dev ;;
    "apk mariadb") echo mariadb mariadb-client ;;
    "apk libmysql") echo mariadb-connector-c-dev pkgconf ;;
    "apk redis") echo redis ;;
    "apk setpriv") echo setpriv ;;
    "pacman postgres") echo postgresql ;;
    "pacman libpq") echo postgresql-libs ;;
    "pacman mariadb") echo mariadb ;;
    "pacman libmysql") echo mariadb-libs pkgconf ;;
    "pacman redis") echo valkey ;;
    "brew postgres" | "brew libpq") echo postgresql@17 ;;
    "brew mariadb") echo mariadb ;;
    "brew redis") echo redis ;;
    "brew libmysql") echo mariadb-connector-c pkgconf ;;
    *) echo util-linux ;;
    esac
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# shellcheck disable=SC2154 # the caller says where its parts are
install_with_apt() { as_root "$servers_directory/apt-install" "$@"; }

install_with_dnf() { as_root dnf install --assumeyes --setopt=install_weak_deps=False "$@"; }

install_with_apk() { as_root apk add "$@"; }

install_with_pacman() { as_root pacman --sync --refresh --needed --noconfirm "$@"; }

install_with_brew() { brew install "$@"; }
