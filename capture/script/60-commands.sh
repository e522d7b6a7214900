# --- commands --------------------------------------------------------------------------------------------------------

# What a bundle has, in the order in which it is packed.
MEMBERS='trace.dat trace.txt kmsg.txt manifest.txt probes.txt losses.txt cmdline.txt topology-before.txt topology-after.txt lspci-before.txt lspci-after.txt'

new_directory() {
  DIR=${DIR:-./atscope-$(date -u +%Y%m%dT%H%M%SZ)}
  mkdir "$DIR" 2>/dev/null || die "cannot make the directory $DIR: it exists, or there is no room or permission. Name another with --dir."
  DIR=$(cd "$DIR" && pwd)
  NEW=$DIR
}

describe() {
  {
    printf 'atscope_bundle=1\nversion=%s\n' "$VERSION"
    printf 'kernel_release=%s\nmachine=%s\n' "$(uname -r)" "$(uname -m)"
    printf 'clock=%s\nleft_out=%s\n' "$CLOCK" "${WITHOUT#,}"
  } >"$DIR/manifest.txt" || die "cannot write into $DIR: no room left? Name another directory with --dir."
  read_line "$ROOT/proc/cmdline" >"$DIR/cmdline.txt"
  printf '\n' >>"$DIR/cmdline.txt"
}

# 256 MiB for all CPUs together at most, unless the user asks for more.
choose_buffer() {
  CPUS=0
  for cpu in "$INSTANCE"/per_cpu/cpu*; do CPUS=$((CPUS + 1)); done
  [ -z "$BUFFER_KB" ] || return 0
  BUFFER_KB=8192
  [ "$CPUS" -le 32 ] || BUFFER_KB=$((262144 / CPUS))
}

make_instance() {
  mkdir "$INSTANCE" 2>/dev/null || die "cannot make $INSTANCE: this kernel has no tracing instances, or no memory for one."
  choose_buffer
  printf 'buffer_kb_per_cpu=%s\ncpus=%s\n' "$BUFFER_KB" "$CPUS" >>"$DIR/manifest.txt"
  put "$INSTANCE/tracing_on" 0
  put "$INSTANCE/trace_clock" "$CLOCK" ||
    die "--clock $CLOCK: this kernel has $(tr -d '[]' <"$INSTANCE/trace_clock" 2>/dev/null)."
  put "$INSTANCE/buffer_size_kb" "$BUFFER_KB" ||
    die "no memory for $BUFFER_KB KiB on each CPU. Ask for less with --buffer-kb."
}

start() {
  need_tracefs
  [ -e "$TRACEFS/kprobe_events" ] || die "this kernel has no kprobe events (CONFIG_KPROBE_EVENTS). Use one that has."
  ! is_running || die "it records already; atscope-capture status tells more."
  if [ -d "$INSTANCE" ] || [ -d "$TRACEFS/events/$GROUP" ]; then
    die "probes of an earlier capture were left behind. Remove them: atscope-capture stop --discard"
  fi
  # Before the guard, which must not clean up after another capture.
  mkdir "$STATE" 2>/dev/null ||
    die "cannot make $STATE: another capture begins just now, or one was killed. Then: atscope-capture stop --discard"
  guard
  new_directory
  describe
  save_config_space lspci-before.txt
  save_topology topology-before.txt
  make_instance
  install_probes
  if ! grep -q "^installed|.|pci_[a-z]*_ats" "$DIR/probes.txt" 2>/dev/null; then
    NEW=
    die "the kernel took no probe on the ATS functions; nothing could be judged. $DIR/probes.txt has its reasons."
  fi
  install_events
  install_stop
  put "$INSTANCE/tracing_on" 1 || die "cannot turn recording on."
  mark started
  printf 'dir=%s\nclock=%s\ndat=%s\nconfig=%s\n' "$DIR" "$CLOCK" "$DAT" "$CONFIG_SPACE" >"$STATE/state" ||
    die "cannot write $STATE/state: no room left?"
  NEW=
  # A command runs under the guard until its end.
  [ "$command" = run ] || unguard
  say "recording with $(count_of installed) probes and trace events; $(count_of refused) refused, $(count_of missing) not in this kernel"
  say "overhead: about 1 us for each recorded call; buffers: $BUFFER_KB KiB x $CPUS CPUs (--light and --buffer-kb make it less)"
}

load_state() {
  need_tracefs
  is_running || return 1
  while IFS='=' read -r key value; do
    case $key in
      dir) DIR=$value ;;
      clock) CLOCK=$value ;;
      dat) DAT=$value ;;
      config) CONFIG_SPACE=$value ;;
    esac
  done <"$STATE/state"
}

stop() {
  if ! load_state; then
    if [ -d "$INSTANCE" ] || [ -d "$TRACEFS/events/$GROUP" ] || [ -d "$STATE" ]; then
      [ "$DISCARD" = yes ] || die "the capture did not begin properly. Remove what it left: atscope-capture stop --discard"
      remove_all
      return
    fi
    die "nothing is being recorded."
  fi
  if [ "$DISCARD" = yes ]; then
    remove_all
    return
  fi
  [ -d "$DIR" ] || mkdir -p "$DIR" || die "$DIR is gone and cannot be made again."
  # Without room the recording goes on, also after the command of run.
  unguard
  need_space "$INSTANCE"
  guard
  mark stopped
  put "$INSTANCE/tracing_on" 0
  collect "$INSTANCE"
  unguard
  remove_all || COLLECTED=no
  [ "$COLLECTED" = yes ] || die "saved in part only in $DIR: no room left? The recording has ended."
  say "saved in $DIR"
}

collect() {
  COLLECTED=yes
  save_losses "$1" || COLLECTED=no
  save_trace "$1" || COLLECTED=no
  save_log || COLLECTED=no
  save_config_space lspci-after.txt || COLLECTED=no
  save_topology topology-after.txt || COLLECTED=no
  printf 'complete=%s\n' "$COLLECTED" >>"$DIR/manifest.txt" || COLLECTED=no
}

pack() {
  OUTPUT=${OUTPUT:-$DIR.tar}
  members=
  for member in $MEMBERS; do
    [ ! -f "$DIR/$member" ] || members="$members $member"
  done
  [ -n "$members" ] || die "$DIR has nothing that was recorded."
  command -v tar >/dev/null 2>&1 || die "no tar here. Copy $DIR to another machine and pack it there: tar -cf bundle.tar -C DIR ."
  # Through a pipe, because tar takes a colon in a name for that of another machine.
  # shellcheck disable=SC2086
  if ! { tar -cf - -C "$DIR" $members >"$OUTPUT.part"; } 2>/dev/null || ! mv "$OUTPUT.part" "$OUTPUT"; then
    rm -f "$OUTPUT.part"
    die "cannot write $OUTPUT: no room left? The files are in $DIR."
  fi
  say "bundle: $OUTPUT. Judge it with: atscope analyze $OUTPUT"
}

bundle() {
  if [ "$BOOT" = yes ]; then
    need_tracefs
    new_directory
    CLOCK=$(sed -n 's/.*\[\(.*\)\].*/\1/p' "$TRACEFS/trace_clock" 2>/dev/null)
    describe
    while read -r head symbol text; do
      name=${head#*/}
      record installed "${head%%[0-9:]*}" "$name" "$symbol" boot "$text"
    done <"$TRACEFS/kprobe_events"
    DAT=no
    collect "$TRACEFS"
    [ "$COLLECTED" = yes ] || die "saved in part only in $DIR: no room left?"
  elif [ -n "$ARGUMENT" ]; then
    DIR=$(cd "$ARGUMENT" 2>/dev/null && pwd) || die "there is no directory $ARGUMENT."
  else
    stop
  fi
  pack
}

run() {
  [ $# -gt 0 ] || misused "run needs a command: atscope-capture run -- COMMAND"
  start
  CHILD=
  SIGNAL=0
  trap 'SIGNAL=129; interrupt' HUP
  trap 'SIGNAL=130; interrupt' INT
  trap 'SIGNAL=143; interrupt' TERM
  # In the background, so that a signal is answered at once; its input stays what it was.
  exec 3<&0
  "$@" <&3 3<&- &
  CHILD=$!
  [ "$SIGNAL" = 0 ] || interrupt
  wait "$CHILD"
  status=$?
  while kill -0 "$CHILD" 2>/dev/null; do
    wait "$CHILD"
    status=$?
  done
  exec 3<&-
  [ "$SIGNAL" = 0 ] || status=$SIGNAL
  stop
  pack
  exit "$status"
}

interrupt() { [ -z "$CHILD" ] || kill -TERM "$CHILD" 2>/dev/null; }

status() {
  load_state || {
    say "nothing is being recorded."
    [ ! -d "$INSTANCE" ] || say "but an earlier capture left probes; remove them: atscope-capture stop --discard"
    exit 1
  }
  printf 'recording into %s\nclock %s, ' "$DIR" "$CLOCK"
  [ "$(read_line "$INSTANCE/tracing_on")" = 1 ] && printf 'on\n' || printf 'stopped, at a WARN or by hand\n'
  printf '%s installed, %s refused, %s not in this kernel, %s left out\n' \
    "$(count_of installed)" "$(count_of refused)" "$(count_of missing)" "$(count_of off)"
  grep -E '^(refused|missing)\|' "$DIR/probes.txt" | while IFS='|' read -r fate _ name _ _ why; do
    printf '  %s %s: %s\n' "$fate" "$name" "$why"
  done
  entries=0 lost=0
  for stats in "$INSTANCE"/per_cpu/cpu*/stats; do
    [ -r "$stats" ] || continue
    while IFS=: read -r key value; do
      case $key in
        entries) entries=$((entries + value)) ;;
        overrun | 'commit overrun' | 'dropped events') lost=$((lost + value)) ;;
      esac
    done <"$stats"
  done
  printf '%s events in the buffers, %s lost\n' "$entries" "$lost"
  [ "$lost" = 0 ] || printf 'A recording with losses is hard to judge: begin again with --light or a larger --buffer-kb.\n'
}

boot() {
  used=$(read_line "$ROOT/proc/cmdline")
  room=$((2047 - ${#used} - 1))
  rows=boot_rows_by_position
  if [ -e "$ROOT/sys/kernel/btf/vmlinux" ]; then
    if kernel_is_from 6 9; then
      rows=boot_rows_by_name
    elif kernel_is_from 6 6; then
      rows=boot_rows_by_name_in_entries
    fi
  fi
  line=
  while read -r definition; do
    next="kprobe_event=${line}${line:+;}$definition $BOOT_SETTINGS"
    [ "${#next}" -gt "$room" ] || line="$line${line:+;}$definition"
  done <<EOT
$($rows)
EOT
  [ -n "$line" ] || die "the kernel command line has ${#used} bytes already; no probe fits into the 2047 it may have."
  printf 'kprobe_event=%s %s\n' "$line" "$BOOT_SETTINGS"
  say "add this to the kernel command line (it fits beside the ${#used} bytes there now), boot, then: atscope-capture bundle --boot"
}

list() {
  printf 'group       event\n'
  probe_rows | while IFS='|' read -r group type name symbol _; do
    printf '%-11s %s on %s()\n' "$group" "$([ "$type" = p ] && echo entry || echo return)" "$symbol"
  done
  event_rows | while IFS='|' read -r group system name _; do printf '%-11s trace event %s:%s\n' "$group" "$system" "$name"; done
}

main() {
  [ $# -gt 0 ] || {
    usage >&2
    exit 2
  }
  command=$1
  shift
  case $command in
    -h | --help | help)
      usage
      exit 0
      ;;
    --version)
      printf 'atscope-capture %s\n' "$VERSION"
      exit 0
      ;;
    start | stop | status | bundle | boot | list | run) parse_options "$@" ;;
    *) misused "there is no command $command" ;;
  esac
  if [ "$command" = run ]; then
    shift "$USED"
    run "$@"
  elif [ -n "$ARGUMENT" ] && [ "$command" != bundle ]; then
    misused "$command takes no argument: $ARGUMENT"
  else
    "$command"
  fi
}

main "$@"
