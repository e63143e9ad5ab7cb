/** Counted over all peers, also those that are gone: metrics read them on demand. */
export class ClusterCounters {
  /** Frames with messages sent to, and received from, other nodes. */
  messagesOut = 0;
  messagesIn = 0;
  bytesOut = 0;
  bytesIn = 0;
  envelopesOut = 0;
  envelopesIn = 0;
  /** Envelopes sent again, received twice, and gaps. */
  retransmitted = 0;
  repeated = 0;
  gaps = 0;
  /** Links that restarted because a node had lost its state. */
  resets = 0;
  /** Times a link made no progress for the stall timeout. */
  stalls = 0;
  /** Messages dropped with a link, or not sent over a stalled link. */
  messagesLost = 0;
  /** Snapshots requested because a replica differed. */
  resyncs = 0;
  /** Nodes lost without an announcement. */
  peersLost = 0;
  /** Times that the carrier lost its connection. */
  outages = 0;
  /** Frames and announcements that were not understood. */
  unknownFrames = 0;
  /** Announcements of nodes without a common version. */
  incompatiblePeers = 0;
}
