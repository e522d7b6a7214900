import { PLAIN, type RuleCase } from './steps.ts';

export const TIMEOUTS_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS036',
    what: 'the log has a time-out with a requester id; near miss: another queue error',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 200\n',
      nearMiss:
        '[    1.000000] DMAR: VT-d detected Invalidation Queue Error: Reason f\n[    1.1] DMAR: Invalidation Time-out Error (ITE) cleared\n',
    },
  },
  {
    rule: 'ATS036',
    what: 'SID 0: the descriptor beside it names the device; near miss: the descriptor is no device-TLB one',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips:
        '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0\n[    1.000001] DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x20000000003, qw1 = 0x7ffffffffffff001\n',
      nearMiss:
        '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0\n[    1.000001] DMAR: QI HEAD: Invalidation Wait qw0 = 0x20000000025, qw1 = 0x100\n',
    },
  },
];
