/** A function in a listing. */
export interface Listed {
  readonly address: string;
  /** ATS Control; `null` for a function without ATS, `undefined` for one whose register is not shown (`lspci -v`). */
  readonly control?: number | null;
  /** VFs that are there (VF Enable set); `undefined` for a function without SR-IOV. */
  readonly vfs?: number;
  readonly group?: number;
}

/** Writes what `lspci -D -vvv` prints of these functions, as far as ATS goes. */
export function listing(...functions: readonly Listed[]): string {
  return functions.map(block).join('\n');
}

function block({ address, control, vfs, group }: Listed): string {
  const lines = [`${address} Ethernet controller: Example Device (rev 01)`];
  if (group !== undefined) lines.push(`\tIOMMU group: ${group}`);
  if (control !== null) {
    lines.push('\tCapabilities: [100 v1] Address Translation Service (ATS)');
    if (control !== undefined) {
      const stu = String(control & 31).padStart(2, '0');
      lines.push(
        '\t\tATSCap:\tInvalidate Queue Depth: 00',
        `\t\tATSCtl:\tEnable${control & 0x8000 ? '+' : '-'}, Smallest Translation Unit: ${(control & 31).toString(16).padStart(stu.length, '0')}`,
      );
    }
  }
  if (vfs !== undefined) {
    lines.push(
      '\tCapabilities: [110 v1] Single Root I/O Virtualization (SR-IOV)',
      `\t\tIOVCtl:\tEnable${vfs > 0 ? '+' : '-'} Migration- Interrupt- MSE+ ARIHierarchy-`,
      `\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: ${vfs}, Function Dependency Link: 00`,
      '\t\tVF offset: 1, stride: 1, Device ID: 1041',
    );
  } else if (control === null) {
    lines.push('\tCapabilities: [150 v1] Device Serial Number 00-00-00-00-00-00-00-01');
  }
  lines.push('\tKernel driver in use: example');
  return `${lines.join('\n')}\n`;
}
