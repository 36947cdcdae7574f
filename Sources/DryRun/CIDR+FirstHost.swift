import Routing

extension CIDR {
    /// The network's first address that a machine would have.
    var firstHost: IPAddress {
        var bytes = network.networkBytes
        if prefixLength < bytes.count * 8 - 1 { bytes[bytes.count - 1] |= 1 }
        return IPAddress(networkBytes: bytes) ?? network
    }
}
