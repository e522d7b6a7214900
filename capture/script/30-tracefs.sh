# --- tracefs ---------------------------------------------------------------------------------------------------------

# The kernel answers each write at once: a refused definition or setting is a failed write.
put() { { printf '%s\n' "$2" >"$1"; } 2>/dev/null; }
append() { { printf '%s\n' "$2" >>"$1"; } 2>/dev/null; }

NEW=

find_tracefs() {
  for TRACEFS in "$ROOT/sys/kernel/tracing" "$ROOT/sys/kernel/debug/tracing"; do
    if [ -e "$TRACEFS/trace" ]; then
      INSTANCE=$TRACEFS/instances/$GROUP
      return 0
    fi
  done
  return 1
}

find_state() {
  STATE=$ROOT/run/$GROUP-capture
  [ -d "$ROOT/run" ] || STATE=$ROOT/tmp/$GROUP-capture
}

need_root() {
  [ "$(id -u)" = 0 ] || die "needs root: kernel probes are root's. Run it with sudo."
}

need_tracefs() {
  need_root
  find_state
  find_tracefs ||
    die "no tracefs at /sys/kernel/tracing. Mount it: mount -t tracefs nodev /sys/kernel/tracing"
}

# True from this version of the kernel on.
kernel_is_from() {
  release=$(uname -r)
  major=${release%%.*}
  minor=${release#*.}
  minor=${minor%%[!0-9]*}
  is_number "$major" && is_number "$minor" || return 1
  [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }
}

is_running() { [ -f "$STATE/state" ]; }

# Removes everything this script made in the kernel. True when nothing is left.
remove_all() {
  left=
  if [ -d "$INSTANCE" ]; then
    put "$INSTANCE/tracing_on" 0
    [ ! -e "$INSTANCE/events/$GROUP/stop_at_warn/trigger" ] ||
      put "$INSTANCE/events/$GROUP/stop_at_warn/trigger" '!traceoff'
    put "$INSTANCE/events/enable" 0
    # Somebody may be reading it just now.
    rmdir "$INSTANCE" 2>/dev/null || { sleep 1 && rmdir "$INSTANCE" 2>/dev/null; } || left="$left $INSTANCE"
  fi
  for event in "$TRACEFS/events/$GROUP"/*/; do
    [ -d "$event" ] || continue
    event=${event%/}
    append "$TRACEFS/kprobe_events" "-:$GROUP/${event##*/}" || left="$left $GROUP/${event##*/}"
  done
  rm -f "$STATE/state" "$STATE/names"
  [ ! -d "$STATE" ] || rmdir "$STATE" 2>/dev/null
  [ -z "$left" ] && return 0
  say "could not remove:$left. Close what reads them, then: atscope-capture stop --discard"
  return 1
}

# A directory made by a start that came to nothing, in NEW, goes too.
remove_new() {
  [ -n "$NEW" ] || return 0
  for member in $MEMBERS; do rm -f "$NEW/$member"; done
  rmdir "$NEW" 2>/dev/null
}

# Whatever ends the script before it is done, nothing stays behind.
guard() {
  trap 'status=$?; trap - EXIT; remove_all; remove_new; exit $status' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

unguard() { trap - EXIT HUP INT TERM; }

# Wall, boot and monotonic clock as near to one moment as a shell can: with them, times of logs and traces can be compared.
clocks_now() {
  wall=$(date +%s.%N)
  case $wall in
    *[!0-9.]* | *.) wall=$(date +%s) ;;
  esac
  boot=unknown
  [ ! -r "$ROOT/proc/uptime" ] || read -r boot _ <"$ROOT/proc/uptime"
  mono=
  [ ! -r "$ROOT/proc/timer_list" ] ||
    mono=$(sed -n 's/^now at \([0-9]*\) nsecs.*/\1/p' "$ROOT/proc/timer_list" 2>/dev/null | head -n 1)
  printf 'wall=%s boot=%s mono_ns=%s\n' "$wall" "$boot" "${mono:-unknown}"
}

# Writes a line into the recording itself.
mark() {
  times=$(clocks_now)
  put "$INSTANCE/trace_marker" "atscope: $1 $times clock=$CLOCK kernel=$(uname -r)"
  printf '%s=%s\n' "$1" "$times" >>"$DIR/manifest.txt"
}
