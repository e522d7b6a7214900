#!/bin/sh
# atscope-capture @VERSION@: records what `atscope analyze` needs, on a machine that has only a shell.
#
# It makes a tracefs instance and probes of its own, records into them, and removes them again. It changes no setting
# that it did not make. This file is put together by capture/generate.ts from capture/script/ and the list of probes.

set -u
umask 077
LC_ALL=C
export LC_ALL

VERSION='@VERSION@'
GROUP=atscope
# Another root, for machines mounted elsewhere and for tests.
ROOT=${ATSCOPE_ROOT:-}

# Empty: as much as is sensible for the number of CPUs.
BUFFER_KB=
CLOCK=mono
WITHOUT=,
OFFSETS=
OFFSETS_FROM=option
DIR=
OUTPUT=
STOP_AT_WARN=no
DISCARD=no
CONFIG_SPACE=yes
DAT=no
BOOT=no

usage() {
  cat <<'EOT'
atscope-capture records what the kernel does with PCIe Address Translation Services (ATS).

  atscope-capture run [OPTIONS] -- COMMAND    record while a command runs, then make a bundle
  atscope-capture start [OPTIONS]             begin to record
  atscope-capture status                      what is recorded, what was refused, what was lost
  atscope-capture stop [--discard]            end, save into the directory, remove every trace of it
  atscope-capture bundle [DIR] [-o FILE]      the same, then pack the directory into one tar
  atscope-capture bundle --boot [-o FILE]     pack what probes from the kernel command line recorded
  atscope-capture boot                        print those parameters for the kernel command line
  atscope-capture list                        print every probe with its group

Options of start and run:
  --buffer-kb N     size of the buffer of each CPU in KiB (8192; less on machines with more than 32 CPUs)
  --clock CLOCK     clock of the recording: mono, boot, local, global, ... (mono)
  --light           the same as --without read,invalidate: for machines under load
  --without LIST    leave out groups, as `list` names them
  --offsets LIST    dev=N,ats_cap=N,ats_stu=N: places in struct pci_dev for kernels without BTF arguments (before 6.6);
                    without it pahole is asked where it is installed, else the place of the name (dev) is looked for
  --stop-at-warn    stop recording at the first kernel WARN
  --no-config       do not read config space before and after
  --dir DIR         where to save; it must not exist yet (./atscope-TIME)
  -o FILE           with run: the bundle (DIR.tar)
  --dat             save trace.dat with trace-cmd instead of text

Overhead: about a microsecond for each recorded call. Calls of ATS, resets and SR-IOV are rare. Accesses to extended
config space and invalidations of device translation caches can be frequent: --light leaves them out. The buffers take
--buffer-kb for each CPU while it records. Then: atscope analyze BUNDLE.tar, on any machine.
EOT
}

say() { printf 'atscope-capture: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

misused() {
  say "$*"
  say "atscope-capture --help shows the commands"
  exit 2
}

is_number() {
  case $1 in
    '' | *[!0-9]*) return 1 ;;
  esac
}

# Reads options into the variables above. What it does not know is left in ARGUMENT, or counted in USED for run.
parse_options() {
  ARGUMENT=
  USED=0
  while [ $# -gt 0 ]; do
    case $1 in
      --buffer-kb | --clock | --without | --offsets | --dir | -o)
        [ $# -ge 2 ] || misused "$1 needs a value"
        set_option "$1" "$2"
        shift 2
        USED=$((USED + 2))
        continue
        ;;
      --light) WITHOUT="${WITHOUT}read,invalidate," ;;
      --stop-at-warn) STOP_AT_WARN=yes ;;
      --no-config) CONFIG_SPACE=no ;;
      --dat) DAT=yes ;;
      --discard) DISCARD=yes ;;
      --boot) BOOT=yes ;;
      --)
        USED=$((USED + 1))
        return
        ;;
      -*) misused "there is no option $1" ;;
      *)
        [ -z "$ARGUMENT" ] || misused "one argument too many: $1"
        ARGUMENT=$1
        ;;
    esac
    shift
    USED=$((USED + 1))
  done
}

set_option() {
  case $1 in
    --buffer-kb)
      is_number "$2" || misused "--buffer-kb $2: expected a number of KiB"
      BUFFER_KB=$2
      ;;
    --clock) CLOCK=$2 ;;
    --without)
      check_groups "$2"
      WITHOUT="$WITHOUT$2,"
      ;;
    --offsets) OFFSETS=$2 ;;
    --dir) DIR=$2 ;;
    -o) OUTPUT=$2 ;;
  esac
}

check_groups() {
  rest=$1,
  while [ -n "$rest" ]; do
    case ",$GROUPS_KNOWN," in
      *",${rest%%,*},"*) ;;
      *) misused "--without ${rest%%,*}: there is no such group; there are $GROUPS_KNOWN" ;;
    esac
    rest=${rest#*,}
  done
}

# True when a group is to be recorded.
wanted() {
  case $WITHOUT in
    *",$1,"*) return 1 ;;
  esac
}
