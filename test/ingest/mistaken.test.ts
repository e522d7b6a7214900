import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../ingest/detect.ts';
import { MemorySource } from '../../ingest/source.ts';

function messageFor(text: string): string {
  try {
    const { format } = detectFormat(new MemorySource('file', Buffer.from(text, 'latin1')));
    return `taken as ${format.id}`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a file that lies next to the recording is named, with what to give instead', () => {
  test.each([
    [
      'hist',
      /histogram/,
      '# event histogram\n#\n# trigger info: hist:keys=common_pid:vals=hitcount\n#\n\n{ common_pid: 50 } hitcount: 1\n',
    ],
    ['trigger', /trigger file/, '# Available triggers:\n# traceon traceoff snapshot stacktrace hist\n'],
    [
      'trace_stat',
      /function profile/,
      '  Function                               Hit    Time            Avg             s^2\n  --------                               ---    ----            ---             ---\n  pci_enable_ats                           5    12.3 us         2.4 us          0.1 us    \n',
    ],
    [
      'stack_trace',
      /stack tracer/,
      '        Depth    Size   Location    (41 entries)\n        -----    ----   --------\n  0)     4856      48   new_slab+0x1c/0x2e0\n',
    ],
    [
      'format',
      /format file/,
      'name: pci_enable_ats\nID: 1469\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n',
    ],
    [
      'kprobe_events',
      /probe definitions/,
      'p:ats/pci_enable_ats pci_enable_ats ps=ps\nr10:ats/pci_enable_ats_ret pci_enable_ats ret=$retval:s32\n',
    ],
    ['dynamic_events', /probe definitions/, 'f:fprobes/pci_enable_ats__entry pci_enable_ats dev=dev\n'],
    ['kprobe_profile', /counters of probes/, '  pci_enable_ats                    5               0\n'],
    ['per_cpu/cpu0/stats', /ring buffer/, 'entries: 24\noverrun: 5\ncommit overrun: 0\nbytes: 2296\n'],
    ['kallsyms', /addresses of the kernel/, 'ffffffff81000000 T startup_64\nffffffff81000000 T _stext\n'],
    ['README', /README/, 'tracing mini-HOWTO:\n\n# echo 0 > tracing_on : quick way to disable tracing\n'],
    ['set_event', /list of events/, 'kprobes:pci_enable_ats\niommu:add_device_to_group\n'],
    [
      'set_ftrace_filter',
      /list of functions/,
      'pci_enable_ats\npci_disable_ats\nvirtio_pci_probe [virtio_pci]\n',
    ],
    [
      'a list of functions of many devices',
      /list of functions/,
      'pci_enable_ats\npci_disable_ats\nvirtio_probe\nvtd_foo\nkvm_init\n'.repeat(20),
    ],
    ['available_tracers', /setting/, 'hwlat blk function_graph wakeup_dl function nop\n'],
    ['current_tracer', /setting/, 'nop\n'],
    ['trace_clock', /setting/, '[local] global counter uptime perf mono mono_raw boot tai x86-tsc\n'],
    ['trace_options', /setting/, 'noprint-parent\nnosym-offset\nsym-addr\nverbose\nraw\nhex\n'],
    ['saved_cmdlines', /saved_cmdlines/, '50 sh\n7 kworker/u8:0-ev\n'],
    [
      'what trace-cmd record prints',
      /trace-cmd record/,
      'CPU0 data recorded at offset=0x1e6000\n    0 bytes in size (0 uncompressed)\n',
    ],
    ['perf.data', /perf script/, `PERFILE2${'\0'.repeat(96)}`],
    ['perf trace', /perf script/, '     0.000 sh/50 probe:pci_enable_ats(__probe_ip: -2124363804, ps: 12)\n'],
    [
      'perf stat',
      /perf script/,
      "\n Performance counter stats for 'system wide':\n\n     5      probe:pci_enable_ats\n",
    ],
    ['bpftrace', /mapping file/, 'Attaching 2 probes...\npci_enable_ats ps=12 ret=0\n'],
    [
      'the option bin',
      /nobin/,
      `# tracer: nop\n#\n${'\x32\0\0\0\0\0\0\0\x8e\x28\x40\x52\x01\0\0\0'.repeat(4)}`,
    ],
  ] as const)('%s', (_, expected, text) => {
    const message = messageFor(text);
    expect(message).toMatch(/^file: no recording\. This is /);
    expect(message).toMatch(expected);
    expect(messageFor(text.replace(/\n/g, '\r\n'))).toBe(message);
  });

  test('what is not known is said to be so', () => {
    expect(messageFor('hello world\nthis is text\n')).toMatch(/no format known here/);
    expect(messageFor('1 2\n3 4\n')).toMatch(/no format known here/);
  });
});
