import type * as Api from '@duckdb/node-api';

/**
 * The package, imported when first needed because that takes 0.1 s. In the bundle it is part of the program, as a module
 * whose names stand in its default export: Node reads 60 files and parses them twice to import it by itself, for 0.3 s.
 */
export async function duckdbApi(): Promise<typeof Api> {
  const module: object = await import('@duckdb/node-api');
  return ('DuckDBConnection' in module ? module : (module as { default: object }).default) as typeof Api;
}
