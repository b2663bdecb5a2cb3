# A private, throw-away PostgreSQL with PostGIS for one test run. Sourced.
# shellcheck shell=bash

postgres_program() { # postgres_program FOLDER NAME ARGUMENTS...: runs it as an account that owns the cluster
    local folder=$1 bin as=()
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [[ -x $bin/$2 ]] || fail "PostgreSQL's $2 is not in /usr/lib/postgresql: install Debian's postgresql."
    ((EUID == 0)) && as=(runuser -u postgres --) # PostgreSQL refuses to run as root
    (cd "$folder" && "${as[@]}" "$bin/$2" "${@:3}")
}

# start_postgres FOLDER: an empty cluster in FOLDER/postgres, on loopback at a free port with a random
# password; its address for DATABASE_URL is written to FOLDER/postgis-url.
start_postgres() {
    local folder=$1/postgres password port
    password=$("$(any_python)" -c 'import secrets; print(secrets.token_hex(16))')
    port=$("$(any_python)" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -m 700 "$folder"
    printf '%s\n' "$password" >"$folder/password"
    if ((EUID == 0)); then
        chmod 711 "$1"
        chown -R postgres: "$folder"
    fi
    postgres_program "$folder" initdb -D "$folder/data" -U tests --pwfile="$folder/password" \
        -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync
    # Nothing here outlives the run, so nothing waits for the disk.
    postgres_program "$folder" pg_ctl -D "$folder/data" -l "$folder/log" -w start -o "-p $port \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories='$folder' -c fsync=off \
        -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB -c max_connections=50"
    printf 'postgis://tests:%s@127.0.0.1:%s/livelihood\n' "$password" "$port" >"$1/postgis-url"
}

stop_postgres() { # stop_postgres FOLDER
    [[ -f $1/postgres/data/postmaster.pid ]] || return 0
    postgres_program "$1/postgres" pg_ctl -D "$1/postgres/data" -m immediate -w stop >/dev/null 2>&1 || true
}
