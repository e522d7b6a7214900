import {
  CLOCKS,
  EVIDENCE,
  FEATURES,
  FINDING_LINKS,
  FINDINGS,
  type QuotedRecord,
  type RecordedTables,
  rowsOf,
  type SOURCES,
  type Table,
  TableBuilder,
  VERDICT,
  VERDICT_REASONS,
} from '../tables/index.ts';
import type { Analysis } from './analysis.ts';
import { type Calls, pairCalls } from './calls.ts';
import { relateClocks } from './clocks.ts';
import { machineCoverage, ruleCoverage, ruleFunctions } from './coverage.ts';
import { divergencesTable } from './divergences.ts';
import { EventColumns } from './event-columns.ts';
import { RETURN, UNKNOWN } from './events.ts';
import {
  chooseProfile,
  FEATURE_DEFS,
  type FeatureName,
  Features,
  type Profile,
  type ProfileChoice,
} from './features.ts';
import type { Finding } from './findings.ts';
import { emptyGate } from './gate/apply.ts';
import { alignHardware, setApart } from './hardware/align.ts';
import { liftHardware } from './hardware/lift.ts';
import { KnownOffsets, type NamedOffset } from './hardware/offsets.ts';
import { hardwareReasons } from './hardware/reasons.ts';
import { isFunctionAddress } from './lift/arguments.ts';
import { liftAtsEvents } from './lift/ats-events.ts';
import { liftEventTables } from './lift/ftrace.ts';
import { liftLog } from './lift/log.ts';
import { liftLosses } from './lift/losses.ts';
import { liftListings } from './lift/lspci.ts';
import { attachWarns } from './log-alignment.ts';
import { nameDevices } from './naming.ts';
import { nameByCallAround } from './naming-by-call.ts';
import { watchOf } from './observation.ts';
import { type ClockRelation, mergeSources } from './order.ts';
import { Replay } from './replay/replay.ts';
import { scopeOf } from './scope.ts';
import { StoryTeller } from './story.ts';
import { endsOf, shareTasks, watchedBy } from './stretches.ts';
import { findTwins } from './twins.ts';
import { judge, type Verdict } from './verdict.ts';
import { WhatIf, whatIfTable } from './what-if.ts';

export interface AnalyzeOptions {
  /** Name and version of the program, for the verdict. */
  readonly tool: string;
  readonly gate: 'error' | 'warning';
  /** A feature profile that the user named; null lets the release string choose. */
  readonly profile: ProfileChoice | null;
  /** Offsets of ATS capabilities that the user named, for logs of the hardware that do not show them. */
  readonly atsCapabilities?: readonly NamedOffset[];
  /** Another kernel to compare with, call by call. */
  readonly under?: Profile | null;
  /** Gives the text of records as they stand in their sources. */
  quote(places: readonly QuotedRecord[]): Promise<readonly string[]>;
}

/** Replays a recording and judges it. */
export async function analyze(recorded: RecordedTables, options: AnalyzeOptions): Promise<Analysis> {
  const events = new EventColumns();
  liftLosses(recorded.losses, events);
  liftEventTables(recorded.events, events);
  liftAtsEvents(recorded.events, events);
  liftLog(recorded.logRecords, recorded.splats, recorded.splatFrames, events);

  nameDevices(
    events,
    rowsOf(recorded.sources).map((row) => row.source),
  );
  const known = new KnownOffsets(
    recorded.configAccesses,
    recorded.simulatorEvents,
    recorded.pciFunctions,
    events,
    options.atsCapabilities ?? [],
  );
  liftHardware(recorded.configAccesses, recorded.simulatorEvents, known, events);
  const listings = liftListings(recorded.pciFunctions, events);

  const hardware = alignHardware(
    recorded.sources,
    events,
    recorded.configAccesses,
    known,
    relateClocks(recorded.sources, events, findTwins(recorded.sources, events)),
  );
  setApart(events, hardware.apart);
  const { relations } = hardware;
  const apart = new Set(hardware.apart.map(({ source }) => source));
  const watched = watchedBy(rowsOf(recorded.sources), relations, apart);
  shareTasks(watched, events);
  const order = mergeSources(events, relations);
  const calls = pairCalls(events, order.rows);
  nameByCallAround(events, calls);
  attachWarns(events, calls, order.time, relations);

  const features = new Features(
    options.profile ?? chooseProfile(releaseOf(recorded.sources)),
    options.profile !== null,
  );
  const whatIf = options.under ? new WhatIf(options.under, features) : null;
  const replay = new Replay({
    events,
    order,
    features,
    calls,
    hardware,
    imageAddress: imageAddressOf(recorded.events),
    whatIf,
    watch: watchOf(recorded.sources, recorded.probes),
    ends: endsOf(rowsOf(recorded.sources), relations, watched),
    watched,
    listings:
      listings.functions.length === 0
        ? null
        : { listings, relations, paths: rowsOf(recorded.sources).map((row) => row.path) },
  }).run();
  const findings = replay.collector.finish(replay.topology, (event) =>
    event < 0 ? -1 : order.positions[event],
  );
  const teller = new StoryTeller(events, order, calls, replay);
  const verdict = judge(
    findings,
    replay,
    recorded.sources,
    recorded.losses,
    options.gate,
    scopeOf(recorded.sources, events, order, relations, replay),
    hardwareReasons(recorded.sources, recorded.configAccesses, events, hardware),
  );

  const { sources, importLog, losses, probes, logRecords, splats, splatFrames } = recorded;
  const { pciFunctions, configAccesses, simulatorEvents } = recorded;
  return {
    sources,
    importLog,
    losses,
    probes,
    logRecords,
    splats,
    splatFrames,
    pciFunctions,
    configAccesses,
    simulatorEvents,
    events: recorded.events,
    ...teller.tell(),
    clocks: clocksTable(recorded.sources, relations),
    divergences: divergencesTable(replay, order, findings, events.kind),
    findings: findingsTable(findings, events, teller),
    findingLinks: linksTable(findings),
    evidence: await evidenceTable(findings, events, calls, teller, options),
    ruleCoverage: ruleCoverage(replay, findings, features),
    ruleFunctions: ruleFunctions(replay),
    machineCoverage: machineCoverage(replay),
    ...emptyGate(),
    whatIf: whatIfTable(
      whatIf,
      findings,
      (fn) => teller.functionAt(fn).address,
      (event) => (event < 0 ? -1 : teller.positionOf[event]),
      (event) => teller.timeOf(event),
    ),
    features: featuresTable(features, teller),
    ...verdictTables(verdict, features, options.tool),
  };
}

function releaseOf(sources: Table<typeof SOURCES>): string | null {
  return rowsOf(sources).find((row) => row.kernel_release !== null)?.kernel_release ?? null;
}

/** An address of a probed function, which lies in the kernel image; trace-cmd prints nothing else. */
function imageAddressOf(tables: readonly Table[]): bigint | null {
  for (const table of tables) {
    const column = table.columns.find((candidate) => candidate.def.name === 'address');
    const text = column?.dictionary?.[0];
    if (text && /^(0x)?[0-9a-f]{8,16}$/i.test(text))
      return BigInt(text.startsWith('0x') ? text : `0x${text}`);
  }
  return null;
}

function clocksTable(
  sources: Table<typeof SOURCES>,
  relations: readonly ClockRelation[],
): Table<typeof CLOCKS> {
  const builder = new TableBuilder(CLOCKS);
  const clocks = rowsOf(sources).map((row) => row.clock);
  for (const relation of relations) {
    builder.append({
      source: relation.source,
      clock: clocks[relation.source],
      relation: relation.relation,
      offset_ns: relation.offsetNs,
      drift_ppb: typeof relation.driftPpb === 'number' ? BigInt(relation.driftPpb) : null,
      residual_ns: relation.residualNs,
      matches: relation.matches,
      method: relation.method,
    });
  }
  return builder.finish();
}

function findingsTable(
  findings: readonly Finding[],
  events: EventColumns,
  teller: StoryTeller,
): Table<typeof FINDINGS> {
  const builder = new TableBuilder(FINDINGS);
  for (const finding of findings) {
    const { fn, event, since } = finding;
    const pf = fn && fn.pf >= 0 ? teller.functionAt(fn.pf).address : null;
    builder.append({
      finding: finding.id,
      rule: finding.rule,
      name: finding.name,
      severity: finding.severity,
      // A device that only a pointer stands for has no name to give.
      function: fn && isFunctionAddress(fn.address) ? fn.address : null,
      fn: fn?.fn ?? null,
      pf,
      generation: fn?.generation ?? null,
      time_ns: teller.timeOf(event),
      since_ns: since >= 0 && since !== event ? teller.timeOf(since) : null,
      event: event >= 0 ? teller.positionOf[event] : null,
      source: event >= 0 ? events.source[event] : null,
      message: finding.message,
      expected: finding.expected,
      observed: finding.observed,
      signature: finding.signature,
    });
  }
  return builder.finish();
}

function linksTable(findings: readonly Finding[]): Table<typeof FINDING_LINKS> {
  const builder = new TableBuilder(FINDING_LINKS);
  for (const finding of findings) {
    for (const cause of finding.causes) builder.append({ cause: cause.id, consequence: finding.id });
  }
  return builder.finish();
}

/** Where a device is known by a pointer only, the event that names it belongs to the evidence. */
function withNames(evidence: Finding['evidence'], events: EventColumns, calls: Calls): Finding['evidence'] {
  const namedBy = (event: number) => {
    if (event < 0) return UNKNOWN;
    // A return that prints no device is about the device of its entry.
    const enter = events.phase[event] === RETURN ? calls.enter[calls.callOf[event]] : -1;
    return events.namedBy[events.device[event] < 0 && enter >= 0 ? enter : event];
  };
  const naming = new Set(evidence.map(({ event }) => namedBy(event)).filter((row) => row >= 0));
  return [...evidence, ...[...naming].map((event) => ({ role: 'names the device', event }))];
}

async function evidenceTable(
  findings: readonly Finding[],
  events: EventColumns,
  calls: Calls,
  teller: StoryTeller,
  options: AnalyzeOptions,
): Promise<Table<typeof EVIDENCE>> {
  const rows = findings.flatMap((finding) => {
    const seen = new Set<number>();
    const items = withNames(finding.evidence, events, calls).filter(
      (item) => item.event >= 0 && !seen.has(item.event) && seen.add(item.event),
    );
    items.sort((a, b) => teller.positionOf[a.event] - teller.positionOf[b.event]);
    return items.map((item, position) => ({ finding: finding.id, position, ...item }));
  });
  const texts = await options.quote(
    rows.map(({ event }) => ({
      source: events.source[event],
      seq: events.seq[event],
      offset: events.offsetOf(event),
      length: events.recordLength[event],
      timeNs: events.timeOf(event),
      comm: events.nameOf(events.comm[event]),
    })),
  );
  const builder = new TableBuilder(EVIDENCE);
  rows.forEach(({ finding, position, role, event }, i) => {
    builder.append({
      finding,
      position,
      role,
      event: teller.positionOf[event],
      source: events.source[event],
      line: events.line[event] === UNKNOWN ? null : events.line[event],
      offset: BigInt(events.offsetOf(event)),
      time_ns: events.timeOf(event),
      text: texts[i],
    });
  });
  return builder.finish();
}

function featuresTable(features: Features, teller: StoryTeller): Table<typeof FEATURES> {
  const builder = new TableBuilder(FEATURES);
  for (const [name, doc] of Object.entries(FEATURE_DEFS)) {
    const correction = features.corrections.findLast((candidate) => candidate.feature === name);
    const value = features.get(name as FeatureName);
    builder.append({
      feature: name,
      value: value === null ? 'unknown' : value ? 'yes' : 'no',
      origin: correction ? 'observed' : features.forced ? 'option' : 'profile',
      event: correction ? teller.positionOf[correction.event] : null,
      doc: correction ? `${doc} Observed: ${correction.why}.` : doc,
    });
  }
  return builder.finish();
}

function verdictTables(verdict: Verdict, features: Features, tool: string) {
  const { profile, why } = features.choice;
  const row = new TableBuilder(VERDICT);
  row.append({
    verdict: verdict.verdict,
    gate: verdict.gate,
    sentence: verdict.sentence,
    profile: profile ? `${profile.id} (${why})` : null,
    tool,
  });
  const reasons = new TableBuilder(VERDICT_REASONS);
  verdict.reasons.forEach((reason, position) => {
    reasons.append({ position, ...reason });
  });
  const { settle } = features.choice;
  if (settle !== undefined) {
    reasons.append({
      position: verdict.reasons.length,
      code: 'kernel-unknown',
      decisive: false,
      reason: `The behaviour of this kernel is not known beforehand: ${why}.`,
      settle,
    });
  }
  return { verdict: row.finish(), verdictReasons: reasons.finish() };
}
