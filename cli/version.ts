import packageJson from '../package.json' with { type: 'json' };

export const VERSION: string = packageJson.version;
/** Name and version, as reports give it. */
export const TOOL = `atscope ${VERSION}`;
