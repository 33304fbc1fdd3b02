#!/usr/bin/env bash
# Back up what one machine keeps: runs (mlflow.db), models of MLflow, and the store with its keys.
#
#   backup.sh [--keep N] STATE BACKUPS
#
# STATE is the folder that holds store, and mlflow.db, mlruns and mlartifacts where there are
# any. BACKUPS/newstag-TIME becomes a copy of them with SHA256SUMS over every file; it appears
# when it is whole and on the disk. What is damaged is left out: the backup is called
# newstag-TIME-incomplete then, has a file MISSING that says why, and the exit code is 1. So it is
# where the newest whole backup has versions, keys or runs and STATE has none any more. With
# --keep the newest N of either kind stay, so that no incomplete one takes the place of a whole one.
#
# Training, promoting and serving may go on. The database comes first, then MLflow's files, then
# the store: training writes a version in the opposite order, so that whatever a copied database
# names is in the copies made after it. Changes of the champion wait while the store is copied.
set -euo pipefail
umask 077

message() { printf '%s: %s. %s.\n' "$@"; }
fail() { message "$@" >&2; exit 1; }
usage() { printf 'usage: backup.sh [--keep N] STATE BACKUPS\n' >&2; exit 2; }

keep=
if [ "${1-}" = --keep ]; then
  [[ "${2-}" =~ ^[1-9][0-9]*$ ]] || usage
  keep=$2; shift 2
fi
[ $# = 2 ] || usage
here=$(dirname -- "$(realpath -- "$0")")
state=$(realpath --canonicalize-missing -- "$1") backups=$(realpath --canonicalize-missing -- "$2")
cd /  # where one stands may be closed to the user that this runs as
[ -d "$state/store" ] || fail "$state" "no folder store in it" "Give the folder that holds the store"
[[ "$backups/" != "$state"/* ]] ||
  fail "$backups" "within what is backed up" "Give another folder, best on another disk"
mkdir -p "$backups"

exec 9>"$backups/.lock"
flock --nonblock 9 || fail "$backups" "another backup is being written" "Wait for it"
rm -rf "$backups"/.writing-*  # what a kill left: whoever holds the lock is alone
name=newstag-$(date -u +%Y%m%dT%H%M%SZ)
copy=$backups/.writing-$name
trap 'rm -rf "$copy"' EXIT
mkdir "$copy"

missing() { message "$@" | tee -a "$copy/MISSING" >&2; }
# Run what copies. Where it fails, all that it complains of is kept, for the line that sums it up.
copies() {
  local said
  if said=$("$@" 2>&1); then return; fi
  printf '%s\n' "$said" | tee -a "$copy/MISSING" >&2
  false
}

# Copy a folder of the state with what its links lead to. Hidden in the store are locks, and
# versions that are being written or removed.
bring() {
  local link
  cd "$state"
  copies folders "$1" ||
    missing "$state/$1" "not all of it can be read, see above" "Mend what is named there"
  copies files "$1" ||
    missing "$state/$1" "not all of it was copied, see above" "Mend what is named there"
  while IFS= read -r -d '' link; do
    missing "$state/$link" "a link that leads nowhere" "Remove it, or bring back what it led to"
  done < <(found "$1" l 2>/dev/null)  # what cannot be read was told above
  cd /
}
folders() { found "$1" d | (cd "$copy" && xargs -0 mkdir -p); }
files() { found "$1" f | xargs -0 -r cp -L --parents --preserve=timestamps -t "$copy"; }
found() { find -L "$1" -path 'store/.*' -prune -o -type "$2" -print0; }

# Whether a version has just the files that its sums name, as they say.
whole() (
  cd "$1" && sha256sum --check --quiet --strict SHA256SUMS >&2 &&
    [ "$(find . ! -type d | wc -l)" = $(($(wc -l < SHA256SUMS) + 1)) ]
)

if [ -e "$state/mlflow.db" ] &&
  ! copies python3 -I "$here/snapshot.py" "$state/mlflow.db" "$copy/mlflow.db"
then
  rm -f "$copy/mlflow.db"
  missing "$state/mlflow.db" "not copied, see above" "Restore it from an older backup if it is damaged"
fi
for folder in mlruns mlartifacts; do
  if [ -d "$state/$folder" ]; then bring "$folder"; fi
done
for part in mlflow.db mlruns mlartifacts; do
  if [ -L "$state/$part" ] && [ ! -e "$state/$part" ]; then
    missing "$state/$part" "a link that leads nowhere" "Remove it, or bring back what it led to"
  fi
done

mkdir "$copy/store"
(
  # newstag takes this lock where it changes what is live, and where it removes versions.
  if [ -e "$state/store/.lock" ]; then exec 8<"$state/store/.lock"; flock --shared 8; fi
  bring store
)
versions=0
for version in "$copy"/store/*/; do
  version=$(basename "$version")
  [[ "$version" =~ ^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$ ]] || continue
  versions=$((versions + 1))
  if ! whole "$copy/store/$version"; then
    rm -rf "${copy:?}/store/$version"
    missing "$state/store/$version" "a damaged version" "Mend it with: newstag models sync; or remove it"
  fi
done
champion=$(head -n 1 "$copy/store/champion" 2>/dev/null || true)
[ "$versions" = 0 ] && [ ! -e "$copy/store/champion" ] && [ ! -e "$copy/store/ledger.jsonl" ] ||
  [ -d "$copy/store/${champion:-none}" ] ||
  missing "$state/store/champion" "names ${champion:-no version}, which is not in this backup" \
    "See: newstag models list"

# What the newest whole backup has and the state has no more is lost, unless somebody meant it: a
# store that was wiped, a disk that is not there.
first() { (cd "$1" && find -L "${2%%/*}" "${@:3}" -print -quit 2>/dev/null); }
holds() { [ -n "$(first "$1" "$2" -path "$2" -type f)" ]; }
# Whether a part may be there all the same, so that nobody is asked whether it was meant to go: a
# link that leads nowhere is in its place, or it or what it is in cannot be looked into.
hidden() {
  [ -n "$(first "$state" "$1" -path "${1%/\*}" -type l)" ] ||
    [ -n "$(first "$state" "$1" \( -path "${1%%/*}" -o -path "${1%/\*}*" \) \
      -type d \( ! -readable -o ! -executable \))" ]
}
last=$(find "$backups" -mindepth 1 -maxdepth 1 -type d -readable -name 'newstag-*Z' |
  LC_ALL=C sort | tail -n 1)
for part in 'store/[0-9]*Z-*/*' store/keys.json mlflow.db 'mlruns/*' 'mlartifacts/*'; do
  if [ -n "$last" ] && holds "$last" "$part" && ! holds "$state" "$part" && ! hidden "$part"
  then
    missing "$state/${part%%/[\[*]*}" "in ${last##*/}, and gone now" \
      "Bring it back; or, if it was meant to go, rename this backup to $name"
  fi
done

# Who may read the files of a backup may read articles and digests of keys.
chmod -R u=rwX,go= "$copy"
(cd "$copy" && find . -type f ! -path ./SHA256SUMS -print0 | LC_ALL=C sort -z |
  xargs -0 -r sha256sum -- > SHA256SUMS)
incomplete=
if [ -e "$copy/MISSING" ]; then incomplete=-incomplete; fi
[ ! -e "$backups/$name$incomplete" ] ||
  fail "$backups/$name$incomplete" "exists already" "Try again in a second"
sync --file-system "$copy"
mv --no-target-directory "$copy" "$backups/$name$incomplete"
sync "$backups"
printf '%s\n' "$backups/$name$incomplete"

for kind in 'newstag-*Z' 'newstag-*Z-incomplete'; do
  [ -n "$keep" ] || break
  find "$backups" -mindepth 1 -maxdepth 1 -type d -name "$kind" -print0 |
    LC_ALL=C sort -z | head -z -n "-$keep" | xargs -0 -r rm -rf --
done
[ -z "$incomplete" ]
