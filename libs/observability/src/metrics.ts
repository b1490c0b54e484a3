import { Counter, Gauge, type Registry } from 'prom-client';

interface MetricShape<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: L[];
  /** Called before somebody reads it. */
  readonly collect?: () => void;
}

/** The counter of this name in the registry, made when it is first asked for: services in one process share it. */
export function counterIn<L extends string = never>(registry: Registry, shape: MetricShape<L>): Counter<L> {
  const known = registry.getSingleMetric(shape.name);
  return known instanceof Counter
    ? known
    : new Counter({ labelNames: [] as L[], ...shape, registers: [registry] });
}

/** The gauge of this name in the registry, made when it is first asked for. */
export function gaugeIn<L extends string = never>(registry: Registry, shape: MetricShape<L>): Gauge<L> {
  const known = registry.getSingleMetric(shape.name);
  return known instanceof Gauge
    ? known
    : new Gauge({ labelNames: [] as L[], ...shape, registers: [registry] });
}
