import { kindMask, UNKNOWN } from '../events.ts';
import { CORE_EN } from '../state.ts';
import { NOTE } from './notes.ts';
import type { Rule } from './rule.ts';

/** `domain->type` (include/linux/iommu.h): 0 blocked, 4 identity, the rest translate. */
const BLOCKED = 0;
const ATTACH = kindMask('iommu.attach');

export const ACCOUNTING_RULES: readonly Rule[] = [
  {
    id: 'ATS038',
    name: 'required-device-without-ats',
    severity: 'warning',
    layers: ['core', 'drv'],
    condition: 'A function that must have ATS on is attached to a paging or identity domain, and ATS is off.',
    versions: '7.2 and later. SMMUv3 keeps it on; VT-d and AMD never ask.',
    meaning: 'A CXL.cache device cannot reach host memory.',
    fix: 'Attach it to a domain in which the driver enables ATS; find why the enable failed.',
    needs: [['ats.required'], ['iommu.attach'], ['ats.enable', 'ats.supported']],
    causes: ['ATS003', 'ATS004', 'ATS009', 'ATS040'],
    references: ['drivers/pci/ats.c pci_ats_required()', 'CXL 3.2.5.13'],
    calls: ['ats.required', 'iommu.attach'],
    onCall(context, done) {
      if (done.kind === 'ats.required') {
        if (done.result !== UNKNOWN)
          context.remember(done.fn.fn, NOTE.required, done.result === 1 ? done.event : UNKNOWN);
        return;
      }
      if (done.enter < 0 || done.result !== 0) return;
      if (context.enclosing(done.call, ATTACH) >= 0) return;
      const { fn, pf } = done;
      const own = context.recall(fn.fn, NOTE.required);
      const required = own !== UNKNOWN ? own : pf ? context.recall(pf.fn, NOTE.required) : UNKNOWN;
      if (required === UNKNOWN) return;
      const type = context.value(done.enter, 'domainType');
      const on = context.state.get(fn.fn, CORE_EN);
      if (type === UNKNOWN || on === UNKNOWN)
        return context.undecided('the type of the domain or the state of ATS is unknown');
      if (type === BLOCKED || on === 1) return context.passed();
      context.fire('ATS038', {
        fn: fn.fn,
        event: done.event,
        message: `${fn.address} must have ATS on, and is attached to ${type === 4 ? 'the identity domain' : 'a paging domain'} with ATS off.`,
        expected: 'ATS on in every domain but the blocked one.',
        observed: 'ats_enabled = 0 after the attach.',
        evidence: [
          { role: 'ATS is required', event: required },
          ...context.because(fn.fn, CORE_EN, 'ATS is off'),
          { role: 'the attach', event: done.event },
        ],
      });
    },
  },
  {
    id: 'ATS039',
    name: 'driver-count-imbalance',
    severity: 'warning',
    layers: ['drv'],
    condition:
      'The users that VT-d counts for a device-TLB cache tag differ from the assigns and unassigns seen since the function appeared.',
    versions:
      'VT-d 6.12 and later. On SMMUv3 of 7.2 the counter is dead; on 6.x it gates every invalidation but is not printed.',
    meaning:
      'A domain thinks it has more or fewer ATS users than it has: invalidations too many, or missing.',
    fix: 'Pair every count with the success of enable.',
    needs: [['cachetag.assign'], ['cachetag.unassign'], ['device.add']],
    references: ['drivers/iommu/intel/cache.c cache_tag_assign()'],
    points: ['cachetag.assign', 'cachetag.unassign'],
    onPoint(context, kind, fn, event) {
      if (!fn || context.value(event, 'index') !== 1) return;
      const printed = context.value(event, 'value');
      if (!fn.startSeen || printed === UNKNOWN)
        return context.undecided('the function appeared before the recording');
      const domain = context.value(event, 'where');
      const before = context.recallOf(fn.fn, NOTE.domainTags, domain);
      const known = before === UNKNOWN ? 0 : before;
      const expected = kind === 'cachetag.assign' ? known + 1 : known;
      context.rememberOf(fn.fn, NOTE.domainTags, domain, kind === 'cachetag.assign' ? printed : printed - 1);
      if (printed === expected) return context.passed();
      // Fewer than were registered, where nobody records how they go; more, where nobody records how they come.
      if (!context.wasRecorded(printed < expected ? 'cachetag.unassign' : 'cachetag.assign'))
        return context.undecided('assigns and unassigns of cache tags are not both recorded');
      context.fire('ATS039', {
        fn: fn.fn,
        event,
        message: `VT-d counts ${printed} users of the device-TLB tag of ${fn.address} in domain ${context.value(event, 'where')}; ${expected} were registered.`,
        expected: `${expected} users.`,
        observed: `${printed} users.`,
        evidence: [{ role: 'the count', event }],
        key: `${expected}!=${printed}`,
      });
    },
  },
];
