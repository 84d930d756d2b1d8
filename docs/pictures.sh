#!/bin/sh
# Makes the pictures of README.md from recorded runs: docs/pictures.sh [PROGRAM]
set -eu
contend=${1:-target/release/contend}
recordings=$(mktemp -d)
trap 'rm -rf "$recordings"' EXIT

# picture NAME SCENARIO [OPTION...]: records a run and draws it into docs/NAME.svg
picture() {
    name=$1
    shift
    "$contend" run "$@" --headless --record "$recordings/$name.contend" > "$recordings/$name.txt" || true
    "$contend" export "$recordings/$name.contend" --to svg --size 100x30 --max-size 190KiB --output "docs/$name.svg"
}

picture contend lock-contention --for 4s
picture deadlock deadlock
