# --- probes ----------------------------------------------------------------------------------------------------------

offset_of() {
  case ",$OFFSETS," in
    *",$1="*) ;;
    *) return 1 ;;
  esac
  value=",$OFFSETS,"
  value=${value#*",$1="}
  printf '%s\n' "${value%%,*}"
}

# Offsets for kernels that take no arguments by name: of pahole, which reads the kernel's BTF, or by looking.
find_offsets() {
  if [ -z "$OFFSETS" ]; then
    if append "$TRACEFS/kprobe_events" "p:$GROUP/look pci_user_read_config_dword bdf=dev->dev.kobj.name:string"; then
      append "$TRACEFS/kprobe_events" "-:$GROUP/look"
      return 0
    fi
    ask_pahole
    [ -n "$OFFSETS" ] || look_for_name
  fi
  [ -z "$OFFSETS" ] || printf 'offsets=%s\noffsets_from=%s\n' "${OFFSETS%,}" "$OFFSETS_FROM" >>"$DIR/manifest.txt"
}

ask_pahole() {
  command -v pahole >/dev/null 2>&1 || return 0
  OFFSETS_FROM=pahole
  OFFSETS=$(pahole -C pci_dev 2>/dev/null |
    sed -n 's/^[[:space:]]*[a-z0-9_ ]*[[:space:]]\(dev\|ats_cap\|ats_stu\);[[:space:]]*\/\*[[:space:]]*\([0-9]*\)[[:space:]].*/\1=\2/p' |
    tr '\n' ',')
}

# Finds where struct pci_dev has the name of its device. One probe prints the text behind each place that can hold a
# pointer; reading the first bytes of config space, as every lspci does, makes it print. The first place that shows the
# names of two devices is the one.
look_for_name() {
  places='' at=64
  while [ "$at" -le 512 ]; do
    places="$places p$at=+0(+$at(\$arg1)):string"
    at=$((at + 8))
  done
  append "$TRACEFS/kprobe_events" "p:$GROUP/look pci_user_read_config_dword$places" || return 0
  if put "$INSTANCE/events/$GROUP/look/enable" 1 && put "$INSTANCE/tracing_on" 1; then
    first='' second=''
    for device in "$ROOT"/sys/bus/pci/devices/*; do
      [ -r "$device/config" ] || continue
      dd if="$device/config" of=/dev/null bs=4 count=1 2>/dev/null
      first=$second
      second=" $(tr ' ' '\n' <"$INSTANCE/trace" | sed -n "s/^p\\([0-9]*\\)=\"${device##*/}\"\$/\\1/p" | tr '\n' ' ') "
      [ "$first" = '' ] || break
    done
    for place in $first; do
      case $second in
        *" $place "*)
          OFFSETS=dev=$place
          OFFSETS_FROM=looking
          break
          ;;
      esac
    done
  fi
  put "$INSTANCE/tracing_on" 0
  put "$INSTANCE/events/$GROUP/look/enable" 0
  append "$TRACEFS/kprobe_events" "-:$GROUP/look"
  # Writing anything empties the buffer and its counters.
  put "$INSTANCE/trace" ''
}

# Puts offsets that the user gave in the place of @NAME@; false when one is missing.
fill_offsets() {
  text=$1
  while :; do
    case $text in
      *@*@*) ;;
      *) break ;;
    esac
    rest=${text#*@}
    value=$(offset_of "${rest%%@*}") || return 1
    text=${text%%@*}$value${rest#*@}
  done
  printf '%s\n' "$text"
}

# Which of the probed functions this kernel has, in SYMBOLS; empty when it does not tell.
find_symbols() {
  SYMBOLS=
  [ -r "$ROOT/proc/kallsyms" ] || return 0
  probe_rows | cut -d'|' -f4 | sort -u >"$STATE/names"
  # Modules' symbols carry the module behind a tab.
  SYMBOLS=$(cut -d' ' -f3 "$ROOT/proc/kallsyms" | cut -f1 | grep -xF -f "$STATE/names" | tr '\n' ' ')
  rm -f "$STATE/names"
}

has_symbol() {
  [ -n "$SYMBOLS" ] || return 0
  case " $SYMBOLS" in
    *" $1 "*) return 0 ;;
  esac
  return 1
}

# Why the kernel refused the last definition of an event, in its own words where it gives some, in WHY.
find_reason() {
  WHY='the kernel gives no reason'
  error=
  [ -r "$TRACEFS/error_log" ] || return 0
  while read -r line; do
    case $line in
      *error:*) error=${line##*error: } ;;
      Command:*"$GROUP/$1 "*) WHY=$error ;;
    esac
  done <"$TRACEFS/error_log"
}

# One line of probes.txt: what became of a probe, kind (p entry, r return, e trace event), event, function, level, text.
record() { printf '%s|%s|%s|%s|%s|%s\n' "$@" >>"$DIR/probes.txt"; }

# Offers the kernel one definition after the other, from the richest to the barest, and takes the first it accepts.
install_probe() {
  type=$1 name=$2 symbol=$3 offers=$4
  head=$type:$GROUP/$name
  [ "$type" = p ] || head=r10:$GROUP/$name
  tried=
  while [ -n "$offers" ]; do
    level=${offers%%:*}
    text=${offers#*:}
    text=${text%%;*}
    case $offers in
      *';'*) offers=${offers#*;} ;;
      *) offers= ;;
    esac
    case $text in
      *@*) text=$(fill_offsets "$text") || continue ;;
    esac
    if append "$TRACEFS/kprobe_events" "$head $symbol${text:+ $text}"; then
      record installed "$type" "$name" "$symbol" "$level" "$text${tried:+ (refused before: $tried)}"
      return 0
    fi
    find_reason "$name"
    tried="$tried${tried:+, }$level: $WHY"
  done
  record refused "$type" "$name" "$symbol" none "${tried:-no definition fits this kernel}"
  return 1
}

# Sets the filter of an event of the instance and lets it record.
enable_event() {
  event=$INSTANCE/events/$1
  if [ -n "$2" ]; then
    put "$event/filter" "$2" || return 1
  fi
  put "$event/enable" 1
}

# Whether a probe that is there already tells what another one would; in TELLER which. FUNCTION:device is a return that names
# its device.
find_teller() {
  for teller in $1; do
    case $INSTALLED in
      *" $teller "*) ;;
      *) continue ;;
    esac
    case $teller in
      *:device) TELLER='the return names the device' ;;
      *) TELLER="$teller() tells the same" ;;
    esac
    return 0
  done
  return 1
}

install_probes() {
  find_symbols
  find_offsets
  INSTALLED=' '
  while IFS='|' read -r group type name symbol without filter offers; do
    [ -n "$group" ] || continue
    if ! wanted "$group"; then
      record off "$type" "$name" "$symbol" none "left out with --without $group"
    elif ! has_symbol "$symbol"; then
      record missing "$type" "$name" "$symbol" none 'this kernel has no such function, or the compiler inlined it'
    elif find_teller "$without"; then
      record spared "$type" "$name" "$symbol" none "$TELLER"
    elif install_probe "$type" "$name" "$symbol" "$offers"; then
      if enable_event "$GROUP/$name" "$filter"; then
        INSTALLED="$INSTALLED$symbol "
        case $level in
          result | bare | pointer) ;;
          *) INSTALLED="$INSTALLED$symbol:device " ;;
        esac
      else
        append "$TRACEFS/kprobe_events" "-:$GROUP/$name"
        record refused "$type" "$name" "$symbol" none 'the kernel took the definition, but did not let it record'
      fi
    fi
  done <<EOT
$(probe_rows)
EOT
}

install_events() {
  while IFS='|' read -r group system name filter; do
    [ -n "$group" ] || continue
    if ! wanted "$group"; then
      record off e "$system:$name" - none "left out with --without $group"
    elif [ ! -d "$INSTANCE/events/$system/$name" ]; then
      record missing e "$system:$name" - none 'this kernel has no such trace event'
    elif enable_event "$system/$name" "$filter"; then
      record installed e "$system:$name" - full "$filter"
    else
      record refused e "$system:$name" - none 'the kernel did not let it record'
    fi
  done <<EOT
$(event_rows)
EOT
}

# A probe of the function behind every WARN, whose trigger turns this instance off and nothing else.
install_stop() {
  [ "$STOP_AT_WARN" = yes ] || return 0
  # Before, the trigger turned the main buffer off, which is not ours.
  kernel_is_from 5 18 || die "--stop-at-warn needs kernel 5.18 or later. Record without it."
  if append "$TRACEFS/kprobe_events" "p:$GROUP/stop_at_warn __warn" &&
    put "$INSTANCE/events/$GROUP/stop_at_warn/trigger" traceoff &&
    put "$INSTANCE/events/$GROUP/stop_at_warn/enable" 1; then
    record installed p stop_at_warn __warn bare 'traceoff at the first WARN'
  else
    find_reason stop_at_warn
    record refused p stop_at_warn __warn none "$WHY"
    die "--stop-at-warn: this kernel refuses a probe on __warn(). Record without it."
  fi
}

count_of() { grep -c "^$1|" "$DIR/probes.txt"; }
