#!/usr/bin/env bash
# Back up what one machine keeps: runs (mlflow.db), models of MLflow, and the store with its keys.
#
#   backup.sh [--keep N] STATE BACKUPS
#
# STATE is the folder that holds store, and mlflow.db, mlruns and mlartifacts where there are
# any. BACKUPS/newstag-TIME becomes a copy of them with SHA256SUMS over every file; it appears
# when it is whole and on the disk. With --keep only the newest N whole ones stay.
#
# Training, promoting and serving may go on. The database comes first, then MLflow's files, then
# the store: training writes a version in the opposite order, so that whatever a copied database
# names is in the copies made after it. Changes of the champion wait while the store is copied.
set -euo pipefail
umask 077

fail() { printf '%s: %s. %s.\n' "$1" "$2" "$3" >&2; exit 1; }
usage() { printf 'usage: backup.sh [--keep N] STATE BACKUPS\n' >&2; exit 2; }

keep=
if [ "${1-}" = --keep ]; then
  [[ "${2-}" =~ ^[1-9][0-9]*$ ]] || usage
  keep=$2; shift 2
fi
[ $# = 2 ] || usage
state=$1 backups=$2
[ -d "$state/store" ] || fail "$state" "no folder store in it" "Give the folder that holds the store"
mkdir -p "$backups"
[[ "$(realpath "$backups")/" != "$(realpath "$state")"/* ]] ||
  fail "$backups" "within what is backed up" "Give another folder, best on another disk"

exec 9>"$backups/.lock"
flock --nonblock 9 || fail "$backups" "another backup is being written" "Wait for it"
rm -rf "$backups"/.writing-*  # what a kill left: whoever holds the lock is alone
name=newstag-$(date -u +%Y%m%dT%H%M%SZ)
[ ! -e "$backups/$name" ] || fail "$backups/$name" "exists already" "Try again in a second"
copy=$backups/.writing-$name
trap 'rm -rf "$copy"' EXIT
mkdir "$copy"

if [ -e "$state/mlflow.db" ]; then
  # A copy of the file could be half of a change; this is one moment of it.
  sqlite3 -bail "$state/mlflow.db" '.timeout 60000' "VACUUM INTO '${copy//\'/\'\'}/mlflow.db'"
  [ "$(sqlite3 "$copy/mlflow.db" 'PRAGMA integrity_check')" = ok ] ||
    fail "$state/mlflow.db" "a damaged database" "Restore it from an older backup"
fi
for folder in mlruns mlartifacts; do
  if [ -d "$state/$folder" ]; then cp -RL --preserve=mode,timestamps "$state/$folder" "$copy/"; fi
done

mkdir "$copy/store"
(
  # newstag takes this lock where it changes what is live, and where it removes versions.
  if [ -e "$state/store/.lock" ]; then exec 8<"$state/store/.lock"; flock --shared 8; fi
  # Hidden are locks, and folders of versions that are being written or removed.
  find -H "$state/store" -mindepth 1 -maxdepth 1 ! -name '.*' \
    -exec cp -RL --preserve=mode,timestamps -t "$copy/store" {} +
)

(cd "$copy" && find . -type f ! -path ./SHA256SUMS -print0 | LC_ALL=C sort -z |
  xargs -0 sha256sum -- > SHA256SUMS)
for version in "$copy"/store/*/; do
  [ ! -e "$version/SHA256SUMS" ] || (cd "$version" && sha256sum --check --quiet --strict SHA256SUMS) ||
    fail "$version" "a damaged version" "Mend it with: newstag models sync; or remove it"
done

sync --file-system "$copy"
mv --no-target-directory "$copy" "$backups/$name"
sync "$backups"
printf '%s\n' "$backups/$name"

if [ -n "$keep" ]; then
  find "$backups" -mindepth 1 -maxdepth 1 -type d -name 'newstag-*Z' -print0 |
    LC_ALL=C sort -z | head -z -n "-$keep" | xargs -0 -r rm -rf --
fi
