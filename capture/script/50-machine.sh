# --- the machine -----------------------------------------------------------------------------------------------------

read_line() {
  line=
  [ ! -r "$1" ] || read -r line <"$1" || :
  printf '%s' "$line"
}

link_name() {
  [ -e "$1" ] || return 0
  target=$(readlink "$1")
  printf '%s' "${target##*/}"
}

# Rows of 16 bytes as `lspci -xxxx` prints them.
hex_rows() {
  if command -v od >/dev/null 2>&1; then
    od -A x -v -t x1 "$1" 2>/dev/null | sed -n 's/^0*\([0-9a-f]\{2,3\}\) \{1,\}\([0-9a-f ]*\)$/\1: \2/p'
  elif command -v hexdump >/dev/null 2>&1; then
    hexdump -v -e '"%02_ax:" 16/1 " %02x" "\n"' "$1" 2>/dev/null
  fi
}

# Every PCI function with its config space, in the form of `lspci -Dnn -k -xxxx`.
save_config_space() {
  [ "$CONFIG_SPACE" = yes ] || return 0
  for device in "$ROOT"/sys/bus/pci/devices/*; do
    [ -r "$device/config" ] || continue
    class=$(read_line "$device/class")
    class=${class#0x}
    vendor=$(read_line "$device/vendor")
    id=$(read_line "$device/device")
    printf '%s Class [%s]: Device [%s:%s]\n' "${device##*/}" "${class%??}" "${vendor#0x}" "${id#0x}"
    group=$(link_name "$device/iommu_group")
    [ -z "$group" ] || printf '\tIOMMU group: %s\n' "$group"
    driver=$(link_name "$device/driver")
    [ -z "$driver" ] || printf '\tKernel driver in use: %s\n' "$driver"
    hex_rows "$device/config"
    printf '\n'
  done >"$DIR/$1"
  [ -s "$DIR/$1" ] || rm -f "$DIR/$1"
}

# What the kernel knows of functions that config space does not tell: PF and VF links, groups, drivers, trust.
save_topology() {
  for device in "$ROOT"/sys/bus/pci/devices/*; do
    [ -e "$device" ] || continue
    printf 'function %s' "${device##*/}"
    for name in physfn iommu_group driver; do
      value=$(link_name "$device/$name")
      [ -z "$value" ] || printf ' %s=%s' "$name" "$value"
    done
    for name in removable untrusted sriov_numvfs reset_method; do
      value=$(read_line "$device/$name" | tr ' ' ',')
      [ -z "$value" ] || printf ' %s=%s' "$name" "$value"
    done
    for link in "$device"/virtfn*; do
      [ ! -e "$link" ] || printf ' %s=%s' "${link##*/}" "$(link_name "$link")"
    done
    printf '\n'
  done >"$DIR/$1"
}

save_log() {
  if command -v dmesg >/dev/null 2>&1; then
    dmesg -r >"$DIR/kmsg.txt" 2>/dev/null || dmesg >"$DIR/kmsg.txt" 2>/dev/null || :
  fi
  [ -s "$DIR/kmsg.txt" ] || rm -f "$DIR/kmsg.txt"
}

# Counters of losses: what each CPU's buffer lost, and how often a probe could not run.
save_losses() {
  {
    for stats in "$1"/per_cpu/cpu*/stats; do
      [ -r "$stats" ] || continue
      cpu=${stats%/stats}
      printf '%s' "${cpu##*/}"
      while IFS=: read -r key value; do
        case $key in
          entries | overrun | 'commit overrun' | 'dropped events')
            printf ' %s=%s' "$(printf '%s' "$key" | tr ' ' _)" "${value# }"
            ;;
        esac
      done <"$stats"
      printf '\n'
    done
    if [ -r "$TRACEFS/kprobe_profile" ]; then
      while read -r name hits misses; do
        [ ! -d "$1/events/$GROUP/$name" ] || [ "${misses:-0}" = 0 ] ||
          printf 'missed %s hits=%s misses=%s\n' "$name" "$hits" "$misses"
      done <"$TRACEFS/kprobe_profile"
    fi
  } >"$DIR/losses.txt"
}

save_trace() {
  if [ "$DAT" = yes ] && command -v trace-cmd >/dev/null 2>&1; then
    trace-cmd extract -B "$GROUP" -o "$DIR/trace.dat" >/dev/null 2>&1 && [ -s "$DIR/trace.dat" ] && return 0
    rm -f "$DIR/trace.dat"
    say "trace-cmd could not extract the recording; saving text"
  fi
  cat "$1/trace" >"$DIR/trace.txt"
}

# Whether the recording will fit where it is to be saved: text takes about three times the room of the buffer.
need_space() {
  bytes=0
  for stats in "$1"/per_cpu/cpu*/stats; do
    [ -r "$stats" ] || continue
    more=$(sed -n 's/^bytes: *\([0-9]*\).*/\1/p' "$stats")
    bytes=$((bytes + ${more:-0}))
  done
  wanted_kb=$((bytes * 3 / 1024 + 2048))
  # shellcheck disable=SC2046
  set -- $(df -Pk "$DIR" 2>/dev/null | sed -n '2p')
  free_kb=${4:-}
  is_number "$free_kb" || return 0
  [ "$free_kb" -ge "$wanted_kb" ] ||
    die "saving needs about $wanted_kb KiB and $DIR has $free_kb. It goes on recording: free some room and try again, or throw it away with stop --discard."
}
