#!/bin/sh
# The command line of newstag on a machine with the services: as their user and with their
# settings. A copy of it is /usr/local/bin/newstag, for root. Paths that it is given are absolute.
set -eu

for settings in /etc/newstag/newstag.env /etc/newstag/tracking.env; do
  [ -r "$settings" ] || continue
  # NAME=value, as systemd reads it: nothing in a value is run or replaced.
  while read -r line || [ -n "$line" ]; do
    name=${line%%=*} value=${line#*=}
    case $name in "$line" | "" | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
    case $value in
      \"*\" | \'*\') value=${value#?} value=${value%?} ;;
    esac
    export "$name=$value"
  done <"$settings"
done
exec runuser -u newstag -- env --chdir=/var/lib/newstag \
  HOME=/var/lib/newstag \
  NEWSTAG_STORE="${NEWSTAG_STORE:-/var/lib/newstag/store}" \
  NEWSTAG_TRACKING_URI="${NEWSTAG_TRACKING_URI:-sqlite:////var/lib/newstag/mlflow.db}" \
  MPLCONFIGDIR="${MPLCONFIGDIR:-/var/lib/newstag/.cache/matplotlib}" \
  /opt/newstag/current/bin/newstag "$@"
