export * from './capture.ts';
export * from './catalog/index.ts';
export * from './columns.ts';
export * from './define.ts';
export * from './recorded.ts';
export * from './strings.ts';
export * from './table.ts';
export * from './time.ts';
