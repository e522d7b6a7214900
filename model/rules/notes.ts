/** What is noted of a function from one event to the next; events where nothing else is said. */
const NOTES = {
  answer: 'the last answer of the support test',
  answerEvent: 'since when it is that',
  attached: 'its last attach to a domain begins',
  beliefTags: 'how many device-TLB cache tags VT-d holds for it',
  bracketDepth: 'how many reset brackets are open',
  bracketEvent: 'the last one opens',
  detach: 'the detach that switches ATS off begins',
  domainTags: 'how many users the tag of a domain has',
  enableFailed: 'an enable failed',
  failedProbe: 'the probe of its IOMMU driver failed',
  failedProbeUsed: 'the failed probe of which a use was reported',
  fault: 'the last fault',
  gone: 'config space reads as all ones',
  invalidated: 'the last invalidation since ATS went on',
  pasidCleared: 'a reset cleared PASID Control, and nobody has written it since',
  leaving: 'it is being removed',
  power: 'the kernel could not change its power state',
  prepareFailedInProbe: 'a prepare failed inside a probe that is under way',
  prepareShift: 'the page shift of the last prepare',
  removal: 'the last step of its removal so far',
  required: 'the core said that ATS must be on',
  stuLost:
    'a reset of a PF that was prepared and is not enabled: restore writes nothing, so its STU is what the reset left',
} as const;

/** The notes by name. Numbers, because they are looked up at every call. */
export const NOTE = Object.fromEntries(Object.keys(NOTES).map((name, number) => [name, number])) as Readonly<
  Record<keyof typeof NOTES, number>
>;
