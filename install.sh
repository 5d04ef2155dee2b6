#!/bin/sh
# Installs File Vault as a service on Debian 12 or later and Ubuntu 24.04 or later. Running it again changes nothing that
# is right already. It never touches what is on the volume.
set -eu

usage() {
  cat <<'END'
./install.sh --volume DIR       installs, enables and starts the service
./install.sh --upgrade          replaces the program; goes back by itself when the new one does not come up
./install.sh --uninstall        removes program and service; the volume and /etc/filevault stay

  --from FILE|URL       the executable or a release archive (default: the executable beside this script)
  --sha256 HEX          what the archive has to be; else FILE.sha256 or URL.sha256 says
  --volume DIR          where everything is kept; on a disk of its own
  --allow-root-disk     DIR may lie on the disk of the system
  --listen ADDRESS      where to listen (default 127.0.0.1:8080, for a proxy on the same machine)
  --public-url URL      where people reach it, https://files.example.org
  --backup-to DIR       a backup into DIR every night
  --no-ffmpeg           no pictures of videos
  --any-system          go on with another distribution
END
}

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }
wrong() { printf '%s\n\n' "$*" >&2; usage >&2; exit 2; }

user=filevault
program=/usr/local/bin/filevault
previous=/usr/local/lib/filevault/filevault.previous
settings=/etc/filevault
units=/etc/systemd/system
here=$(cd "$(dirname "$0")" && pwd)
unit_names='filevault.service filevault-verify.service filevault-verify.timer filevault-backup.service filevault-backup.timer'

action=install from='' sha256='' volume='' listen='' public_url='' backup_to=''
root_disk=no ffmpeg=yes any_system=no
while [ $# -gt 0 ]; do
  case $1 in
    --upgrade) action=upgrade ;;
    --uninstall) action=uninstall ;;
    --allow-root-disk) root_disk=yes ;;
    --no-ffmpeg) ffmpeg=no ;;
    --any-system) any_system=yes ;;
    --help | -h) usage; exit 0 ;;
    --from | --sha256 | --volume | --listen | --public-url | --backup-to)
      [ $# -ge 2 ] || wrong "$1 needs a value."
      case $1 in
        --from) from=$2 ;;
        --sha256) sha256=$2 ;;
        --volume) volume=$2 ;;
        --listen) listen=$2 ;;
        --public-url) public_url=$2 ;;
        --backup-to) backup_to=$2 ;;
      esac
      shift ;;
    *) wrong "There is no option $1." ;;
  esac
  shift
done

# --- what the machine has to be -------------------------------------------------------------------------------------

check_system() {
  [ "$(id -u)" = 0 ] || stop 'This has to be run as root.'
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) stop "File Vault runs on x64 and arm64; this is $(uname -m)." ;;
  esac
  command -v systemctl >/dev/null || stop 'systemd is needed.'
  [ $any_system = yes ] && return
  # shellcheck disable=SC1091
  . /etc/os-release
  major=${VERSION_ID:-0}
  major=${major%%.*}
  case ${ID:-} in
    debian) [ "$major" -ge 12 ] && return ;;
    ubuntu) [ "$major" -ge 24 ] && return ;;
  esac
  stop "This is ${PRETTY_NAME:-an unknown system}; Debian 12 or Ubuntu 24.04 or later is expected. --any-system goes on."
}

is_booted() { [ -d /run/systemd/system ]; }

add_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# --- getting the program --------------------------------------------------------------------------------------------

work=''
clean() { [ -z "$work" ] || rm -rf "$work"; }
trap clean EXIT
trap 'exit 130' INT TERM

fetch() {
  if command -v curl >/dev/null; then curl --proto '=https' -fsSL -o "$2" "$1"; else wget -q --https-only -O "$2" "$1"; fi
}

# Sets `new` (the executable) and `files` (the folder with its units).
get_program() {
  # Not below /tmp, where programs may be forbidden to run.
  work=$(mktemp -d /usr/local/lib/filevault.XXXXXX)
  new=$here/filevault files=$here
  [ -f "$new" ] || new=$here/dist/filevault
  if [ -n "$from" ]; then
    case $from in
      https://*)
        command -v curl >/dev/null || command -v wget >/dev/null || add_packages ca-certificates curl
        archive=$work/${from##*/}
        say "Fetching $from"
        fetch "$from" "$archive" || stop "$from could not be fetched."
        [ -n "$sha256" ] || fetch "$from.sha256" "$archive.sha256" || stop "$from.sha256 could not be fetched." ;;
      http://*) stop 'A program is not fetched without TLS. Use https://.' ;;
      *)
        [ -f "$from" ] || stop "There is no file $from."
        archive=$from ;;
    esac
    case $archive in
      *.tar.xz) unpack "$archive" ;;
      *)
        [ -z "$sha256" ] || compare "$archive" "$sha256"
        new=$archive ;;
    esac
  fi
  [ -f "$new" ] || stop 'There is no executable beside this script. Say where it is with --from.'
  [ -d "$files/config/systemd" ] || stop "There are no units in $files/config/systemd."
  cp "$new" "$work/filevault"
  chmod 755 "$work/filevault"
  new=$work/filevault
}

unpack() {
  if [ -z "$sha256" ]; then
    [ -f "$1.sha256" ] || stop "There is no checksum $1.sha256. Give it with --sha256."
    sha256=$(cut -d ' ' -f 1 <"$1.sha256")
  fi
  compare "$1" "$sha256"
  command -v xz >/dev/null || add_packages xz-utils
  mkdir "$work/release"
  tar -xJf "$1" -C "$work/release" --strip-components=1 --no-same-owner
  new=$work/release/filevault files=$work/release
}

compare() {
  printf '%s  %s\n' "$2" "$1" | sha256sum --check --status || stop "$1 is not what its checksum says. Nothing was changed."
}

# The new program has to run on this machine, as the user that will run it, before anything is replaced.
try_program() {
  chmod 755 "$work"
  version=$(as_user "$new" --version) || stop 'The program does not run here (see above). Nothing was changed.'
}

as_user() {
  runuser -u $user -- env -i PATH=/usr/bin:/bin HOME=/var/lib/filevault CACHE_DIRECTORY=/var/cache/filevault "$@"
}

# --- the parts of an installation -----------------------------------------------------------------------------------

make_user() {
  getent passwd $user >/dev/null ||
    useradd --system --user-group --home-dir /var/lib/filevault --no-create-home --shell /usr/sbin/nologin $user
  install -d -o $user -g $user -m 700 /var/lib/filevault /var/cache/filevault
  install -d -o root -g $user -m 750 $settings
}

# The volume has to be a disk of its own: on the system's, files of the team fill up what the system needs, and a volume
# that was not mounted would look like an empty one.
check_volume() {
  case $volume in
    '') wrong 'Say with --volume DIR where everything is to be kept.' ;;
    /*) ;;
    *) stop "--volume needs a path from the top, not $volume." ;;
  esac
  case $volume in
    / | /etc | /usr | /var | /home | /root | /srv | /mnt | /media | /tmp) stop "$volume cannot be a volume; use a folder for it alone." ;;
    *[!A-Za-z0-9/._-]*) stop "--volume: letters, digits and . _ - only, not $volume." ;;
  esac
  place=$volume
  while [ ! -e "$place" ]; do place=$(dirname "$place"); done
  if [ "$(stat -c %d "$place")" = "$(stat -c %d /)" ]; then
    [ $root_disk = yes ] ||
      stop "$volume lies on the disk of the system. Mount its volume first; --allow-root-disk does without."
    mount_point=''
  else
    mount_point=$(df -P "$place" | awk 'NR == 2 { print $6 }')
  fi
  if [ ! -d "$volume" ]; then
    install -d -o $user -g $user -m 700 "$volume"
  elif [ "$(stat -c %U "$volume")" != $user ]; then
    # Its own folder only; what may be in it keeps its owner.
    chown $user:$user "$volume"
    chmod 700 "$volume"
  fi
}

# A setting in the file: section, key, value as TOML has it.
set_setting() {
  awk -v section="[$1]" -v key="$2" -v value="$3" '
    /^\[/ { inside = ($0 == section) }
    inside && index($0, key " = ") == 1 { $0 = key " = " value }
    { print }' $settings/filevault.toml >"$work/settings"
  cat "$work/settings" >$settings/filevault.toml
}

write_settings() {
  if [ ! -f $settings/filevault.toml ]; then
    install -o root -g $user -m 640 "$files/config/filevault.toml" $settings/filevault.toml
    set_setting volume path "\"$volume\""
  fi
  [ "$volume" != "$mount_point" ] || set_setting volume must_be_mount true
  [ -z "$listen" ] || set_setting server listen "\"$listen\""
  [ -z "$public_url" ] || set_setting server public_url "\"$public_url\""
}

setting() { sed -n "s/^$1 = \"\\(.*\\)\"/\\1/p" $settings/filevault.toml | head -n 1; }

put_program() {
  install -d -m 755 "$(dirname $previous)"
  if [ -f $program ] && ! cmp -s "$new" $program; then cp -p $program $previous; fi
  install -m 755 "$new" $program.new
  mv -f $program.new $program
}

write_units() {
  for name in $unit_names; do install -m 644 "$files/config/systemd/$name" "$units/$name"; done
  for name in filevault filevault-verify filevault-backup; do
    install -d -m 755 $units/$name.service.d
    {
      printf '[Unit]\nRequiresMountsFor=%s\n' "$volume"
      # The service ends before its volume goes: its own view of the mounts would keep the volume busy.
      if [ -n "$mount_point" ]; then
        printf 'BindsTo=%s\nAssertPathIsMountPoint=%s\n' "$(systemd-escape -p --suffix=mount "$mount_point")" "$mount_point"
      fi
      printf '\n[Service]\nReadWritePaths=%s\n' "$volume"
      if [ $name = filevault-backup ] && [ -n "$backup_to" ]; then printf 'ReadWritePaths=%s\n' "$backup_to"; fi
    } >$units/$name.service.d/volume.conf
  done
  if [ -n "$backup_to" ]; then
    [ -d "$backup_to" ] || install -d -o $user -g $user -m 700 "$backup_to"
    printf 'BACKUP_DIRECTORY=%s\n' "$backup_to" >$settings/backup
  fi
  if is_booted; then systemctl daemon-reload; fi
}

is_healthy() {
  address=$(setting listen)
  port=${address##*:}
  host=${address%:*}
  case $host in 0.0.0.0 | '[::]' | "$address") host=127.0.0.1 ;; esac
  if command -v curl >/dev/null; then
    curl -fsS --max-time 5 -o /dev/null "http://$host:$port/health" 2>/dev/null
  else
    wget -q -T 5 -O /dev/null "http://$host:$port/health"
  fi
}

# Starts what is installed now; true when it answers. The unit is started when the server says so, after any migration.
start() {
  systemctl restart filevault.service || return 1
  tries=0
  until is_healthy; do
    tries=$((tries + 1))
    [ $tries -lt 30 ] || return 1
    sleep 1
  done
}

# --- the three things this does -------------------------------------------------------------------------------------

install_all() {
  get_program
  make_user
  try_program
  # What is not said again stays as it is.
  [ -n "$volume" ] || [ ! -f $settings/filevault.toml ] || volume=$(setting path)
  [ -n "$backup_to" ] || [ ! -f $settings/backup ] || backup_to=$(sed -n 's/^BACKUP_DIRECTORY=//p' $settings/backup)
  check_volume
  command -v curl >/dev/null || command -v wget >/dev/null || add_packages curl
  if [ $ffmpeg = yes ] && ! command -v ffmpeg >/dev/null; then
    say 'Installing ffmpeg'
    add_packages ffmpeg || say 'ffmpeg could not be installed: there will be no pictures of videos.'
  fi
  write_settings
  put_program
  write_units
  systemctl enable -q filevault.service filevault-verify.timer
  [ -z "$backup_to" ] || systemctl enable -q filevault-backup.timer
  if ! is_booted; then
    say "File Vault $version is installed. systemd is not running here: it starts with the machine."
    return
  fi
  start || stop "File Vault does not answer. journalctl -u filevault says why."
  systemctl start filevault-verify.timer
  [ -z "$backup_to" ] || systemctl start filevault-backup.timer
  say "File Vault $version is running at http://$(setting listen), with everything in $volume."
  link=$(journalctl -u filevault -n 200 -o cat 2>/dev/null | grep -o 'http[^ ]*/setup#[^ ]*' | tail -n 1) || true
  [ -z "$link" ] || say "Open this link once to make the first administrator: $link"
}

upgrade() {
  [ -x $program ] || stop 'File Vault is not installed.'
  get_program
  make_user
  try_program
  if cmp -s "$new" $program; then
    say "File Vault $version is the one that is installed."
    return
  fi
  old=$(as_user $program --version || echo unknown)
  volume=$(setting path)
  : >"$work/before"
  put_program
  # Units may have changed with the program. Where the volume is stays as it was written.
  for name in $unit_names; do
    cp -p "$units/$name" "$work/$name" 2>/dev/null || true
    install -m 644 "$files/config/systemd/$name" "$units/$name"
  done
  if ! is_booted; then
    say "File Vault $version is installed in place of $old. systemd is not running here."
    return
  fi
  systemctl daemon-reload
  if start; then
    say "File Vault $version is running; it was $old. The old program is kept as $previous."
    return
  fi
  say "File Vault $version does not answer; going back to $old."
  systemctl stop filevault.service || true
  cp -p $previous $program.new
  mv -f $program.new $program
  for name in $unit_names; do [ ! -f "$work/$name" ] || cp -p "$work/$name" "$units/$name"; done
  bring_back_index
  systemctl daemon-reload
  systemctl reset-failed filevault.service || true
  start || stop "File Vault $old does not answer either. journalctl -u filevault says why."
  stop "File Vault $old is running again. journalctl -u filevault says why $version did not."
}

# A new program may have brought the index to its own schema, which the old one refuses. It made a copy before, and as it
# never answered nothing was stored since.
bring_back_index() {
  index=$volume/index/filevault.db
  copy=$(find "$volume/index" -maxdepth 1 -name 'filevault.db.before-*' -newer "$work/before" 2>/dev/null | head -n 1)
  [ -n "$copy" ] || return 0
  for part in '' -wal -shm; do
    [ ! -f "$index$part" ] || mv -f "$index$part" "$index.not-upgraded$part"
  done
  cp -p "$copy" "$index"
}

uninstall() {
  volume=$(setting path 2>/dev/null || true)
  if is_booted; then systemctl disable -q --now filevault.service filevault-verify.timer filevault-backup.timer 2>/dev/null || true
  else systemctl disable -q filevault.service filevault-verify.timer filevault-backup.timer 2>/dev/null || true; fi
  for name in $unit_names; do rm -f "$units/$name"; done
  rm -rf $units/filevault.service.d $units/filevault-verify.service.d $units/filevault-backup.service.d
  rm -f $program $previous
  rmdir "$(dirname $previous)" 2>/dev/null || true
  rm -rf /var/cache/filevault
  if is_booted; then systemctl daemon-reload; fi
  # The user stays: the files of the volume are its own.
  say "File Vault is removed. ${volume:-The volume}, $settings and the user $user stay."
}

check_system
case $action in
  install) install_all ;;
  upgrade) upgrade ;;
  uninstall) uninstall ;;
esac
