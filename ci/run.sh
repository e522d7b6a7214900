#!/bin/sh
# Judges recordings in a CI job and leaves everything in one directory. The recipes for GitHub and GitLab beside this file
# call it; any other CI service can, too.
#
# Everything is given in the environment, because names of files with blanks survive there:
#   ATSCOPE_INPUTS        recordings of one boot, one a line; patterns with * are expanded (needed)
#   ATSCOPE_OUT           directory to write (atscope-report)
#   ATSCOPE_NAME          name of the page, without .html (atscope-report)
#   ATSCOPE_FORMATS       forms to write (html,json,markdown,junit)
#   ATSCOPE_FAIL_ON       error, warning or never (error)
#   ATSCOPE_STRICT        true: an inconclusive verdict fails too (false)
#   ATSCOPE_BASELINE      findings.json of an earlier run; where there is no such file, there is no baseline
#   ATSCOPE_GATE          new or any (new with a baseline, else any)
#   ATSCOPE_SUPPRESSIONS  file of suppressions
#   ATSCOPE_ARGS          further options, separated by blanks
#   ATSCOPE               the program (bin/atscope beside this directory)
#
# Exits as "atscope analyze" does: 0, 1 findings, 2 usage, 3 input, 4 inconclusive with ATSCOPE_STRICT.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=${ATSCOPE:-$here/../bin/atscope}
out=${ATSCOPE_OUT:-atscope-report}
name=${ATSCOPE_NAME:-atscope-report}
formats=${ATSCOPE_FORMATS:-html,json,markdown,junit}

case $name in
'' | */* | .*)
  echo "atscope: ATSCOPE_NAME '$name': expected a plain file name." >&2
  exit 2
  ;;
esac

# The page and the JSON are written whatever else is asked for: the page is for people, the JSON is the next baseline.
for form in html json; do
  case ,$formats, in
  *,$form,*) ;;
  *) formats=$formats,$form ;;
  esac
done

set -f
set --
# Options have no blanks in them, except in names of files, which have variables of their own.
# shellcheck disable=SC2086
[ -z "${ATSCOPE_ARGS:-}" ] || set -- ${ATSCOPE_ARGS}
set +f
newline='
'
oldifs=$IFS
IFS=$newline
for pattern in ${ATSCOPE_INPUTS:-}; do
  # Blanks around a name come from the indentation of YAML.
  pattern=$(printf '%s' "$pattern" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
  [ -n "$pattern" ] || continue
  # A pattern that matches nothing stands for itself, and the program says that there is no such file.
  for file in $pattern; do set -- "$@" "$file"; done
done
IFS=$oldifs
if [ -z "$(printf '%s' "${ATSCOPE_INPUTS:-}" | tr -d '[:space:]')" ]; then
  echo "atscope: no inputs; set ATSCOPE_INPUTS, e.g. to trace.txt and dmesg.txt, one a line." >&2
  exit 2
fi

set -- "$@" --out "$out" --format "$formats" --fail-on "${ATSCOPE_FAIL_ON:-error}"
[ "${ATSCOPE_STRICT:-false}" != true ] || set -- "$@" --strict
if [ -n "${ATSCOPE_BASELINE:-}" ]; then
  if [ -f "$ATSCOPE_BASELINE" ]; then
    set -- "$@" --baseline "$ATSCOPE_BASELINE"
    [ -z "${ATSCOPE_GATE:-}" ] || set -- "$@" --gate "$ATSCOPE_GATE"
  else
    echo "atscope: no baseline at $ATSCOPE_BASELINE yet: every finding counts." >&2
  fi
elif [ -n "${ATSCOPE_GATE:-}" ]; then
  set -- "$@" --gate "$ATSCOPE_GATE"
fi
[ -z "${ATSCOPE_SUPPRESSIONS:-}" ] || set -- "$@" --suppressions "$ATSCOPE_SUPPRESSIONS"

status=0
"$program" analyze "$@" || status=$?

# Artifacts of several jobs of one run must not have one name.
if [ "$name" != report ] && [ -f "$out/report.html" ]; then mv -- "$out/report.html" "$out/$name.html"; fi
exit "$status"
