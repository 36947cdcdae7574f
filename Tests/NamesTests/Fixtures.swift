import NIOCore
import Routing

@testable import Names

/// 10.0.0.n
func address(_ last: UInt32, port: UInt16? = nil, identity: String? = nil) -> NamedAddress {
    NamedAddress(address: IPAddress(v4: 0x0A00_0000 + last), port: port, identity: identity)
}

func at(_ seconds: Double) -> NIODeadline {
    .uptimeNanoseconds(1_000_000_000_000) + .nanoseconds(Int64(seconds * 1e9))
}
