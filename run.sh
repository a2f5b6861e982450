#!/bin/sh
# The short way to the usual make targets.
set -eu
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
Usage: ./run.sh <command>
  dev           run the whole product from the sources, with reload
  docker        build and run the development stack in containers
  clean         remove what was built (never the data folder)
  docker-clean  remove the containers, their data and the image
  help          show this text
TEXT
}

case "${1:-help}" in
  dev | docker | clean | docker-clean) exec make "$1" ;;
  help | -h | --help) usage ;;
  *)
    echo "Unknown command: $1" >&2
    usage >&2
    exit 2
    ;;
esac
