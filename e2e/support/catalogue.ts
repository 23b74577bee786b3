// What the relay says of its own behaviours.

export interface Setting {
  name: string;
  group: string;
  value: string | null;
  choices: string[] | null;
  example: string;
  what: string;
  while_open: boolean;
}

export interface Fault {
  name: string;
  what: string;
  rfc: number;
  section: string;
  legal: boolean;
}

export interface Preset {
  name: string;
  title: string;
  query: string;
  what: string;
}

export interface Catalogue {
  settings: Setting[];
  faults: Fault[];
  presets: Preset[];
}

export async function catalogue(relay: string): Promise<Catalogue> {
  return (await (await fetch(`${relay}/api/behaviours`)).json()) as Catalogue;
}
