#!/bin/sh
# The last step of the GitHub action: a link to the report, and the exit code of the verdict.
set -eu

if [ -n "${ATSCOPE_URL:-}" ]; then
  echo "Report: $ATSCOPE_URL"
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    printf '\n[Open the report](%s)\n' "$ATSCOPE_URL" >>"$GITHUB_STEP_SUMMARY"
  fi
fi
# Without an exit code the step that judges did not end.
exit "${ATSCOPE_EXIT:-70}"
