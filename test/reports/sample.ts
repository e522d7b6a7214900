import type { Analysis } from '../../model/analysis.ts';
import { emptyGate } from '../../model/gate/apply.ts';
import {
  ATS_CALLS,
  ATS_EVENTS,
  type Cell,
  CLOCKS,
  CONFIG_ACCESSES,
  DIVERGENCES,
  EVIDENCE,
  eventTableDef,
  FEATURES,
  FINDING_LINKS,
  FINDINGS,
  FUNCTIONS,
  IMPORT_LOG,
  LOG_RECORDS,
  LOSSES,
  MACHINE_COVERAGE,
  PCI_FUNCTIONS,
  PROBES,
  type RowOf,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  SIMULATOR_EVENTS,
  SOURCES,
  SPLAT_FRAMES,
  SPLATS,
  STATE_INTERVALS,
  type Table,
  TableBuilder,
  type TableDef,
  TRANSITIONS,
  VERDICT,
  VERDICT_REASONS,
  WHAT_IF,
} from '../../tables/index.ts';

/** A finished table of these rows. */
export function tableOf<T extends TableDef>(def: T, rows: readonly RowOf<T>[]): Table<T> {
  const builder = new TableBuilder(def);
  for (const row of rows) builder.append(row);
  return builder.finish();
}

const PF = '0000:01:00.0';
const VFS = ['0000:01:00.1', '0000:01:00.2', '0000:01:00.3'];
const PLAIN_FUNCTION = '0000:02:00.0';

/** 25.5 s plus these microseconds. */
export function at(us: number): bigint {
  return 25_500_000_000n + BigInt(us) * 1000n;
}

function functionRow(
  fn: number,
  name: string,
  more: Partial<RowOf<typeof FUNCTIONS>> = {},
): RowOf<typeof FUNCTIONS> {
  return {
    fn,
    function: name,
    generation: 0,
    kind: 'function',
    pf: null,
    pf_fn: null,
    vf_index: null,
    ats_capability: 0x100,
    space: null,
    start_seen: false,
    first_ns: at(0),
    last_ns: at(2_500_000),
    events: 12,
    ...more,
  };
}

function interval(
  fn: number,
  lane: string,
  value: number | null,
  from: number,
  to: number,
): RowOf<typeof STATE_INTERVALS> {
  const [layer, field] = lane.split('.');
  return {
    fn,
    function: [PF, ...VFS, PLAIN_FUNCTION][fn],
    layer,
    field,
    value,
    from_ns: at(from),
    to_ns: at(to),
    from_event: from,
    to_event: null,
    origin: value === null ? 'lost' : 'call',
  };
}

export function findingRow(
  finding: number,
  more: Partial<RowOf<typeof FINDINGS>> = {},
): RowOf<typeof FINDINGS> {
  return {
    finding,
    rule: 'ATS003',
    name: 'vf-prepare-stu-mismatch',
    severity: 'error',
    function: VFS[1],
    fn: 2,
    pf: PF,
    generation: 0,
    time_ns: at(90_861),
    since_ns: at(-60_000),
    event: 17,
    source: 0,
    message: `The VF ${VFS[1]} is prepared for page shift 13 while its PF ${PF} has 12.`,
    expected: 'page shift 12, the Smallest Translation Unit in force on the PF',
    observed: 'pci_prepare_ats() asked for page shift 13 and returned 0',
    signature: `ATS003:${VFS[1]}:${finding}`,
    ...more,
  };
}

export function evidenceRow(
  finding: number,
  position: number,
  more: Partial<RowOf<typeof EVIDENCE>> = {},
): RowOf<typeof EVIDENCE> {
  return {
    finding,
    position,
    role: 'call',
    event: 17,
    source: 0,
    line: 59 + position,
    offset: 7000n + BigInt(position) * 150n,
    time_ns: at(90_847 + position),
    text: `              sh-150     [000] .....    25.590847: pci_prepare_ats: (pci_prepare_ats+0x4/0x70) ps=13 vf=1 pf=0 en=0 cap=0x100 stu=0 bdf="${VFS[1]}"`,
    ...more,
  };
}

export function sourceRow(source: number, more: Partial<RowOf<typeof SOURCES>> = {}): RowOf<typeof SOURCES> {
  return {
    source,
    path: 'captures/board-7/trace.txt',
    format: 'ftrace-text',
    detail: 'tracefs trace',
    bytes: 21_845n,
    records: 140n,
    record_bytes: 21_000n,
    continuation_bytes: 0n,
    marker_bytes: 60n,
    comment_bytes: 700n,
    unparsed_bytes: 85n,
    unparsed: 1n,
    clock: 'local',
    time_unit: 'ns',
    precision_ns: 1000n,
    first_ns: at(-80_000),
    last_ns: at(3_600_000),
    kernel_release: null,
    complete: true,
    taken: null,
    ...more,
  };
}

const RULES: readonly RowOf<typeof RULE_COVERAGE>[] = [
  ['ATS003', 'vf-prepare-stu-mismatch', 'evaluated', 3, 0, 1, ''],
  ['ATS004', 'vf-enable-stu-mismatch', 'evaluated', 3, 0, 1, ''],
  ['ATS015', 'disable-not-enabled', 'evaluated', 4, 1, 0, ''],
  [
    'ATS007',
    'vf-stu-field-nonzero',
    'not_evaluable',
    0,
    3,
    0,
    'No config reads in the recording. Record pci_read_config_word.',
  ],
  [
    'ATS030',
    'released-with-ats-on',
    'not_evaluable',
    0,
    3,
    0,
    'No config reads in the recording. Record pci_read_config_word.',
  ],
  [
    'ATS038',
    'required-device-without-ats',
    'not_applicable',
    0,
    0,
    0,
    'The kernel has no pci_ats_required().',
  ],
].map(([rule, name, status, evaluations, unknown, findings, why]) => ({
  rule: String(rule),
  name: String(name),
  status: String(status),
  evaluations: Number(evaluations),
  unknown: Number(unknown),
  findings: Number(findings),
  why: String(why),
}));

const COMMS = ['sh', 'kworker/0:1'];

/** Two trace events of one kind, with a field of its own. */
export function sampleEvents(): Table {
  const def = eventTableDef('pci_prepare_ats', 'kprobes', [
    { name: 'ps', type: 'i32', nullable: true, doc: 'Page shift.' },
  ]);
  const builder = new TableBuilder<TableDef>(def);
  for (const [seq, comm] of COMMS.entries()) {
    const row: Record<string, Cell> = {
      source: 0,
      seq,
      time_ns: at(seq),
      cpu: 0,
      pid: 150,
      comm,
      flags: '.....',
      symbol: 'pci_prepare_ats',
      caller: null,
      is_return: false,
      offset: 7000n,
      length: 150,
      line: 59 + seq,
      ps: seq === 0 ? 13 : null,
    };
    for (const [name, value] of Object.entries(row)) builder.column(name).push(value);
  }
  return builder.finish();
}

/** A capture in which a VF was prepared for another STU than its PF, and failed to enable ATS. */
export function sampleAnalysis(more: Partial<Analysis> = {}): Analysis {
  const vfs = VFS.map((name, index) =>
    functionRow(index + 1, name, { kind: 'vf', pf: PF, pf_fn: 0, vf_index: index, start_seen: true }),
  );
  return {
    verdict: tableOf(VERDICT, [
      {
        verdict: 'fail',
        gate: 'error',
        sentence: `2 errors: first, the VF ${VFS[1]} was prepared for another translation unit than its PF ${PF}.`,
        profile: '6.12-old',
        tool: 'atscope 0.1.0',
      },
    ]),
    divergences: tableOf(DIVERGENCES, []),
    whatIf: tableOf(WHAT_IF, []),
    machineCoverage: tableOf(MACHINE_COVERAGE, [
      {
        kind: 'vf',
        from_state: 'off',
        event: 'enable_refused',
        to_state: 'off',
        nature: 'refused',
        taken: 1,
      },
    ]),
    verdictReasons: tableOf(VERDICT_REASONS, [
      {
        position: 0,
        code: 'start-unseen',
        decisive: false,
        reason: `The recording starts after ${PF} was added: its early state is not known.`,
        settle: 'Record from boot, with the probes on the kernel command line.',
      },
    ]),
    sources: tableOf(SOURCES, [
      sourceRow(0),
      sourceRow(1, {
        path: 'captures/board-7/dmesg.txt',
        format: 'kernel-log',
        detail: 'dmesg',
        records: 512n,
        unparsed: 0n,
        unparsed_bytes: 0n,
        kernel_release: '6.12.107+deb12-amd64',
      }),
    ]),
    importLog: tableOf(IMPORT_LOG, [
      {
        source: 0,
        severity: 'warning',
        code: 'unparsed-line',
        offset: 900n,
        line: 14,
        count: 1,
        message: 'Expected an event, found `--- cut ---`.',
      },
    ]),
    losses: tableOf(LOSSES, [
      {
        source: 0,
        kind: 'lost',
        cpu: 1,
        count: 123n,
        seq: 40,
        from_ns: at(500_000),
        to_ns: at(600_000),
        offset: 12_000n,
        line: 88,
        message: 'CPU:1 [LOST 123 EVENTS]',
      },
    ]),
    clocks: tableOf(CLOCKS, [
      {
        source: 0,
        clock: 'local',
        relation: 'reference',
        offset_ns: 0n,
        drift_ppb: null,
        residual_ns: 0n,
        matches: 0,
        method: 'first',
      },
      {
        source: 1,
        clock: 'local',
        relation: 'aligned',
        offset_ns: -1200n,
        drift_ppb: null,
        residual_ns: 35_000n,
        matches: 3,
        method: 'WARN lines in both',
      },
    ]),
    logRecords: tableOf(LOG_RECORDS, []),
    splats: tableOf(SPLATS, []),
    splatFrames: tableOf(SPLAT_FRAMES, []),
    functions: tableOf(FUNCTIONS, [
      functionRow(0, PF, { kind: 'pf' }),
      ...vfs,
      functionRow(4, PLAIN_FUNCTION),
    ]),
    atsEvents: tableOf(ATS_EVENTS, [
      {
        event: 0,
        time_ns: at(90_847),
        kind: 'prepare',
        phase: 'enter',
        fn: 2,
        function: VFS[1],
        page_shift: 13,
        result: null,
        call: 0,
        cpu: 0,
        pid: 150,
        comm: 'sh',
        caller: 'intel_iommu_probe_device',
        source: 0,
        seq: 48,
        offset: 7000n,
        line: 59,
      },
    ]),
    atsCalls: tableOf(ATS_CALLS, []),
    transitions: tableOf(TRANSITIONS, []),
    stateIntervals: tableOf(STATE_INTERVALS, [
      interval(0, 'core.en', null, -80_000, 0),
      interval(0, 'core.en', 1, 0, 3_600_000),
      interval(0, 'core.stu', 12, 0, 3_600_000),
      interval(0, 'hw.en', 1, 0, 3_600_000),
      interval(0, 'hw.stu', 0, 0, 3_600_000),
      interval(1, 'core.en', 0, 62_000, 69_000),
      interval(1, 'core.en', 1, 69_000, 2_400_000),
      interval(1, 'core.en', 0, 2_400_000, 2_425_000),
      interval(1, 'hw.en', null, 62_000, 69_000),
      interval(1, 'hw.en', 1, 69_000, 2_400_000),
      interval(2, 'core.en', 0, 85_000, 2_461_000),
      interval(2, 'hw.en', null, 85_000, 500_000),
      interval(2, 'hw.en', 0, 500_000, 2_461_000),
      interval(3, 'core.en', 0, 110_000, 114_000),
      interval(3, 'core.en', 1, 114_000, 2_500_000),
      interval(3, 'hw.en', 1, 114_000, 2_500_000),
      interval(3, 'drv.en', 1, 114_000, 2_500_000),
      interval(4, 'core.en', null, -80_000, 3_600_000),
    ]),
    findings: tableOf(FINDINGS, [
      findingRow(0),
      findingRow(1, {
        rule: 'ATS004',
        name: 'vf-enable-stu-mismatch',
        time_ns: at(91_800),
        since_ns: at(90_861),
        message: `ATS could not be enabled on the VF ${VFS[1]}: it asked for page shift 13, its PF has 12.`,
        expected: 'pci_enable_ats() with the page shift of the PF, 12',
        observed: 'pci_enable_ats() with page shift 13 returned -22 (EINVAL)',
        signature: `ATS004:${VFS[1]}`,
      }),
      findingRow(2, {
        rule: 'ATS090',
        name: 'trace-incomplete',
        severity: 'note',
        function: PF,
        fn: 0,
        pf: null,
        since_ns: null,
        message: `The recording does not show ${PF} appear.`,
        signature: `ATS090:${PF}`,
      }),
      findingRow(3, {
        rule: 'ATS015',
        name: 'disable-not-enabled',
        severity: 'warning',
        function: null,
        fn: null,
        pf: null,
        generation: null,
        since_ns: null,
        source: 1,
        message:
          'pci_disable_ats() was called on a device without ATS; the WARN names no device (task sh, CPU 1).',
        expected: 'pci_disable_ats() only after pci_enable_ats() succeeded',
        observed: 'WARNING: CPU: 1 PID: 150 at drivers/pci/ats.c:128 pci_disable_ats+0x6a/0x80',
        signature: 'ATS015:unnamed:sh',
      }),
    ]),
    findingLinks: tableOf(FINDING_LINKS, [{ cause: 0, consequence: 1 }]),
    evidence: tableOf(EVIDENCE, [
      evidenceRow(0, 0, { role: 'STU of the PF', line: 31 }),
      evidenceRow(0, 1),
      evidenceRow(1, 0),
      evidenceRow(1, 1, { role: 'return' }),
      evidenceRow(3, 0, {
        role: 'WARN',
        source: 1,
        line: 411,
        text: '[   28.012] WARNING: CPU: 1 PID: 150 at drivers/pci/ats.c:128 pci_disable_ats+0x6a/0x80',
      }),
    ]),
    ruleCoverage: tableOf(RULE_COVERAGE, RULES),
    features: tableOf(FEATURES, [
      {
        feature: 'pf-aware',
        value: 'no',
        origin: 'profile',
        event: null,
        doc: 'A VF is supported only if its PF is.',
      },
      {
        feature: 'prepare-exists',
        value: 'yes',
        origin: 'observed',
        event: 0,
        doc: 'pci_prepare_ats() exists.',
      },
    ]),
    probes: tableOf(PROBES, []),
    pciFunctions: tableOf(PCI_FUNCTIONS, []),
    configAccesses: tableOf(CONFIG_ACCESSES, []),
    simulatorEvents: tableOf(SIMULATOR_EVENTS, []),
    ruleFunctions: tableOf(RULE_FUNCTIONS, []),
    ...emptyGate(),
    events: [sampleEvents()],
    ...more,
  };
}
