#!/bin/bash
# A Docker engine in a network of its own, with its own /run; the host sees nothing of it.
#
#   docker.sh up            start it, and wait until it answers
#   docker.sh exec CMD...   run CMD beside the engine: docker, docker compose
#   docker.sh down          end it; containers, images and volumes are gone
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$RUN/docker

init() {
	enter docker "" rw
	hide docker /etc /usr/local/bin # for the key that the engine writes, and for programs that a service brings along
	export PATH=$BIN:$SYSPATH
	mkdir -p /run/docker-config/cli-plugins
	ln -s "$BIN/docker-compose" /run/docker-config/cli-plugins/docker-compose
	dockerd --data-root "$dir/data" -H unix:///run/docker.sock >"$dir/dockerd.log" 2>&1 &
	wait $! # bash stays pid 1: it reaps the shims, which dockerd would leave as zombies
}

engine() {
	inside docker env DOCKER_CONFIG=/run/docker-config PATH="$BIN:$SYSPATH" "$@"
}

answers() {
	(engine docker version)
}

verb=${1:-}
[[ -n $verb ]] || usage
shift
case $verb in
__init) init ;;
up)
	up docker
	wait_for docker 60 answers
	;;
exec) engine "$@" ;;
down) down docker ;;
*) usage ;;
esac
