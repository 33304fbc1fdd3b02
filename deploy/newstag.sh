#!/bin/sh
# The command line of newstag on a machine with the services: as their user and with their
# settings. A copy of it is /usr/local/bin/newstag, for root. Paths that it is given are absolute.
set -eu

settings=/etc/newstag/newstag.env
if [ -r "$settings" ]; then
  set -a
  # shellcheck source=deploy/newstag.env
  . "$settings"
  set +a
fi
exec runuser -u newstag -- env --chdir=/var/lib/newstag \
  HOME=/var/lib/newstag \
  NEWSTAG_STORE="${NEWSTAG_STORE:-/var/lib/newstag/store}" \
  NEWSTAG_TRACKING_URI="${NEWSTAG_TRACKING_URI:-sqlite:////var/lib/newstag/mlflow.db}" \
  MPLCONFIGDIR="${MPLCONFIGDIR:-/tmp/newstag-matplotlib}" \
  /opt/newstag/current/bin/newstag "$@"
