# Names and paths of the production installation, shared by all scripts.
# shellcheck shell=bash disable=SC2034 # used by the scripts that source this file

SERVICE=rpc-dart-router
ACCOUNT=rpc-router

PREFIX=/opt/rpc-dart-router
CONFIG_DIR=/etc/rpc-dart-router
LOG_DIR=/var/log/rpc-dart-router
RUN_DIR=/var/run/rpc-dart-router
DATA_DIR=/var/lib/rpc-dart-router

CONFIG_FILE=$CONFIG_DIR/config.yaml
CONTROL_SOCKET=$RUN_DIR/rpc_dart_router.sock
PM2_DIR=$DATA_DIR/.pm2

UNIT_FILE=/etc/systemd/system/$SERVICE.service
DROPIN_DIR=$UNIT_FILE.d
DROPIN_FILE=$DROPIN_DIR/10-$SERVICE.conf

# Each version has its own folder; `current` and `previous` are links to two of them. A switch is one atomic rename of a link,
# so that one complete version is current at any time, also after a power failure.
VERSIONS_DIR=$PREFIX/versions
CURRENT=$PREFIX/current
PREVIOUS=$PREFIX/previous

# Commands on the PATH and their paths within a version.
BIN_DIR=/usr/local/bin
declare -A COMMANDS=(
  [rpc-dart-router]=dist/main.js
  [rpc_dart_router]=dist/main.js
  [pm2]=node_modules/pm2/bin/pm2
)

# PATH of the service; includes the folder of Node.js if that is elsewhere (but never a home folder).
SYSTEM_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
NODE=$(command -v node || true)
case :$SYSTEM_PATH: in
  *":$(dirname "${NODE:-/usr/bin/node}"):"*) ;;
  *) SYSTEM_PATH=$(dirname "$NODE"):$SYSTEM_PATH ;;
esac
