#!/bin/sh
# The step of the GitHub action that judges: annotations, step summary and outputs. It succeeds whatever the verdict is, so
# that the steps after it upload the report; the last step gives the job the exit code.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# A directory of this step only: another call of the action in the same job must not find the files of this one.
out=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/atscope.XXXXXX")
name=${ATSCOPE_NAME:-atscope-report}
status=0
ATSCOPE_OUT=$out ATSCOPE_FORMATS=${ATSCOPE_FORMATS:+$ATSCOPE_FORMATS,}html,json,github "$here/../run.sh" || status=$?

if [ -f "$out/github-annotations.txt" ]; then cat "$out/github-annotations.txt"; fi
if [ -f "$out/github-summary.md" ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$out/github-summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
# Second line and level of the file: a text in it could look like the field.
verdict=''
if [ -f "$out/findings.json" ]; then
  verdict=$(sed -n 's/^  "verdict": "\([a-z]*\)",$/\1/p' "$out/findings.json" | head -n 1)
fi
{
  echo "exit-code=$status"
  echo "verdict=$verdict"
  echo "directory=$out"
  if [ -f "$out/findings.json" ]; then echo "findings=$out/findings.json"; fi
  if [ -f "$out/$name.html" ]; then echo "report=$out/$name.html"; fi
} >>"${GITHUB_OUTPUT:-/dev/stdout}"
