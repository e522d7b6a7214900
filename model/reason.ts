/** Why a verdict is limited, and what would settle it. */
export interface Reason {
  readonly code: string;
  readonly decisive: boolean;
  readonly reason: string;
  readonly settle: string;
}

/** Names in a sentence: the first six, and how many more. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 6);
  return names.length > 6
    ? `${shown.join(', ')} and ${names.length - 6} more`
    : [shown.slice(0, -1).join(', '), shown.at(-1)].filter(Boolean).join(' and ');
}
