/** What is noted of a function from one event to the next. */
const NOTES = [
  'answer',
  'answerEvent',
  'beliefTags',
  'bracketDepth',
  'bracketEvent',
  'detach',
  'domainTags',
  'enableFailed',
  'failedProbe',
  'failedProbeUsed',
  'fault',
  'invalidated',
  'pasidCleared',
  'prepareFailedInProbe',
  'prepareShift',
  'required',
  'stuLost',
] as const;

/** The notes by name. Numbers, because they are looked up at every call. */
export const NOTE = Object.fromEntries(NOTES.map((name, number) => [name, number])) as Readonly<
  Record<(typeof NOTES)[number], number>
>;
