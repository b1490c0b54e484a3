import { z } from 'zod';

/** What Kubernetes defines and checks itself: the chart hands it on as it is. */
export function kubernetesObject() {
  return z.record(z.string(), z.unknown());
}

/** A list of the same. */
export function kubernetesList() {
  return z.array(z.record(z.string(), z.unknown()));
}

/** Labels or annotations: text to text. */
export function labels() {
  return z.record(z.string(), z.string());
}

/** The name of an object: RFC 1123 subdomain, as Kubernetes has it for namespaces and Secrets of ours. */
export function objectName() {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
}

const image = {
  repository: z.string().min(1).optional().describe('Image without tag and digest.'),
  tag: z.union([z.string(), z.number()]).optional().describe('Tag; default: the version of the chart.'),
  digest: z
    .string()
    .regex(/^(sha256:[a-f0-9]{64})?$/)
    .optional()
    .describe('sha256:…; wins over the tag. Set it in production.'),
};

export const ImageSchema = z.strictObject(image);

export const PullPolicySchema = z.enum(['Always', 'IfNotPresent', 'Never']);

export const ResourcesSchema = z.strictObject({
  limits: kubernetesObject().optional().describe('Most that a container gets.'),
  requests: kubernetesObject().optional().describe('What the scheduler sets aside.'),
  claims: kubernetesList().optional().describe('Resource claims, as in Kubernetes.'),
});

/** Connaisseur 3 took a key here; the chart says what to do instead. */
export const TlsSchema = z.strictObject({
  cert: z.string().optional().describe('Not taken any more: see kubernetes.certificates.'),
  key: z.string().optional().describe('Not taken any more: a private key does not belong into values.'),
});

export const AutoscalingSchema = z.strictObject({
  enabled: z.boolean().optional().describe('Let a HorizontalPodAutoscaler set the number of replicas.'),
  minReplicas: z.int().min(2).optional().describe('Fewest replicas; never less than two.'),
  maxReplicas: z.int().min(2).optional().describe('Most replicas.'),
  targetCPUUtilizationPercentage: z.int().min(1).max(100).optional().describe('CPU use that it aims at.'),
});

/** Where pods go and what they carry; the same for every component. */
export const placement = {
  nodeSelector: labels().optional().describe('Labels of nodes that may run it.'),
  tolerations: kubernetesList().optional().describe('Taints that it bears.'),
  affinity: kubernetesObject().optional().describe('Affinity, as in Kubernetes.'),
  topologySpreadConstraints: kubernetesList()
    .optional()
    .describe('Spread; default: over zones, and over hosts as far as there are hosts.'),
  podLabels: labels().optional().describe('Labels for the pods. Never part of a selector.'),
  annotations: labels().optional().describe('Annotations for the Deployment.'),
  podAnnotations: labels().optional().describe('Annotations for the pods.'),
  resources: ResourcesSchema.optional().describe(
    'Requests and limits; the heap is sized from the memory limit.',
  ),
};

/** Where packets come from or go to: `ipBlock`, `podSelector`, `namespaceSelector`. */
export const PeersSchema = kubernetesList();
