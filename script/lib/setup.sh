# Shared set-up of the scripts in this folder's parent. Sourced with the repository's root as working folder.
# shellcheck shell=bash
#
#   system_packages run|test|check|node   installs the Debian packages that are missing
#   ensure_python run|dev                 makes .venv and installs the locked packages
#   ensure_node_modules                   installs the locked packages of script/check and script/vendor
#   ensure_env_file DEMO                  writes var/env with a generated secret
#
# Everything is done once: a second call finds a marker and returns.

RUN_PACKAGES=(ca-certificates libsqlite3-mod-spatialite python3 python3-venv)
TEST_PACKAGES=(chromium fonts-noto-cjk postgresql-15 postgresql-15-postgis-3)
NODE_PACKAGES=(nodejs npm)
# The libraries' package names carry their version; gdal-bin brings the right ones on another release.
if grep -qs '^VERSION_ID="12"' /etc/os-release; then
    RUN_PACKAGES+=(libgdal32 libgeos-c1v5 libproj25)
else
    RUN_PACKAGES+=(gdal-bin)
    TEST_PACKAGES=(chromium fonts-noto-cjk postgresql postgis)
fi

fail() { # one sentence, then "could not run"
    echo "$*" >&2
    exit 2
}

# step NAME COMMAND...: runs the command, shows its name and seconds, and its output only when it fails.
step() {
    local name=$1 began=$SECONDS log status=0 child
    shift
    log=$(mktemp)
    if [[ -t 1 ]]; then
        "$@" >"$log" 2>&1 </dev/null &
        child=$!
        while kill -0 "$child" 2>/dev/null; do
            printf '\r  %s … %d s ' "$name" $((SECONDS - began))
            sleep 0.2
        done
        wait "$child" || status=$?
        printf '\r  %s … %d s\n' "$name" $((SECONDS - began))
    else
        printf '  %s … ' "$name"
        "$@" >"$log" 2>&1 </dev/null || status=$?
        printf '%d s\n' $((SECONDS - began))
    fi
    if ((status)); then
        tail -n 25 "$log" >&2
        rm -f "$log"
        fail "$name failed (exit $status): the last lines are above."
    fi
    rm -f "$log"
}

any_python() { # some Python 3, for work that needs the standard library only
    local candidate
    for candidate in .venv/bin/python /usr/bin/python3 python3; do
        if command -v "$candidate" >/dev/null && "$candidate" -c '' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "No Python 3 was found: run script/server once, it installs one."
}

# Only one set-up at a time in this tree: a second one waits.
lock_setup() {
    mkdir -p var
    chmod 700 var # the database holds drafts, sessions and password hashes
    command -v flock >/dev/null || return 0
    exec 9>var/setup.lock
    if ! flock -n 9; then
        echo "Another set-up of this tree is running: waiting for it."
        flock 9
    fi
}
unlock_setup() { exec 9>&-; }

# --------------------------------------------------------------------------------- system packages

missing_packages() { # the names among "$@" that dpkg does not have installed
    local package
    for package in "$@"; do
        [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || echo "$package"
    done
}

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

system_packages() {
    local wanted=() missing as_root=()
    case $1 in
        run) wanted=("${RUN_PACKAGES[@]}") ;;
        test) wanted=("${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}") ;;
        node) wanted=("${NODE_PACKAGES[@]}") ;;
        check)
            wanted=("${RUN_PACKAGES[@]}" shellcheck)
            command -v npm >/dev/null || wanted+=("${NODE_PACKAGES[@]}") # another Node than Debian's will do
            ;;
    esac
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian system: nothing is installed here; manage.py doctor says what is missing."
        return
    fi
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        # Without a terminal nobody can type a password: sudo must then work without one.
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }; then
            as_root=(sudo)
        else
            fail "System packages are missing and this account may not install them; an administrator must run:" \
                "apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        fi
    fi
    step "Debian's package list" apt update
    step "system packages: ${missing[*]}" apt install -y --no-install-recommends "${missing[@]}"
}

# ------------------------------------------------------------------------------------------ Python

PYTHON_TEST='
import sqlite3, sys
if sys.version_info < (3, 11):
    sys.exit("is %d.%d, older than 3.11" % sys.version_info[:2])
connection = sqlite3.connect(":memory:")
if not hasattr(connection, "enable_load_extension"):
    sys.exit("was built without loading of SQLite extensions")
connection.enable_load_extension(True)
try:
    connection.load_extension("mod_spatialite")
except sqlite3.Error as problem:
    sys.exit("cannot load SpatiaLite: %s" % problem)
'

choose_python() { # sets PYTHON to an interpreter that can run the project, or says why there is none
    local candidate reason rejected=()
    for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3 python3.11 python3.12 python3.13 python3; do
        "$candidate" -c '' 2>/dev/null || continue
        if reason=$("$candidate" -c "$PYTHON_TEST" 2>&1) && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            PYTHON=$(command -v "$candidate")
            echo "Interpreter: $PYTHON ($("$PYTHON" -V 2>&1)): it loads SQLite extensions."
            return
        fi
        rejected+=("$candidate ${reason:-has no venv module}")
    done
    fail "No Python here can run this ($(printf '%s; ' ${rejected[@]+"${rejected[@]}"})" \
        "at least 3.11 with loading of SQLite extensions is needed): install Debian's python3 and python3-venv."
}

locked() { # the mark of an installation: the lock file's hash and this folder (a moved .venv is broken)
    printf '%s %s\n' "$(sha256sum <"$1" | cut -d' ' -f1)" "$PWD"
}

installed() { # installed PROFILE LOCK
    [[ -f .venv/.installed-$1 && "$(<".venv/.installed-$1")" == "$(locked "$2")" ]]
}

venv_problem() { # prints why .venv cannot be used; nothing when it can
    local reason
    if ! .venv/bin/python -c '' 2>/dev/null; then
        echo "its interpreter does not start"
    elif ! reason=$(.venv/bin/python -c "$PYTHON_TEST" 2>&1); then
        echo "its interpreter $reason"
    elif ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        echo "it has no pip"
    elif ! compgen -G '.venv/.installed-*' >/dev/null; then
        echo "its installation was not finished"
    elif ! grep -qsF " $PWD" .venv/.installed-*; then
        echo "it was made in another folder"
    fi
}

install_locked() { # install_locked LOCK
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: -r "$1"
}

ensure_python() { # ensure_python run|dev
    local profile=$1 lock=requirements.txt problem
    [[ $profile == dev ]] && lock=requirements-dev.txt
    if [[ -d .venv ]]; then
        problem=$(venv_problem)
        if [[ -n $problem ]]; then
            echo ".venv cannot be used ($problem): it is made again."
            rm -rf .venv
        fi
    fi
    if [[ ! -d .venv ]]; then
        choose_python
        step ".venv" "$PYTHON" -m venv .venv
    fi
    if installed "$profile" "$lock" || { [[ $profile == run ]] && installed dev requirements-dev.txt; }; then
        return 0
    fi
    step "Python packages ($lock)" install_locked "$lock"
    locked "$lock" >".venv/.installed-$profile"
}

# -------------------------------------------------------------------------------------------- Node

ensure_node_modules() {
    if ! command -v npm >/dev/null; then
        system_packages node
    fi
    local mark=node_modules/.installed-lock
    if [[ -f $mark && "$(<"$mark")" == "$(locked package-lock.json)" ]]; then
        return 0
    fi
    step "Node packages (package-lock.json)" npm ci --no-progress
    locked package-lock.json >"$mark"
}

# ---------------------------------------------------------------------------------------- settings

ensure_env_file() { # ensure_env_file DEMO(0|1): the settings of this installation, readable by its owner only
    [[ -s var/env ]] && return 0
    mkdir -p var
    chmod 700 var # the database holds drafts, sessions and password hashes
    local draft
    draft=$(mktemp var/env.XXXXXX) # mode 600
    {
        echo "# Written once by script/server; docs/operator/settings.md describes every name. Keep it secret."
        echo "SECRET_KEY=$("$(any_python)" -c 'import secrets; print(secrets.token_urlsafe(50))')"
        echo "DEMO=$1"
        echo "ALLOWED_HOSTS=127.0.0.1,localhost,[::1]"
    } >"$draft"
    mv "$draft" var/env
}

# Settings of a test or check run: nothing of this installation's var/ is read or written.
export_test_settings() { # export_test_settings FOLDER
    export ENV_FILE=/dev/null VAR_DIR=$1/var DEBUG=0
    SECRET_KEY=$("$(any_python)" -c 'import secrets; print(secrets.token_urlsafe(50))')
    export SECRET_KEY
    unset DEMO DATABASE_URL ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS BASEMAP TIANDITU_KEY BASEMAP_URL
    mkdir -p "$VAR_DIR"
    chmod 700 "$VAR_DIR"
}
