export type { Carrier, CarrierEvents } from './carrier.ts';
export { type MemoryCarrier, MemoryNetwork } from './carriers/memory-carrier.ts';
