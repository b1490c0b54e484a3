import { type ForeignObject, isForeignObject } from './foreign-json.js';
import type { ImageDrivers, ImageList, ImageSite, SiteFault, SiteId } from './image-sites.js';
import type { WorkloadKind } from './workload-kind.js';

/** Far above what a kubelet can run; a list that is longer is an attack on our time. */
export const MAX_SITES = 512;

export const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

type Read = { readonly sites: ImageSite[] } | { readonly fault: 'not-a-list' | 'too-many-sites' };

/** The pod spec of a workload, or undefined where something on the way to it is missing. */
export function podSpecOf(workload: WorkloadKind, object: ForeignObject): ForeignObject | undefined {
  let current: unknown = object;
  for (const key of workload.path) {
    if (!isForeignObject(current)) return undefined;
    current = current[key];
  }
  return isForeignObject(current) ? current : undefined;
}

/**
 * Every image that a pod of this spec would pull: the three container lists and image volumes, also where the API
 * server would refuse the list (ephemeral containers in a template), and inline volumes of drivers that pull images.
 */
export function readImages(workload: WorkloadKind, spec: ForeignObject, drivers: ImageDrivers): Read {
  const sites: ImageSite[] = [];
  const mayBeBlank = workload.kind !== 'Pod';
  for (const list of [...CONTAINER_LISTS, 'volumes'] as const) {
    const entries = spec[list];
    if (entries === undefined || entries === null) continue;
    if (!Array.isArray(entries)) return { fault: 'not-a-list' };
    const prefix = `${workload.pointer}/${list}/`;
    for (const [index, entry] of entries.entries()) {
      const found =
        list === 'volumes'
          ? volumeSites(entry, prefix + index, drivers)
          : [containerSite(entry, list, prefix + index)];
      for (const site of found) {
        if (mayBeBlank && isBlank(site)) continue;
        if (sites.length === MAX_SITES) return { fault: 'too-many-sites' };
        sites.push(site);
      }
    }
  }
  return { sites };
}

function containerSite(entry: unknown, list: ImageList, pointer: string): ImageSite {
  if (!isForeignObject(entry)) return faulty('not-an-object', list, undefined, pointer);
  return siteOf(entry['image'], list, nameOf(entry), `${pointer}/image`);
}

/** A volume has one source; where an object names two, both are judged. */
function volumeSites(entry: unknown, pointer: string, drivers: ImageDrivers): readonly ImageSite[] {
  if (!isForeignObject(entry)) return [faulty('not-an-object', 'volumes', undefined, pointer)];
  const { image, csi } = entry;
  const sites: ImageSite[] = [];
  if (image !== undefined) sites.push(imageVolumeSite(image, nameOf(entry), `${pointer}/image`));
  if (csi !== undefined && csi !== null && drivers.size > 0) {
    sites.push(...csiSites(csi, nameOf(entry), `${pointer}/csi`, drivers));
  }
  return sites;
}

function imageVolumeSite(image: unknown, name: string | undefined, pointer: string): ImageSite {
  if (!isForeignObject(image)) return faulty('not-an-object', 'volumes', name, pointer);
  return siteOf(image['reference'], 'volumes', name, `${pointer}/reference`);
}

/** K07. The attribute's name comes from the configuration, which lets in nothing that a pointer would have to escape. */
function csiSites(
  csi: unknown,
  name: string | undefined,
  pointer: string,
  drivers: ImageDrivers,
): readonly ImageSite[] {
  if (!isForeignObject(csi)) return [faulty('not-an-object', 'volumes', name, pointer)];
  const attribute = typeof csi['driver'] === 'string' ? drivers.get(csi['driver']) : undefined;
  if (attribute === undefined) return [];
  const attributes = csi['volumeAttributes'] ?? {};
  const place = `${pointer}/volumeAttributes`;
  if (!isForeignObject(attributes)) return [faulty('not-an-object', 'volumes', name, place)];
  return [siteOf(attributes[attribute], 'volumes', name, `${place}/${attribute}`)];
}

function siteOf(image: unknown, list: ImageList, name: string | undefined, pointer: string): ImageSite {
  if (image === undefined) return faulty('missing', list, name, pointer);
  if (typeof image !== 'string') return faulty('not-a-string', list, name, pointer);
  if (/^[ \t\r\n]*$/.test(image)) return faulty('blank', list, name, pointer);
  return { id: toId(pointer), list, name, image, fault: undefined };
}

function faulty(fault: SiteFault, list: ImageList, name: string | undefined, pointer: string): ImageSite {
  return { id: toId(pointer), list, name, image: undefined, fault };
}

/**
 * The API lets a template leave an image open, for a later webhook to fill in: there is nothing to judge yet, and the
 * pod that is made from it is judged with the image that it has then (K40). In a Pod it is a fault.
 */
function isBlank(site: ImageSite): boolean {
  return site.fault === 'missing' || site.fault === 'blank';
}

function nameOf(entry: ForeignObject): string | undefined {
  const name = entry['name'];
  return typeof name === 'string' ? name : undefined;
}

/** The one place where a site id comes from: a pointer that was just built. */
function toId(pointer: string): SiteId {
  return pointer as SiteId;
}
