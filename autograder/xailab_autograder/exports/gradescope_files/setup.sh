#!/bin/sh
# Gradescope runs this once, as root, when the container is built.
#   AUTOGRADER_ROOT     where this zip was unpacked, without its "source" (default /autograder)
#   XAILAB_PYTHON_BASE  a Python >= 3.11 that is there already: then nothing is installed with apt-get
#   XAILAB_PIP_OPTIONS  more words for pip install
set -eu
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

find_python() {
    for name in "${XAILAB_PYTHON_BASE:-python3.11}" python3.12 python3.13 python3; do
        if new_enough "$name" && "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

if [ -z "${XAILAB_PYTHON_BASE:-}" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends python3 python3-venv
    if ! find_python >/dev/null; then # an older Ubuntu: newer Pythons have names of their own
        apt-get install -y -q --no-install-recommends python3.11 python3.11-venv ||
            apt-get install -y -q --no-install-recommends python3.12 python3.12-venv
    fi
fi
python="$(find_python)" || {
    echo "xailab: no Python >= 3.11 with venv; choose a newer base image (Ubuntu 24.04)" >&2
    exit 1
}

"$python" -m venv "$root/venv"
if [ -f "$source/pip.conf" ]; then
    PIP_CONFIG_FILE="$source/pip.conf"
    export PIP_CONFIG_FILE
fi
install() {
    # shellcheck disable=SC2086  # words, on purpose
    "$root/venv/bin/python" -m pip install --disable-pip-version-check --no-cache-dir ${XAILAB_PIP_OPTIONS:-} "$@"
}
install -c "$source/constraints.txt" "$source" || {
    echo "xailab: the versions of constraints.txt do not fit this Python; taking the newest that fit" >&2
    install "$source"
}
chmod 600 "$source/course.key"
cd /
"$root/venv/bin/python" -m xailab_autograder.exports.gradescope_run --check
