#!/usr/bin/env bash
# Restore a backup that backup.sh made, or only see whether it could be.
#
#   restore.sh BACKUP STATE
#   restore.sh --check BACKUP
#
# Every file is checked against the sums of the backup before and after it is copied, and where
# none is damaged, what the backup is said to lack is told. Nothing is put over anything: what is in
# STATE already is for you to move away. Run it as the user that newstag runs as, whose alone the
# files become, with everything stopped that writes there, and into the folder that the backup is
# of, as MLflow's database holds paths.
set -euo pipefail
umask 077

fail() { printf '%s: %s. %s.\n' "$1" "$2" "$3" >&2; exit 1; }

usage() { printf 'usage: restore.sh BACKUP STATE, or restore.sh --check BACKUP\n' >&2; exit 2; }

if [ $# != 2 ] || [ -z "$1" ] || [ -z "$2" ]; then usage; fi
state=
if [ "$1" = --check ]; then shift; else state=$(realpath --canonicalize-missing -- "$2"); fi
backup=$(realpath --canonicalize-missing -- "$1")
cd /  # where one stands may be closed to the user that this runs as
parts=(mlflow.db mlruns mlartifacts store)  # the store last: without it nothing serves
# What a kill left of a database would be written into the one that is restored.
remains=(mlflow.db-journal mlflow.db-wal mlflow.db-shm)

sums() { find . -type f ! -path ./SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum --; }

# Whether a folder has just the files that its sums name, as they say.
check() (
  cd "$1"
  closed=$(find . \( ! -readable -o -type d ! -executable \) -print -quit)
  [ -z "$closed" ] || unreadable "$1/${closed#./}" "$1"
  [ -f SHA256SUMS ] || fail "$1" "no SHA256SUMS in it" "Give a folder that backup.sh made"
  [ -z "$(find . ! -type d ! -type f -print -quit)" ] ||
    fail "$1" "something in it is neither a file nor a folder" "Take another backup"
  if sums | cmp --quiet - SHA256SUMS; then return; fi
  sha256sum --check --quiet --strict SHA256SUMS >&2 ||
    fail "$1" "damaged, see above" "Take another backup"
  fail "$1" "files that its sums do not name, or fewer" "Take another backup"
)
unreadable() { fail "$1" "not readable to $(id -un)" "As root: chown -R $(id -un): '$2'"; }

[ -d "$backup" ] || fail "$backup" "no folder that $(id -un) can see" "Give a folder that backup.sh made"
if [ ! -r "$backup" ] || [ ! -x "$backup" ]; then unreadable "$backup" "$backup"; fi
check "$backup"
[ -d "$backup/store" ] || fail "$backup" "no store in it" "Give a folder that backup.sh made"
if [ -e "$backup/MISSING" ]; then
  printf 'undamaged, but not in this backup:\n' >&2
  cat "$backup/MISSING" >&2
elif [ -z "$state" ]; then
  printf 'whole: %s\n' "$backup"
fi
[ -n "$state" ] || exit 0
mkdir -p "$state"
for part in "${parts[@]}" "${remains[@]}"; do
  if [ -e "$state/$part" ] || [ -L "$state/$part" ]; then
    fail "$state/$part" "exists already, and nothing is restored over it" "Move it away first"
  fi
done

copy=$(mktemp -d "$state/.restoring-XXXXXX")
trap 'rm -rf "$copy"' EXIT
cp -R --preserve=timestamps "$backup/." "$copy/"
check "$copy"
chmod -R u=rwX,go= "$copy"
sync --file-system "$copy"
for part in "${parts[@]}"; do
  if [ -e "$copy/$part" ]; then mv --no-target-directory "$copy/$part" "$state/$part"; fi
done
sync "$state"
printf 'restored %s into %s\n' "$backup" "$state"
