import { z } from 'zod';

import { CertificatesSchema, PriorityClassSchema, WebhookSchema } from './chart-cluster.js';
import { MonitoringSchema, NetworkPolicySchema } from './chart-network.js';
import {
  AutoscalingSchema,
  ImageSchema,
  kubernetesObject,
  labels,
  placement,
  PullPolicySchema,
  ResourcesSchema,
  TlsSchema,
} from './chart-parts.js';
import { RedisSchema } from './chart-redis.js';

const replicasCount = z.int().min(1);

const DeploymentSchema = z.strictObject({
  image: ImageSchema.optional().describe('The one image of all components.'),
  pullPolicy: PullPolicySchema.optional().describe('When the image is pulled.'),
  replicasCount: replicasCount.optional().describe('Gateways; 1 means that a drain stops every deployment.'),
  imagePullSecrets: z
    .array(z.union([z.string(), kubernetesObject()]))
    .optional()
    .describe('Secrets for pulling our own images, for all components.'),
  securityContext: kubernetesObject().optional().describe('Security context of every container but Redis.'),
  podSecurityContext: kubernetesObject().optional().describe('Security context of every pod but Redis.'),
  tls: TlsSchema.optional().describe('Not taken any more: see kubernetes.certificates.'),
  envs: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('Environment of gateway, verifier and alerting, through a Secret.'),
  autoscaling: AutoscalingSchema.optional().describe('Autoscaling of gateways.'),
  terminationGracePeriodSeconds: z.int().min(20).max(300).optional().describe('Time to stop in order.'),
  preStopSeconds: z.int().min(1).max(60).optional().describe('Time for endpoints to forget a pod.'),
  journalSize: z.string().optional().describe('Room for decisions while Redis is down.'),
  ...placement,
});

const VerifierSchema = z.strictObject({
  replicasCount: replicasCount.optional().describe('Verifiers.'),
  autoscaling: AutoscalingSchema.optional().describe('Autoscaling of verifiers.'),
  ...placement,
});

const AlertingSchema = z.strictObject({
  replicasCount: replicasCount.optional().describe('Processes that deliver alerts.'),
  existingConfigSecret: z
    .string()
    .optional()
    .describe('Secret with `config.yaml` in place of the value `alerting`: no receiver URL in values.'),
  ...placement,
});

const KeeperSchema = z.strictObject(placement);

const PodDisruptionBudgetSchema = z.strictObject({
  minAvailable: z.union([z.int(), z.string()]).optional().describe('In place of maxUnavailable.'),
  maxUnavailable: z.union([z.int(), z.string()]).optional().describe('How many may be evicted at once.'),
});

const ServiceSchema = z.strictObject({
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).optional().describe('Kind of the Service.'),
  port: z.int().min(1).max(65_535).optional().describe('Port of the webhooks.'),
});

/** How it is deployed. Defaults are in the chart’s values.yaml; nothing outside the chart reads this. */
export const KubernetesSchema = z.strictObject({
  deployment: DeploymentSchema.optional().describe('Gateways, and what all components have in common.'),
  verifier: VerifierSchema.optional().describe('Verifiers.'),
  alerting: AlertingSchema.optional().describe('Alert delivery.'),
  keeper: KeeperSchema.optional().describe('The keeper of certificates and webhook configurations.'),
  installer: z
    .strictObject({
      resources: ResourcesSchema.optional().describe('Requests and limits of the hook Jobs.'),
      timeoutSeconds: z.int().min(30).max(3600).optional().describe('How long a hook Job may take.'),
    })
    .optional()
    .describe('The Jobs that prepare, arm and disarm.'),
  service: ServiceSchema.optional().describe('Service of the webhooks.'),
  serviceaccount: z
    .strictObject({
      annotations: labels()
        .optional()
        .describe('Annotations, such as a cloud role: for gateway and verifier.'),
    })
    .optional()
    .describe('ServiceAccounts of who talks to registries.'),
  webhook: WebhookSchema.optional().describe('The two webhook configurations.'),
  certificates: CertificatesSchema.optional().describe('Where the serving certificate comes from.'),
  redis: RedisSchema.optional().describe('Redis.'),
  networkPolicy: NetworkPolicySchema.optional().describe('NetworkPolicies.'),
  monitoring: MonitoringSchema.optional().describe('Prometheus and Grafana.'),
  priorityClass: PriorityClassSchema.optional().describe('Priority of our pods.'),
  podDisruptionBudget: PodDisruptionBudgetSchema.optional().describe(
    'Of gateways, verifiers and alerting each.',
  ),
  additionalLabels: labels().optional().describe('Labels for every object but pods.'),
  clusterId: z
    .string()
    .max(253)
    .optional()
    .describe('Name of this cluster on the bus; default: what `prepare` wrote, the UID of kube-system.'),
  extraObjects: z
    .array(z.union([z.string(), kubernetesObject()]))
    .optional()
    .describe('More objects for the release; text goes through `tpl`.'),
});
