/** Writes the kernelspec; returns the folder that JUPYTER_PATH must name. */
export function writeKernelspec(root: string): string;
