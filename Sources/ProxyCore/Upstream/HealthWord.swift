package import Balancing
package import NIOCore

/// An endpoint's health in 32 bits: 0 is an endpoint that is well.
struct HealthWord {
    let rawValue: UInt32
    private static let full: UInt32 = 0xFFFF

    init(_ rawValue: UInt32) { self.rawValue = rawValue }

    init(_ health: EndpointHealth, now: MonotonicTime) {
        let missing = UInt32((1 - health.share(now: now)) * Double(Self.full))
        rawValue = health.flags(now: now).rawValue & Self.full | missing << 16
    }

    var flags: HealthFlags { HealthFlags(rawValue: rawValue & Self.full) }
    var share: Double { 1 - Double(rawValue >> 16) / Double(Self.full) }
}

extension MonotonicTime {
    package init(_ deadline: NIODeadline) {
        self.init(nanoseconds: deadline.uptimeNanoseconds)
    }
}
