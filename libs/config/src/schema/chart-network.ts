import { z } from 'zod';

import { labels, PeersSchema } from './chart-parts.js';

const Cidrs = z.array(z.string().regex(/^[0-9a-fA-F.:]+\/[0-9]{1,3}$/));
const Ports = z.array(z.int().min(1).max(65_535));

export const NetworkPolicySchema = z.strictObject({
  enabled: z.boolean().optional().describe('Deny all traffic of this namespace but what is needed.'),
  apiServer: z
    .strictObject({
      cidrs: Cidrs.optional().describe('Addresses of the API server; empty: any address.'),
      ports: Ports.optional().describe('Ports of the API server, behind its Service too.'),
    })
    .optional()
    .describe('Who may call the webhooks, and where the API is.'),
  registries: z
    .strictObject({
      cidrs: Cidrs.optional().describe('Addresses of registries, notary servers and logs.'),
      except: Cidrs.optional().describe('Addresses that are never theirs, such as cloud metadata.'),
      ports: Ports.optional().describe('Ports; those that the policy and the registries name are added.'),
      inCluster: PeersSchema.optional().describe('Registries in this cluster, as NetworkPolicy peers.'),
    })
    .optional()
    .describe('What verifiers, and gateways when the bus is silent, reach.'),
  receivers: z
    .strictObject({
      cidrs: Cidrs.optional().describe('Addresses of alert receivers.'),
      ports: Ports.optional().describe('Ports; those that receiver URLs name are added.'),
      inCluster: PeersSchema.optional().describe('Receivers in this cluster, as NetworkPolicy peers.'),
    })
    .optional()
    .describe('What alerting reaches.'),
  redis: z
    .strictObject({
      to: PeersSchema.optional().describe('Peers of an external Redis; empty: any address.'),
      ports: Ports.optional().describe('Ports of an external Redis, Sentinel and Cluster nodes.'),
    })
    .optional()
    .describe('Where an external Redis is.'),
  metrics: z
    .strictObject({ from: PeersSchema.optional().describe('Who may scrape port 5080.') })
    .optional()
    .describe('Who may read the metrics.'),
  dns: z
    .strictObject({ to: PeersSchema.optional().describe('Where DNS is; empty: port 53 of any address.') })
    .optional()
    .describe('Name resolution.'),
});

export const MonitoringSchema = z.strictObject({
  serviceMonitor: z
    .strictObject({
      enabled: z.boolean().optional().describe('Make a ServiceMonitor for the Prometheus operator.'),
      interval: z.string().optional().describe('How often it scrapes.'),
      labels: labels().optional().describe('Labels that your Prometheus selects by.'),
    })
    .optional()
    .describe('Scraping.'),
  prometheusRule: z
    .strictObject({
      enabled: z.boolean().optional().describe('Make a PrometheusRule with the alerts of this project.'),
      labels: labels().optional().describe('Labels that your Prometheus selects by.'),
    })
    .optional()
    .describe('Rules.'),
  dashboard: z
    .strictObject({
      enabled: z.boolean().optional().describe('Make a ConfigMap with the Grafana dashboard.'),
      labels: labels().optional().describe('Labels that Grafana’s sidecar selects by.'),
    })
    .optional()
    .describe('Dashboard.'),
});
