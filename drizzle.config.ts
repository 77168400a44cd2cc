import type { Config } from 'drizzle-kit';

const config: Config = { dialect: 'sqlite', schema: './db/schema.ts', out: './db/migrations' };
// drizzle-kit reads the default export.
export { config as default };
