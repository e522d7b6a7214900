import type { EventColumns } from '../event-columns.ts';
import { KIND, kindMask, UNKNOWN } from '../events.ts';
import type { FunctionRecord } from '../topology.ts';

const DOWN = KIND['log.link_down'];
const BRIDGE = KIND['log.bridge'];
/** What is told of ports. */
export const PORT_KINDS = kindMask('log.link_down', 'log.link_up', 'log.bridge');
/** The interrupt thread of a hot-plug port: it removes what was behind the port whose link it saw go (drivers/pci/hotplug). */
const HOTPLUG_TASK = /pciehp/;

interface Port {
  readonly address: string;
  /** Event that showed its link to be down; -1 while it is up. */
  down: number;
  /** First and last bus behind it; UNKNOWN. */
  from: number;
  to: number;
}

/** Ports whose link is down. What is behind one of them is out of reach, whatever the kernel still believes of it. */
export class Links {
  private readonly events: EventColumns;
  private readonly ports = new Map<string, Port>();

  constructor(events: EventColumns) {
    this.events = events;
  }

  take({ address }: FunctionRecord, row: number): void {
    const kind = this.events.kind[row];
    const port = this.ports.get(address) ?? { address, down: -1, from: UNKNOWN, to: UNKNOWN };
    this.ports.set(address, port);
    if (kind === BRIDGE) {
      port.from = this.events.index[row];
      port.to = this.events.value[row];
    } else port.down = kind === DOWN ? row : -1;
  }

  /** Lost events: a link may be up again. What is behind a port stays. */
  forget(): void {
    for (const port of this.ports.values()) port.down = -1;
  }

  /**
   * The event that took the link to a function down, or -1.
   * @param event what happens to the function: where nothing tells which buses are behind a port, the task tells it.
   */
  downOf({ address }: FunctionRecord, event: number): number {
    const { events } = this;
    for (const port of this.ports.values()) {
      if (port.down < 0) continue;
      if (port.from !== UNKNOWN) {
        if (isBehind(port, address)) return port.down;
        continue;
      }
      const isTraced = events.pid[port.down] !== UNKNOWN && events.source[port.down] === events.source[event];
      if (isTraced) {
        if (events.pid[port.down] === events.pid[event]) return port.down;
      } else if (HOTPLUG_TASK.test(events.nameOf(events.comm[event]) ?? '')) return port.down;
    }
    return -1;
  }
}

function isBehind(port: Port, address: string): boolean {
  const [segment, bus] = address.split(':');
  const number = Number.parseInt(bus, 16);
  return segment === port.address.split(':')[0] && number >= port.from && number <= port.to;
}
