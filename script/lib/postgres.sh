# A private, throw-away PostgreSQL with PostGIS for one test run. Sourced.
# shellcheck shell=bash

postgres_program() { # postgres_program FOLDER NAME ARGUMENTS...: runs it as an account that owns the cluster
    local folder=$1 bin as=()
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [[ -x $bin/$2 ]] || fail "PostgreSQL's $2 is not in /usr/lib/postgresql: install Debian's postgresql."
    ((EUID == 0)) && as=(runuser -u postgres --) # PostgreSQL refuses to run as root
    (cd "$folder" && "${as[@]}" "$bin/$2" "${@:3}")
}

# start_postgres FOLDER: a cluster in FOLDER/postgres, on loopback at a free port with a random password; its
# address for DATABASE_URL is written to FOLDER/postgis-url. It is empty, unless an earlier run left it there.
# POSTGRES_OPTIONS: further options of the server.
start_postgres() {
    local folder=$1/postgres password port
    port=$("$(any_python)" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if [[ ! -f $folder/data/PG_VERSION ]]; then
        init_postgres "$1"
    fi
    ((EUID == 0)) && chmod 711 "$1"
    password=$(<"$folder/password")
    # Nothing here outlives the run, so nothing waits for the disk.
    postgres_program "$folder" pg_ctl -D "$folder/data" -l "$folder/log" -w start -o "-p $port \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories='$folder' -c fsync=off \
        -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB -c max_connections=50 \
        ${POSTGRES_OPTIONS-}"
    printf 'postgis://tests:%s@127.0.0.1:%s/livelihood\n' "$password" "$port" >"$1/postgis-url"
}

init_postgres() { # init_postgres FOLDER: an empty cluster in FOLDER/postgres
    local folder=$1/postgres
    [[ ! -e $folder ]] || fail "$folder is there and holds no cluster: remove it or take another folder."
    mkdir -m 700 "$folder"
    "$(any_python)" -c 'import secrets; print(secrets.token_hex(16))' >"$folder/password"
    if ((EUID == 0)); then
        chmod 711 "$1"
        chown -R postgres: "$folder"
    fi
    postgres_program "$folder" initdb -D "$folder/data" -U tests --pwfile="$folder/password" \
        -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync
}

stop_postgres() { # stop_postgres FOLDER [MODE]: immediate, unless the cluster is to be used again (fast)
    [[ -f $1/postgres/data/postmaster.pid ]] || return 0
    postgres_program "$1/postgres" pg_ctl -D "$1/postgres/data" -m "${2-immediate}" -w stop >/dev/null 2>&1 || true
}
