import Balancing
import Names

/// What a container's labels state of its share of the requests.
struct ContainerShare {
    static let labels = ["berth.weight", "berth.drain", "berth.down", "berth.backup", "berth.max_conns"]

    var weight: UInt16 = 1
    var state = EndpointSettings.AdministrativeState.up
    var isBackup = false
    var maxConnections: Int32?

    init(_ facts: ContainerFacts) throws(ContainerNaming.Unserved) {
        let last = Int(UInt16.max)
        if let value = try Self.number("berth.weight", in: 0...last, of: facts) { weight = UInt16(value) }
        let drains = try ContainerNaming.flag("berth.drain", of: facts) ?? false
        let isDown = try ContainerNaming.flag("berth.down", of: facts) ?? false
        guard !drains || !isDown else {
            throw ContainerNaming.Unserved(
                isProblem: true,
                reason: "it has both labels berth.drain and berth.down; it is either down or it drains"
            )
        }
        state = isDown ? .down : drains ? .drain : .up
        isBackup = try ContainerNaming.flag("berth.backup", of: facts) ?? false
        maxConnections = try Self.number("berth.max_conns", in: NamedAddress.maxConnectionsRange, of: facts)
            .map { Int32($0) }
    }

    /// Nil if the container has no such label.
    private static func number(
        _ label: String,
        in range: ClosedRange<Int>,
        of facts: ContainerFacts
    ) throws(ContainerNaming.Unserved) -> Int? {
        guard let text = facts.labels[label] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw ContainerNaming.Unserved(
                isProblem: true,
                reason:
                    "the label \(label) must be from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return value
    }
}
