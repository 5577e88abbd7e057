import { address, type Entry, flag, number, text } from './entry.js';

const endpoint = (name: string, what: string): Entry[] => [
  address(`${name}.ip`, `${what} address`),
  number(`${name}.port`, `${what} port`),
  flag(`${name}.is_public`, `The ${what.toLowerCase()} address is public`),
];

/** A packet's network and transport headers. */
export const networkFields: readonly Entry[] = [
  text('device.ifname', 'Name of the network interface'),
  number('device.ifindex', 'Index of the network interface'),
  number('device.netns', 'Network namespace of the interface'),
  number('l3_protocol', 'Network layer protocol'),
  number('l4_protocol', 'Transport layer protocol'),
  number('network_direction', 'Ingress or egress'),
  number('size', 'Size of the packet in bytes'),
  number('type', 'Type of the packet'),
  ...endpoint('source', 'Source'),
  ...endpoint('destination', 'Destination'),
];

/** The address of a socket call. */
export const socketAddressFields: readonly Entry[] = [
  number('addr.family', 'Address family'),
  address('addr.ip', 'Address'),
  number('addr.port', 'Port'),
  flag('addr.is_public', 'The address is public'),
];

export const hostnames: Entry = text('addr.hostname', 'Host names seen in DNS answers with this address', {
  array: true,
  foldCase: true,
  length: true,
});

/** One observed flow of `network_flow_monitor.flows`. */
export const flowFields: readonly Entry[] = [
  ...endpoint('source', 'Source'),
  ...endpoint('destination', 'Destination'),
  number('l3_protocol', 'Network layer protocol'),
  number('l4_protocol', 'Transport layer protocol'),
  number('ingress.data_size', 'Bytes received'),
  number('ingress.packet_count', 'Packets received'),
  number('egress.data_size', 'Bytes sent'),
  number('egress.packet_count', 'Packets sent'),
];

export const flowMonitorFields: readonly Entry[] = [
  text('device.ifname', 'Name of the network interface'),
  number('device.netns', 'Network namespace of the interface'),
  number('flows_count', 'Number of flows'),
];

export const dnsFields: readonly Entry[] = [
  number('id', 'Id of the DNS request'),
  text('question.name', 'Name that is asked for', { foldCase: true, length: true }),
  number('question.type', 'Record type that is asked for'),
  number('question.class', 'Record class that is asked for'),
  number('question.size', 'Size of the request in bytes'),
  number('question.length', 'Size of the request in bytes'),
  number('question.count', 'Number of questions'),
  number('response.code', 'Code of the answer'),
];

export const imdsFields: readonly Entry[] = [
  text('type', 'Request or response'),
  text('url', 'Path that is asked for'),
  text('host', 'Host header'),
  text('user_agent', 'User agent'),
  text('server', 'Server header of the answer'),
  text('cloud_provider', 'Cloud provider'),
  flag('aws.is_imds_v2', 'Uses IMDSv2'),
  text('aws.security_credentials.type', 'Type of the credentials'),
];

export const packetFields: readonly Entry[] = [
  text('filter', 'Filter in pcap syntax'),
  number('tls.version', 'TLS version'),
  ...networkFields,
];
