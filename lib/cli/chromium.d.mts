/** One line that says how to get Chromium. */
export const GET_CHROMIUM: string;

/** The browser's file, or null where there is none. */
export function findChromium(env?: NodeJS.ProcessEnv): string | null;
