/** A Jupyter, by the Python that it lives in. */
export interface Jupyter {
  python: string;
  /** Name and version, as in 'JupyterLab 4.6.6'. */
  name: string;
  nbclient: string | null;
  /** Too old for the course. */
  old: boolean;
}

export interface Found {
  jupyter: Jupyter | null;
  /** What is there but too old. */
  old: Jupyter | null;
}

/** The Jupyter that is there already; for `tests` with nbclient beside. */
export function findJupyter(
  root: string,
  options?: { env?: NodeJS.ProcessEnv; tests?: boolean },
): Found;

/** What the .venv of the project is. */
export function venvState(
  root: string,
): 'absent' | 'complete' | 'old' | 'unfinished' | 'foreign';
